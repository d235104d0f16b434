/* The operator's decision of a conflict, in one unit: see conflict.h. */
#include "risiti/base/base.h"

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/db/claim_store.h"
#include "risiti/domain/conflict.h"
#include "risiti/domain/push_lock.h"

/* One decision, over all the times its unit is tried. */
struct decision {
    struct service *service;
    const struct uuid *id;
    enum conflict_decision decision;
    struct str decided_by;
    struct payment_cause cause;
    struct uuid owner;          /* who gets moved money */
    struct conflict_case found; /* both rows locked */
};

/* Locks the money's row, then the push's, as everybody does. */
static enum err case_lock(struct decision *decision)
{
    struct service *service = decision->service;
    struct conflict_case *found = &decision->found;
    struct uuid id;
    enum err err =
        conflict_store_by_id(service->db, service->arena, decision->id, &found->conflict);

    if (err == ERR_OK && found->conflict.resolved_at_us != 0)
        err = ERR_STATE;
    if (err == ERR_OK && found->conflict.has_payment) {
        id = found->conflict.payment_id;
        err = payment_store_by_id(service->db, service->arena, &id, PAYMENT_LOCK, &found->money);
    }
    if (err != ERR_OK)
        return err;
    id = found->conflict.push_id;
    return payment_store_by_id(service->db, service->arena, &id, PAYMENT_LOCK, &found->push);
}

static bool decision_fits(const struct decision *decision)
{
    const struct conflict_case *found = &decision->found;

    switch (decision->decision) {
    case CONFLICT_MOVE:
        return found->conflict.has_payment && !found->money.is_merged && !found->push.is_merged;
    case CONFLICT_FAIL:
        return found->push.status != PAYMENT_STATUS_SUCCESS && !found->push.is_merged;
    case CONFLICT_RELEASE:
        return true;
    case CONFLICT_PROVEN:
        break;
    }
    return false;
}

static enum err event_add(struct decision *decision, struct payment *payment, const char *event,
                          struct str detail)
{
    enum err err = payment_event_add(decision->service, payment, &decision->cause, event, detail);

    if (err == ERR_OK)
        payment->version++;
    return err;
}

/* Takes the mark off a row, and the hold, unless another open conflict names it. */
static enum err row_clear(struct decision *decision, struct payment *payment,
                          const struct uuid *new_owner, struct str new_reference, const char *event)
{
    struct str detail = conflict_decision_name(decision->decision);
    unsigned others;
    enum err err;

    if (payment->is_merged)
        return ERR_OK;
    err = conflict_store_count_open(decision->service->db, decision->service->arena, &payment->id,
                                    &others);
    if (err == ERR_OK)
        err = conflict_store_clear(decision->service->db, payment, others > 0, new_owner,
                                   new_reference);
    if (err != ERR_OK)
        return err;
    if (new_owner != NULL)
        payment->app_id = *new_owner;
    payment->conflict = others > 0;
    return event_add(decision, payment, others > 0 ? "conflict_decided" : event, detail);
}

/* The money completes a push that is paid and has no receipt: it becomes one payment with it. */
static enum err money_into_push(struct decision *decision)
{
    struct payment *push = &decision->found.push, *money = &decision->found.money;
    struct db *db = decision->service->db;
    const struct payment_result completed = {
        .status = PAYMENT_STATUS_SUCCESS, .receipt = money->receipt, .settled = true};
    enum err err = payment_store_merge(db, money, &push->id);

    if (err == ERR_OK)
        err = event_add(decision, money, "merged", STR("by decision"));
    if (err == ERR_OK)
        err = payment_store_apply(db, push, &completed);
    if (err == ERR_OK && push->claimed)
        err = claim_store_set_receipt(db, &push->id, completed.receipt);
    if (err == ERR_OK)
        err = event_add(decision, push, "receipt_completed", completed.receipt);
    return err == ERR_OK ? row_clear(decision, push, NULL, STR_EMPTY, "conflict_resolved") : err;
}

/* A push without money becomes one payment with money that has an owner now. */
static enum err push_into_money(struct decision *decision)
{
    struct payment *push = &decision->found.push, *money = &decision->found.money;
    struct db *db = decision->service->db;
    const struct payment_result adopted = {
        .status = PAYMENT_STATUS_SUCCESS,
        .checkout_request_id = push->checkout_request_id,
        .merchant_request_id = push->merchant_request_id,
    };
    enum err err = payment_store_merge(db, push, &money->id);

