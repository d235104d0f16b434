/*
 * Rows of `job_lease` (which runner does a task now) and `jobs_state` (when a runner was last
 * there, and until when deadlines do not count). All times are compared by the database's clock.
 */
#ifndef RISITI_DB_JOB_STORE_H
#define RISITI_DB_JOB_STORE_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/db/db.h"

/* Takes or renews the task's lease; `ret_taken` is false while it is somebody else's. */
RISITI_CHECKED enum err job_store_lease(struct db *db, struct str task, const struct uuid *owner,
                                        unsigned lease_seconds, bool *ret_taken);
/* Gives all leases of this owner back. */
RISITI_CHECKED enum err job_store_release(struct db *db, const struct uuid *owner);
/*
 * Says that a runner is there. When none was for `gap_seconds`, or `saw_outage`, deadlines do not
 * count for `quiet_seconds` from now. The first time ever is no gap.
 */
RISITI_CHECKED enum err job_store_touch(struct db *db, unsigned gap_seconds, bool saw_outage,
                                        unsigned quiet_seconds);
/* Whether deadlines do not count: after a touch that said so, or a server that started lately. */
RISITI_CHECKED enum err job_store_is_quiet(struct db *db, struct arena *arena,
                                           unsigned quiet_seconds, bool *ret_is_quiet);

#endif
