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
/* Nothing waits in the journal or the spool any more, and no conflict is open. */
void inbox_expect_done(struct worker *worker);

#endif
