/*
 * The URLs that Daraja is given for a short code's C2B payments. Their secret is made once and kept
 * sealed, because production URLs cannot be registered again at will; an old one goes on working.
 */
#ifndef RISITI_DOMAIN_C2B_URLS_H
#define RISITI_DOMAIN_C2B_URLS_H

#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/db/token_store.h"
#include "risiti/domain/service.h"

struct c2b_urls {
    struct str confirmation,
        validation; /* they contain the secret: show them to the operator only */
};

/*
 * The short code's URLs, with the newest secret, or with a new one when there is none or
 * `new_secret`. ERR_CONFIG without public_url or secret_key.
 */
RISITI_CHECKED enum err c2b_urls_get(struct service *service,
                                     const struct config_short_code *short_code, bool new_secret,
                                     struct c2b_urls *ret_urls);

/* A secret's name: the first digits of its hash, in hex. */
#define C2B_SECRET_NAME_LENGTH 12
/* All secrets that were ever made are shown up to this many. */
#define C2B_SECRETS_MAX 1000

RISITI_CHECKED enum err c2b_secrets_list(struct service *service, struct c2b_token_rows *ret_rows);

/* What became of the wish to end a secret. */
enum c2b_end {
    C2B_END_DONE,    /* it ends within a minute */
    C2B_END_BEFORE,  /* it had ended */
    C2B_END_IN_USE,  /* confirmations came on it within [callbacks] secret_idle */
    C2B_END_LAST_ONE /* its short code has no other: make a new one first */
};

/*
 * Ends a secret by its name. Daraja cannot be made to register again at will, so one that is in use
 * does not end, nor the only one of a short code. ERR_NOT_FOUND, ERR_AMBIGUOUS (name more digits of
 * the hash).
 */
RISITI_CHECKED enum err c2b_secret_end(struct service *service, struct str name,
                                       enum c2b_end *ret_end);

#endif
