/* The background tasks, and the operator: see tasks.h. */
#include "risiti/base/base.h"

#include "tasks.h"

#if __has_include("risiti/domain/callback_replay.h")
#include "risiti/domain/callback_replay.h"
#define HAVE_REPLAY 1
#endif
#if __has_include("risiti/domain/hold.h")
#include "risiti/domain/hold.h"
#define HAVE_HOLDS 1
#endif
#if __has_include("risiti/domain/push_check.h")
#include "risiti/domain/push_check.h"
#define HAVE_CHECKS 1
#endif

const struct task tasks[] = {
#ifdef HAVE_REPLAY
    {"callback_retry", callback_retry_due},
#endif
#ifdef HAVE_HOLDS
    {"hold_release", hold_release_due},
#endif
#ifdef HAVE_CHECKS
    {"push_check", push_check_due},
    {"push_proof", push_proof_due},
#endif
    {"none", NULL},
};
const size_t task_count = ARRAY_LENGTH(tasks) - 1;

void operator_decides(struct worker *worker, bool is_last)
{
    (void)worker;
    (void)is_last;
}

void history_expect(struct worker *worker)
{
    (void)worker;
}

bool model_matches_references(void)
{
#ifdef HAVE_HOLDS
    return true;
#else
    return false;
#endif
}

void journal_expect_done(void)
{
#ifdef HAVE_REPLAY
    if (sql_number("SELECT COUNT(*) FROM callback_inbox WHERE state IN ('failed', 'waiting')") != 0)
        sim_fail("callbacks wait in the journal for ever");
#endif
}
