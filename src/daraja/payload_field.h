/* What both payload parsers do with one field. */
#ifndef RISITI_SRC_DARAJA_PAYLOAD_FIELD_H
#define RISITI_SRC_DARAJA_PAYLOAD_FIELD_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/jread.h"
#include "risiti/base/str.h"

/* The longest text kept of each kind: what its column holds. */
#define CHECKOUT_ID_BYTES_MAX 64
#define RESULT_CODE_BYTES_MAX 32
#define RESULT_DESCRIPTION_BYTES_MAX 255
#define PAYER_BYTES_MAX 100
#define NAME_BYTES_MAX 191
#define ACCOUNT_REFERENCE_BYTES_MAX 64
#define FIELD_BYTES_MAX 64

/* The text or digits of a member, cleaned; empty when it is absent or of another type. */
struct str field_text(struct arena *arena, const struct jread *value, size_t bytes_max);
/* The instant of 14 digits in East Africa Time; 0 when absent or unreadable. */
int64_t field_time(const struct jread *value);
/* The outermost object of a body. ERR_SYNTAX, ERR_INVALID for another value, ERR_NOMEM. */
RISITI_CHECKED enum err field_root(struct arena *arena, struct str body,
                                   const struct jread **ret_root, const char **ret_why);

/*
 * Whether the texts above fitted into the arena: one that did not looks like an absent field, which
 * money must not be judged by.
 */
bool field_memory_sufficed(const struct arena *arena);

#endif
