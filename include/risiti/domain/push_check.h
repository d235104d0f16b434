/*
 * What time makes of a push: while its result does not come, Daraja is asked; when nobody can tell,
 * that is said; and after days it is not matched with money any more.
 */
#ifndef RISITI_DOMAIN_PUSH_CHECK_H
#define RISITI_DOMAIN_PUSH_CHECK_H

#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/base/err.h"
#include "risiti/domain/service.h"
#include "risiti/domain/turn.h"

/* When a push is looked at for the first time, in seconds after its start. */
#define PUSH_FIRST_CHECK_S 20

/*
 * When a push of this age is to be looked at next, in seconds after its start; 0: never. At about
 * 20, 40, 70 and 120 s, when it becomes unknown, then each time at twice its age, until query_hours
 * are over.
 */
unsigned push_check_next_s(const struct config *config, int64_t age_s);

/*
 * A turn of the task. Each push that is due is taken and Daraja is asked how it ended; what it
 * answers is applied as a callback would be, a final code or "paid" only. One that is still pending
 * after open_seconds becomes unknown, when `may_expire`; one without a checkout id too, which
 * nobody can ask about. All queries of all processes and hosts together stay below
 * queries_per_minute. `ret_done` counts the pushes looked at. An error ends the turn early.
 */
RISITI_CHECKED enum err push_check_due(struct service *service, const struct turn *turn,
                                       unsigned *ret_done);

/*
 * A turn of the task: pushes that were unsettled for proof_days are settled no more by money that
 * fits them, and what was held for them is free. Only when `may_expire`. It also removes what the
 * push lock has no use for any more. `ret_done` counts the pushes.
 */
RISITI_CHECKED enum err push_proof_due(struct service *service, const struct turn *turn,
                                       unsigned *ret_done);

#endif
