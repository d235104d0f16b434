/* The one table of background tasks: see jobs.h. */
#include "risiti/base/base.h"

#include "risiti/jobs/jobs.h"

#include "risiti/domain/callback_replay.h"
#include "risiti/domain/callback_spool.h"
#include "risiti/domain/hold.h"
#include "risiti/domain/push_check.h"

const struct job_task job_tasks[] = {
    {"spool", 1000, 100, true, spool_drain_due},
    {"callbacks", 2000, 50, false, callback_retry_due},
    {"checks", 1000, 20, false, push_check_due},
    {"proofs", 60000, 100, false, push_proof_due},
    {"holds", 2000, 100, false, hold_release_due},
};
const size_t job_task_count = ARRAY_LENGTH(job_tasks);

_Static_assert(ARRAY_LENGTH(job_tasks) <= JOBS_TASKS_MAX, "the runner has room for each task");
