/*
 * Rows of `app`, `api_key` and `lookup_miss`: tenants, how they are recognised, and how often they
 * asked for receipts that are not there.
 */
#ifndef RISITI_DB_APP_STORE_H
#define RISITI_DB_APP_STORE_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/crypto.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/db/db.h"

/* The second fact that an app must name when it claims money that is not its own yet. */
enum claim_requires { CLAIM_REQUIRES_NONE, CLAIM_REQUIRES_AMOUNT, CLAIM_REQUIRES_PHONE };

struct str claim_requires_name(enum claim_requires requires_);
RISITI_CHECKED enum err claim_requires_parse(struct str text, enum claim_requires *ret_requires);

struct app {
    struct uuid id;
    struct str name;
    bool active;
    enum claim_requires claim_requires;
    int64_t created_at_us;
};

struct apps {
    struct app *items;
    size_t count;
};

/* ERR_DUPLICATE when the name is taken. */
RISITI_CHECKED enum err app_store_insert(struct db *db, const struct app *app);
/* ERR_NOT_FOUND. */
RISITI_CHECKED enum err app_store_by_name(struct db *db, struct arena *arena, struct str name,
                                          struct app *ret_app);
/* By name. */
RISITI_CHECKED enum err app_store_list(struct db *db, struct arena *arena, size_t rows_max,
                                       struct apps *ret_apps);
/* Fine when it is as wanted already. */
RISITI_CHECKED enum err app_store_set_active(struct db *db, const struct uuid *app_id, bool active);
RISITI_CHECKED enum err app_store_set_claim_requires(struct db *db, const struct uuid *app_id,
                                                     enum claim_requires requires_);

#define KEY_HINT_SIZE 9

struct api_key {
    struct uuid id, app_id;
    struct str app_name;
    char hint[KEY_HINT_SIZE]; /* the first eight random characters */
    int64_t created_at_us;
    int64_t expires_at_us, revoked_at_us, last_used_at_us; /* 0: never */
};

struct api_keys {
    struct api_key *items;
    size_t count;
};

RISITI_CHECKED enum err key_store_insert(struct db *db, const struct api_key *key,
                                         const struct sha256 *key_hash);
/* Those of one app, or of all when app_id is NULL. */
RISITI_CHECKED enum err key_store_list(struct db *db, struct arena *arena,
                                       const struct uuid *app_id, size_t rows_max,
                                       struct api_keys *ret_keys);
/* ERR_NOT_FOUND. Fine when it is revoked already: the first time stays. */
RISITI_CHECKED enum err key_store_revoke(struct db *db, struct arena *arena,
                                         const struct uuid *key_id, int64_t now_us);

/* Everything that a request needs to know of its key, read by one statement. */
struct key_owner {
    struct app app;
    struct uuid key_id;
    int64_t expires_at_us, last_used_at_us; /* 0: never */
    int64_t miss_window_start_us;           /* 0: no misses so far */
    unsigned misses;
};

/* ERR_NOT_FOUND for unknown and revoked keys; the caller judges expiry and `app.active`. */
RISITI_CHECKED enum err key_store_owner(struct db *db, struct arena *arena,
                                        const struct sha256 *key_hash, struct key_owner *ret_owner);
RISITI_CHECKED enum err key_store_touch(struct db *db, const struct uuid *key_id, int64_t now_us);

/*
 * Counts one more receipt that was asked for in vain; a window older than `window_us` starts anew.
 * Gives the count in the window and its start.
 */
RISITI_CHECKED enum err miss_store_count(struct db *db, struct arena *arena,
                                         const struct uuid *app_id, int64_t now_us,
                                         int64_t window_us, unsigned *ret_misses,
                                         int64_t *ret_window_start_us);

#endif
