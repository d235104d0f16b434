/*
 * Rows of `c2b_token` (secrets in the URLs given to Daraja) and `daraja_token` (the one OAuth token
 * of all workers, renewed by one of them under a lease). Leases and expiries are compared by the
 * database's clock only.
 */
#ifndef RISITI_DB_TOKEN_STORE_H
#define RISITI_DB_TOKEN_STORE_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/crypto.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/db/db.h"

struct c2b_token {
    struct str short_code;
    struct str sealed; /* the secret, sealed */
};

RISITI_CHECKED enum err c2b_token_store_insert(struct db *db, const struct sha256 *token_hash,
                                               const struct c2b_token *token, int64_t now_us);
/* ERR_NOT_FOUND also for one that was ended. */
RISITI_CHECKED enum err c2b_token_store_by_hash(struct db *db, struct arena *arena,
                                                const struct sha256 *token_hash,
                                                struct c2b_token *ret_token);
/* The newest of a short code that was not ended. ERR_NOT_FOUND. */
RISITI_CHECKED enum err c2b_token_store_newest(struct db *db, struct arena *arena,
                                               struct str short_code, struct c2b_token *ret_token);

/* The least that is written of a secret's use: seconds between two notes. */
#define C2B_TOKEN_USE_NOTE_S 3600

/* One secret for people: never its text. */
struct c2b_token_row {
    struct sha256 hash;
    struct str short_code;
    int64_t created_at_us;
    int64_t last_used_at_us; /* 0: never */
    int64_t ended_at_us;     /* 0: it serves */
};

struct c2b_token_rows {
    struct c2b_token_row *items;
    size_t count;
};

/* All, or with `short_code` those of one, locked until the unit's end; oldest first. */
RISITI_CHECKED enum err c2b_token_store_list(struct db *db, struct arena *arena, unsigned rows_max,
                                             struct c2b_token_rows *ret_rows);
RISITI_CHECKED enum err c2b_token_store_lock(struct db *db, struct arena *arena,
                                             struct str short_code, unsigned rows_max,
                                             struct c2b_token_rows *ret_rows);
/* Notes that a confirmation came on it, unless that was noted within the hour. */
RISITI_CHECKED enum err c2b_token_store_used(struct db *db, const struct sha256 *token_hash);
/*
 * Ends one that serves and was not used for `idle_s`; `ret_ended` is false when it is not such a
 * one any more.
 */
RISITI_CHECKED enum err c2b_token_store_end(struct db *db, const struct sha256 *token_hash,
                                            int64_t idle_s, bool *ret_ended);

struct oauth_row {
    uint64_t generation;  /* grows with every token */
    struct str sealed;    /* data NULL: none */
    int64_t seconds_left; /* of its life; 0 or less: expired or none */
};

/* ERR_NOT_FOUND while there was never one. */
RISITI_CHECKED enum err oauth_store_read(struct db *db, struct arena *arena,
                                         const struct sha256 *consumer_hash,
                                         struct oauth_row *ret_row);
/*
 * Takes the lease to renew generation `generation` (0 for the first), also when `owner` holds it
 * already: `ret_taken` is false when somebody else holds it or has renewed already. Asks once more
 * when the answer is lost: a lease that its owner knows nothing of would keep all others waiting.
 */
RISITI_CHECKED enum err oauth_store_lease(struct db *db, const struct sha256 *consumer_hash,
                                          uint64_t generation, const struct uuid *owner,
                                          unsigned lease_seconds, bool *ret_taken);
/*
 * Writes the new token if the lease is still `owner`'s on this generation, and ends the lease;
 * `ret_written` is false otherwise.
 */
RISITI_CHECKED enum err oauth_store_write(struct db *db, const struct sha256 *consumer_hash,
                                          uint64_t generation, const struct uuid *owner,
                                          struct str sealed, int64_t lifetime_seconds,
                                          bool *ret_written);
/* Gives the lease back after a failure. */
RISITI_CHECKED enum err oauth_store_release(struct db *db, const struct sha256 *consumer_hash,
                                            const struct uuid *owner);

#endif
