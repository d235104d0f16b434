/* Tenants and their keys: making, listing, switching off, and telling who a key belongs to. */
#ifndef RISITI_DOMAIN_APP_H
#define RISITI_DOMAIN_APP_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/db/app_store.h"
#include "risiti/domain/service.h"

/* rst_live_, 43 base62 characters of 256 random bits, 6 of a checksum. */
#define APP_KEY_LENGTH 58
#define APP_KEY_SIZE (APP_KEY_LENGTH + 1)
#define APP_NAME_BYTES_MAX 64
/* More apps or keys than this are not listed. */
#define APP_LIST_MAX 10000

/* A key that was just made: the only moment at which its text exists. Wipe it after showing. */
struct app_new_key {
    struct uuid id;
    char text[APP_KEY_SIZE];
};

/*
 * Makes an app and its first key. ERR_INVALID for a name that is empty, longer than
 * APP_NAME_BYTES_MAX or not printable; ERR_DUPLICATE when it is taken.
 */
RISITI_CHECKED enum err app_create(struct service *service, struct str name,
                                   enum claim_requires claim_requires, struct app *ret_app,
                                   struct app_new_key *ret_key);
/* By name, or by id when the text is one. ERR_NOT_FOUND. */
RISITI_CHECKED enum err app_find(struct service *service, struct str name_or_id,
                                 struct app *ret_app);
RISITI_CHECKED enum err app_list(struct service *service, struct apps *ret_apps);
/* ERR_STATE for ADMIN_SHOP, which is always active. */
RISITI_CHECKED enum err app_set_active(struct service *service, const struct app *app, bool active);
RISITI_CHECKED enum err app_set_claim_requires(struct service *service, const struct app *app,
                                               enum claim_requires claim_requires);

/* A further key; `expires_at_us` 0: never. ERR_STATE for ADMIN_SHOP, which gets none. */
RISITI_CHECKED enum err app_key_create(struct service *service, const struct app *app,
                                       int64_t expires_at_us, struct app_new_key *ret_key);
/* Of one app, or of all for NULL. */
RISITI_CHECKED enum err app_key_list(struct service *service, const struct app *app,
                                     struct api_keys *ret_keys);
/* ERR_NOT_FOUND. */
RISITI_CHECKED enum err app_key_revoke(struct service *service, const struct uuid *key_id);

/* ERR_KEY_MISTYPED unless form and checksum are those of a key. That it exists is not said. */
RISITI_CHECKED enum err app_key_check_form(struct str key);

/* The keys that one worker has seen lately, for at most APP_CACHE_MS. */
struct app_cache;
#define APP_CACHE_MS 2000
RISITI_CHECKED struct app_cache *app_cache_new(void);
void app_cache_free(struct app_cache *cache);

/* The tenant of a request, and how often it has guessed in vain. */
struct tenant {
    struct app app;
    unsigned misses;
    int64_t miss_window_start_us;
};

/*
 * Whose key it is. The answer may be APP_CACHE_MS old, so that a revocation works within 5 s.
 * ERR_KEY_MISSING for empty text, ERR_KEY_MISTYPED, ERR_KEY_UNKNOWN, ERR_APP_DISABLED. `ret_tenant`
 * lives until the next call with the same cache.
 */
RISITI_CHECKED enum err app_authenticate(struct service *service, struct app_cache *cache,
                                         struct str key, struct tenant **ret_tenant);

/*
 * Before a look-up by receipt: slows down an app that has guessed in vain, ERR_THROTTLED when it
 * has too often. `ret_retry_after_seconds` is set with ERR_THROTTLED.
 */
RISITI_CHECKED enum err app_lookup_admit(struct service *service, const struct tenant *tenant,
                                         unsigned *ret_retry_after_seconds);
/* After one that found nothing: counts it in the database and in the tenant. */
void app_lookup_missed(struct service *service, struct tenant *tenant);

#endif
