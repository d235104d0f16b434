/* The bodies of STK calls: short code, password and timestamp are common to both. */
#ifndef RISITI_SRC_DARAJA_STK_BODY_H
#define RISITI_SRC_DARAJA_STK_BODY_H

#include "risiti/base/base.h"
#include "risiti/base/buffer.h"
#include "risiti/base/err.h"
#include "risiti/daraja/daraja.h"

/* At most this many characters reach the phone. */
#define DESCRIPTION_LENGTH_MAX 13
#define DESCRIPTION_SIZE (DESCRIPTION_LENGTH_MAX + 1)

/* The longest start of what is safe in `text`, or "Payment". Returns `buffer`. */
const char *stk_description(struct str text, char buffer[DESCRIPTION_SIZE]);
/*
 * Writes the body of a push or a query at `instant_us`. It holds the password, from which the
 * passkey can be read: wipe the buffer. ERR_INVALID when a field has no place in a request,
 * ERR_CONFIG for a short code that is no number, ERR_NOMEM.
 */
RISITI_CHECKED enum err stk_push_body(const struct stk_push *push, int64_t instant_us,
                                      struct arena *arena, struct buffer *buffer);
RISITI_CHECKED enum err stk_query_body(const struct config_short_code *short_code,
                                       struct str checkout_request_id, int64_t instant_us,
                                       struct arena *arena, struct buffer *buffer);

#endif
