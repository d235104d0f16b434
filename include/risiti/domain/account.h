/*
 * Account references: what payers type and pushes carry, at most 12 characters at Daraja. A code of
 * ours stands in where the app's own reference cannot be sent; it is recognised by its form alone.
 */
#ifndef RISITI_DOMAIN_ACCOUNT_H
#define RISITI_DOMAIN_ACCOUNT_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"

#define ACCOUNT_LENGTH_MAX 12
#define ACCOUNT_SIZE (ACCOUNT_LENGTH_MAX + 1)

/* Whether the reference may go to Daraja as it is: length, characters, the short code's pattern. */
bool account_is_sendable(const struct config_short_code *short_code, struct str reference);
/* Whether a payer may pay to this account: the short code's pattern, or a code of ours. */
bool account_is_accepted(const struct config_short_code *short_code, struct str account);
/* A random code of ours: "R" and eleven characters without look-alikes, the last a check digit. */
RISITI_CHECKED enum err account_code_make(char ret_code[ACCOUNT_SIZE]);
/* Trimmed and upper-cased: how references are compared. data NULL without memory. */
RISITI_CHECKED struct str account_fold(struct arena *arena, struct str reference);

#endif
