/*
 * The secrets in C2B URLs, looked up: which short code one stands for. A worker remembers those it
 * has seen, so that validation is answered from memory while the database is slow or away.
 */
#ifndef RISITI_DOMAIN_C2B_TOKEN_H
#define RISITI_DOMAIN_C2B_TOKEN_H

#include "risiti/base/base.h"
#include "risiti/base/crypto.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/domain/service.h"

/* More short codes than this at once only cost a query each. */
#define C2B_TOKEN_CACHE_ENTRIES 32
/* A secret that was ended goes on working for this long. */
#define C2B_TOKEN_CACHE_MS 60000

struct c2b_token_cache;

RISITI_CHECKED struct c2b_token_cache *c2b_token_cache_new(void);
/* NULL is fine. */
void c2b_token_cache_free(struct c2b_token_cache *cache);

/*
 * The short code that a secret's hash stands for; lives as long as the service. ERR_NOT_FOUND for
 * one that is unknown or ended. With the database away, what the worker remembers counts.
 */
RISITI_CHECKED enum err c2b_token_find(struct service *service, const struct sha256 *hash,
                                       struct str *ret_short_code);

/*
 * Notes that a confirmation came on it: nothing is asked of the database when this worker did so
 * within the hour. A failure is logged: the next confirmation notes it.
 */
void c2b_token_used(struct service *service, const struct sha256 *hash);

#endif
