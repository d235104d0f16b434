/*
 * Which pushes are to be looked at, and the changes that time makes of them: the columns
 * `next_check_at`, `checks` and `unknown_at`, and the end of `open_reference`. All times are the
 * database's.
 */
#ifndef RISITI_DB_CHECK_STORE_H
#define RISITI_DB_CHECK_STORE_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/db/db.h"
#include "risiti/db/payment_store.h"

/* A push that is due. */
struct check {
    struct uuid id;
    struct str checkout_request_id; /* data NULL: not known */
    struct str short_code;
    int64_t age_s; /* since it was made; never below 0 */
    int64_t due_us;
    bool is_unknown;
};

struct checks {
    struct check *items;
    size_t count;
};

/* Longest due first. */
RISITI_CHECKED enum err check_store_due(struct db *db, struct arena *arena, unsigned rows_max,
                                        struct checks *ret_checks);
/*
 * Takes a push that is due by putting its next check off by `pause_s` (0: there is none), so that
 * nobody else checks it now. `ret_taken` is false when somebody else has.
 */
RISITI_CHECKED enum err check_store_take(struct db *db, const struct check *check, unsigned pause_s,
                                         bool *ret_taken);
/* A pending push is due at once. Inside a unit. */
RISITI_CHECKED enum err check_store_now(struct db *db, const struct uuid *id);
/* Marks a pending push: nobody knows its end. ERR_DB_CONFLICT unless it is as it was read. */
RISITI_CHECKED enum err check_store_mark_unknown(struct db *db, const struct payment *push);

struct check_ids {
    struct uuid *items;
    size_t count;
};

/* Pushes that have been unsettled for more than `days`, oldest first. */
RISITI_CHECKED enum err check_store_unsettled(struct db *db, struct arena *arena, unsigned days,
                                              unsigned rows_max, struct check_ids *ret_ids);
/* Money is matched with this push no more. ERR_DB_CONFLICT unless it is as it was read. */
RISITI_CHECKED enum err check_store_end_proof(struct db *db, const struct payment *push);

#endif
