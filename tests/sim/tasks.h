/* The background tasks, and the operator: what a history has of them. */
#ifndef RISITI_TESTS_SIM_TASKS_H
#define RISITI_TESTS_SIM_TASKS_H

#include "risiti/base/base.h"

#include "risiti/domain/turn.h"
#include "sim.h"

struct task {
    const char *name;
    enum err (*run)(struct service *service, const struct turn *turn, unsigned *ret_done);
};

extern const struct task tasks[];
extern const size_t task_count;

/*
 * A person looks at the open conflicts: knowing Daraja's ledger they move to the push what is the
 * push's, and release the rest; all of them when `is_last`, else one.
 */
void operator_decides(struct worker *worker, bool is_last);
/* Compares every payment with its events, by the domain's own check. */
void history_expect(struct worker *worker);
/* Nothing in the journal waits or has failed any more. */
void journal_expect_done(void);
/* Whether a confirmation completes the push that its account reference names. */
bool model_matches_references(void);

#endif