    if (err == ERR_OK)
        err = event_add(decision, push, "merged", STR("by decision"));
    if (err == ERR_OK)
        err = push_lock_end(decision->service, push);
    if (err == ERR_OK)
        err = payment_store_apply(db, money, &adopted);
    return err == ERR_OK ? event_add(decision, money, "push_joined", STR("by decision")) : err;
}

/*
 * One payment is made of a push without a receipt and the money. The row that was used stays; two
 * that were used are two payments, whatever is decided.
 */
static enum err case_move(struct decision *decision)
{
    struct payment *push = &decision->found.push, *money = &decision->found.money;
    bool lacks_receipt = push->receipt.data == NULL;
    bool fits = !money->claimed && money_equal(push->amount, money->amount);
    enum err err;

    decision->owner = push->app_id;
    decision->cause.app_id = &decision->owner;
    if (lacks_receipt && push->status == PAYMENT_STATUS_SUCCESS && fits)
        return money_into_push(decision);
    if (lacks_receipt && push->claimed)
        return ERR_STATE;
    err = row_clear(decision, money, &decision->owner, push->external_reference, "moved");
    if (err != ERR_OK)
        return err;
    return lacks_receipt ? push_into_money(decision)
                         : row_clear(decision, push, NULL, STR_EMPTY, "conflict_resolved");
}

static enum err case_release(struct decision *decision)
{
    enum err err = ERR_OK;

    if (decision->found.conflict.has_payment)
        err = row_clear(decision, &decision->found.money, NULL, STR_EMPTY, "conflict_resolved");
    return err == ERR_OK
               ? row_clear(decision, &decision->found.push, NULL, STR_EMPTY, "conflict_resolved")
               : err;
}

static enum err push_fail(struct decision *decision)
{
    static const struct str why = STR_INIT("failed by the operator's decision");
    struct payment *push = &decision->found.push;
    const struct payment_result failed = {.status = PAYMENT_STATUS_FAILED,
                                          .result_code = STR("OPERATOR"),
                                          .result_description = why,
                                          .settled = true};
    enum err err;

    if (push->status == PAYMENT_STATUS_FAILED)
        return ERR_OK;
    ASSERT(payment_may_become(push->status, PAYMENT_STATUS_FAILED));
    err = payment_store_apply(decision->service->db, push, &failed);
    if (err == ERR_OK)
        err = push_lock_end(decision->service, push);
    return err == ERR_OK ? event_add(decision, push, "failed", why) : err;
}

static enum err decision_work(struct db *db, void *context)
{
    struct decision *decision = context;
    enum err err = case_lock(decision);

    if (err == ERR_OK && !decision_fits(decision))
        err = ERR_STATE;
    if (err == ERR_OK)
        err = conflict_store_resolve(db, decision->id, decision->decision, decision->decided_by,
                                     clock_now_us());
    if (err != ERR_OK)
        return err;
    if (decision->decision == CONFLICT_MOVE)
        return case_move(decision);
    err = case_release(decision);
    return err == ERR_OK && decision->decision == CONFLICT_FAIL ? push_fail(decision) : err;
}

/* The decision is there when the conflict has ended by it. */
static enum err decision_settle(struct db *db, void *context, bool *ret_committed)
{
    struct decision *decision = context;
    struct conflict conflict;
    enum err err = conflict_store_by_id(db, decision->service->arena, decision->id, &conflict);

    if (err == ERR_OK)
        *ret_committed = conflict.resolved_at_us != 0 &&
                         str_equal(conflict.decision, conflict_decision_name(decision->decision)) &&
                         str_equal(conflict.decided_by, decision->decided_by);
    return err;
}

enum err conflict_decide(struct service *service, const struct uuid *id,
                         enum conflict_decision decision, struct str decided_by)
{
    struct decision context = {.service = service,
                               .id = id,
                               .decision = decision,
                               .decided_by = decided_by,
                               .cause = {.evidence = "operator"}};
    enum err err = db_run_unit(
        service->db,
        &(struct db_unit){.work = decision_work, .settle = decision_settle, .context = &context});

    if (err == ERR_OK)
        log_write(LOG_LEVEL_INFO, "conflict_decided",
                  LOG_FIELDS(LOG_UUID("conflict", id),
                             LOG_STR("decision", conflict_decision_name(decision)),
                             LOG_STR("by", decided_by)));
    return err;
}
