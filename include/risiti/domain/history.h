/*
 * The history of payments, checked: the present state of each must follow from its events alone.
 */
#ifndef RISITI_DOMAIN_HISTORY_H
#define RISITI_DOMAIN_HISTORY_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/domain/payment.h"
#include "risiti/domain/service.h"

/* What a payment's events say it is. */
struct history_state {
    enum payment_status status;
    bool claimed, held, conflict, reversed, is_merged;
    struct uuid app_id;
    unsigned version;
};

/*
 * Replays the events, oldest first. NULL when they tell a possible story, else a sentence that says
 * what is impossible in it, with `ret_state` as far as it went.
 */
const char *history_replay(const struct payment_events *events, struct history_state *ret_state);

/* One payment whose row and story differ. */
struct history_finding {
    struct uuid payment_id;
    const char *what;
};

/* What a run has looked at; told of each difference through `report`. */
struct history_check {
    void (*report)(void *context, const struct history_finding *finding);
    void *context;
    uint64_t payments, events, differences;
};

/*
 * Recomputes every payment, in batches with no transaction between them: row, events, and the
 * claim's row must agree. A payment that changes meanwhile is read again before it is reported.
 */
RISITI_CHECKED enum err history_check_all(struct service *service, struct history_check *check);

#endif
