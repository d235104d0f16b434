/*
 * Money held from every app: the rows of `payment_hold` (which unsettled pushes it may be the money
 * of) and the changes of a payment's `held` and `conflict`. Every change repeats the version that
 * it relies on: ERR_DB_CONFLICT when the row is not as it was read any more.
 */
#ifndef RISITI_DB_HOLD_STORE_H
#define RISITI_DB_HOLD_STORE_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/uuid.h"
#include "risiti/db/db.h"
#include "risiti/db/payment_store.h"

/* Money and push belong together until the hold ends. Fine when they do already. */
RISITI_CHECKED enum err hold_store_insert(struct db *db, const struct uuid *payment_id,
                                          const struct uuid *push_id);
/* Forgets what the money waited for. */
RISITI_CHECKED enum err hold_store_delete(struct db *db, const struct uuid *payment_id);
/*
 * Raises the version of a push that is unsettled still, so that placing a hold and settling the
 * push exclude each other, also on several nodes. ERR_DB_CONFLICT when it has settled.
 */
RISITI_CHECKED enum err hold_store_touch_push(struct db *db, const struct payment *push);

/* Money whose hold may end, and why. */
struct hold_due {
    struct uuid payment_id;
    bool is_settled; /* none of its pushes is unsettled any more; else its time is over */
};

struct holds_due {
    struct hold_due *items;
    size_t count;
};

/*
 * Held money that waits for nothing any more: all its pushes have settled, or, when `may_expire`,
 * its time is over by the database's clock. Oldest first.
 */
RISITI_CHECKED enum err hold_store_due(struct db *db, struct arena *arena, bool may_expire,
                                       size_t rows_max, struct holds_due *ret_due);
/*
 * One of the pushes that it waits for which is paid and has no receipt yet: the money may well be
 * its. ERR_NOT_FOUND when there is none.
 */
RISITI_CHECKED enum err hold_store_awaiting(struct db *db, struct arena *arena,
                                            const struct uuid *payment_id,
                                            struct uuid *ret_push_id);

/* The end of a hold: any app may claim it. Requires a held row without conflict. */
RISITI_CHECKED enum err hold_store_release(struct db *db, const struct payment *payment);
/* Held for a person: `held` and `conflict` are set. Requires an unclaimed row. */
RISITI_CHECKED enum err hold_store_dispute(struct db *db, const struct payment *payment);

#endif
