/*
 * What keeps pushes apart: rows of `push_lock` (one open prompt a phone and short code) and
 * `push_recent` (when an amount was last asked of a phone). All times are the database's.
 */
#ifndef RISITI_DB_PUSH_STORE_H
#define RISITI_DB_PUSH_STORE_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/money.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/db/db.h"

/* What pushes are kept apart by. */
struct push_key {
    struct str short_code, phone;
    struct money amount;
};

/* The last push to a phone, or the last that asked it for the same amount. */
struct push_mark {
    struct uuid payment_id;
    int64_t age_us;
    bool is_open; /* its end is not known; the phone's row only */
};

/* The phone's row, locked until the unit's end. ERR_NOT_FOUND. */
RISITI_CHECKED enum err push_store_lock_read(struct db *db, struct arena *arena,
                                             const struct push_key *key,
                                             struct push_mark *ret_mark);
/* The last push of this amount. ERR_NOT_FOUND. The phone's row is locked. */
RISITI_CHECKED enum err push_store_recent_read(struct db *db, struct arena *arena,
                                               const struct push_key *key,
                                               struct push_mark *ret_mark);
/*
 * Makes the phone's row the payment's, in the payment's unit. `previous` is what was read (NULL:
 * there was no row): ERR_DB_CONFLICT when it is another's meanwhile.
 */
RISITI_CHECKED enum err push_store_lock_take(struct db *db, const struct push_key *key,
                                             const struct push_mark *previous,
                                             const struct uuid *payment_id);
/* The end of the push is known: the phone is free. Fine when it is another push's by now. */
RISITI_CHECKED enum err push_store_lock_free(struct db *db, const struct uuid *payment_id);
/* There was no such push: its amount may be asked again at once. */
RISITI_CHECKED enum err push_store_forget(struct db *db, const struct uuid *payment_id);
/* Removes up to `rows_max` rows of each table that say nothing any more. */
RISITI_CHECKED enum err push_store_prune(struct db *db, unsigned older_than_s, unsigned rows_max);

/*
 * One slot for a query to Daraja, over all workers and hosts: at most `per_minute`, and hardly more
 * at once. `ret_taken` is false when there is none now.
 */
RISITI_CHECKED enum err push_store_query_slot(struct db *db, unsigned per_minute, bool *ret_taken);

#endif
