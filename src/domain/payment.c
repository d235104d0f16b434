/* Payments as apps see them: see payment.h. */
#include "risiti/base/base.h"

#include "risiti/domain/payment.h"

#include "risiti/base/clock.h"

bool payment_is_own(const struct payment *payment, const struct app *app)
{
    return uuid_equal(&payment->app_id, &app->id);
}

bool payment_is_claimable(const struct payment *payment)
{
    return payment->status == PAYMENT_STATUS_SUCCESS && !payment->claimed && !payment->held &&
           !payment->reversed && !payment->is_merged;
}

/* Whether every part of the selector fits the payment. */
static bool is_match(const struct payment *payment, const struct payment_selector *selector)
{
    if (selector->receipt.data != NULL && !str_equal(selector->receipt, payment->receipt))
        return false;
    if (selector->reference.data != NULL &&
        !str_equal(selector->reference, payment->external_reference))
        return false;
    if (selector->checkout_request_id.data != NULL &&
        !str_equal(selector->checkout_request_id, payment->checkout_request_id))
        return false;
    if (selector->has_payment_id && !uuid_equal(&selector->payment_id, &payment->id))
        return false;
    if (selector->has_amount && !money_equal(selector->amount, payment->amount))
        return false;
    return !selector->has_phone || phone_compare(&selector->phone, payment->phone) == PHONE_SAME;
}

bool payment_fact_given(const struct payment *payment, const struct app *app,
                        const struct payment_selector *selector)
{
    if (payment_is_own(payment, app))
        return true;
    switch (app->claim_requires) {
    case CLAIM_REQUIRES_AMOUNT:
        return selector->has_amount && money_equal(selector->amount, payment->amount);
    case CLAIM_REQUIRES_PHONE:
        return selector->has_phone && phone_compare(&selector->phone, payment->phone) == PHONE_SAME;
    case CLAIM_REQUIRES_NONE:
        break;
    }
    return true;
}

/* Own payments of any kind; ADMIN_SHOP's unclaimed money by exact receipt and with the fact. */
static bool payment_is_visible(const struct payment *payment, const struct app *app,
                               const struct payment_selector *selector)
{
    if (payment->is_merged || !is_match(payment, selector))
        return false;
    if (payment_is_own(payment, app))
        return true;
    return uuid_equal(&payment->app_id, &admin_shop_id) && selector->receipt.data != NULL &&
           payment->status == PAYMENT_STATUS_SUCCESS && !payment->claimed &&
           payment_fact_given(payment, app, selector);
}

/* A merged row's id answers with the payment that stands for the same money. */
static enum err payment_by_id(struct service *service, const struct uuid *id,
                              enum payment_lock lock, struct payment *ret_payment)
{
    struct payment payment;
    enum err err = payment_store_by_id(service->db, service->arena, id, lock, &payment);

    if (err == ERR_OK && payment.is_merged) {
        struct uuid survivor = payment.merged_into;

        err = payment_store_by_id(service->db, service->arena, &survivor, lock, &payment);
    }
    if (err == ERR_OK)
        *ret_payment = payment;
    return err;
}

static enum err payment_by_reference(struct service *service, const struct app *app,
                                     const struct payment_selector *selector,
                                     struct payment *ret_payment, struct payments *ret_candidates)
{
    struct payments claimable, newest;
    size_t kept = 0;
    enum err err =
        payment_store_by_reference(service->db, service->arena, &app->id, selector->reference, true,
                                   PAYMENT_CANDIDATES_MAX, &claimable);

    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < claimable.count; i++)
        if (is_match(&claimable.items[i], selector))
            claimable.items[kept++] = claimable.items[i];
    claimable.count = kept;
    if (kept > 0) {
        *ret_payment = claimable.items[0];
        *ret_candidates = claimable;
        return kept > 1 ? ERR_AMBIGUOUS : ERR_OK;
    }
    err = payment_store_by_reference(service->db, service->arena, &app->id, selector->reference,
                                     false, PAYMENT_CANDIDATES_MAX, &newest);
    for (size_t i = 0; err == ERR_OK && i < newest.count; i++)
        if (is_match(&newest.items[i], selector)) {
            *ret_payment = newest.items[i];
            return ERR_OK;
        }
    return err == ERR_OK ? ERR_NOT_FOUND : err;
}

enum err payment_find(struct service *service, const struct app *app,
                      const struct payment_selector *selector, enum payment_lock lock,
                      struct payment *ret_payment, struct payments *ret_candidates)
{
    struct db *db = service->db;
    struct arena *arena = service->arena;
    struct payment_selector by_id = *selector;
    struct payment payment;
    enum err err;

    if (selector->receipt.data != NULL) {
        err = payment_store_by_receipt(db, arena, selector->receipt, lock, &payment);
    } else if (selector->has_payment_id) {
        err = payment_by_id(service, &selector->payment_id, lock, &payment);
        by_id.has_payment_id = false;
    } else if (selector->checkout_request_id.data != NULL) {
        err = payment_store_by_checkout(db, arena, selector->checkout_request_id, &payment);
    } else {
        err = payment_by_reference(service, app, selector, &payment, ret_candidates);
        if (err == ERR_AMBIGUOUS)
            *ret_payment = payment;
    }
    if (err == ERR_OK && lock == PAYMENT_LOCK && selector->receipt.data == NULL &&
        !selector->has_payment_id)
        err = payment_by_id(service, &payment.id, lock, &payment);
    if (err != ERR_OK)
        return err;
    if (!payment_is_visible(&payment, app, &by_id))
        return ERR_NOT_FOUND;
    *ret_payment = payment;
    return ERR_OK;
}

enum err payment_list(struct service *service, const struct app *app, struct payment_filter filter,
                      size_t limit, struct payments *ret_payments)
{
    filter.app_id = &app->id;
    return payment_store_list(service->db, service->arena, &filter, limit, ret_payments);
}

enum err payment_show(struct service *service, const struct app *app, const struct uuid *id,
                      struct payment *ret_payment, struct payment_events *ret_events)
{
    struct payment payment;
    struct payment_events events;
    enum err err = payment_by_id(service, id, PAYMENT_READ, &payment);

    if (err == ERR_OK && !payment_is_own(&payment, app))
        err = ERR_NOT_FOUND;
    if (err == ERR_OK)
        err =
            event_store_list(service->db, service->arena, &payment.id, PAYMENT_EVENTS_MAX, &events);
    if (err == ERR_OK) {
        *ret_payment = payment;
        *ret_events = events;
    }
    return err;
}

bool payment_may_become(enum payment_status from, enum payment_status to)
{
    static const bool allowed[3][3] = {
        [PAYMENT_STATUS_PENDING] = {[PAYMENT_STATUS_PENDING] = true,
                                    [PAYMENT_STATUS_SUCCESS] = true,
                                    [PAYMENT_STATUS_FAILED] = true},
        [PAYMENT_STATUS_SUCCESS] = {[PAYMENT_STATUS_SUCCESS] = true},
        [PAYMENT_STATUS_FAILED] = {[PAYMENT_STATUS_FAILED] = true, [PAYMENT_STATUS_SUCCESS] = true},
    };

    return allowed[from][to];
}

enum err payment_event_add(struct service *service, const struct payment *payment,
                           const struct payment_cause *cause, const char *event, struct str detail)
{
    return event_store_insert(service->db, &(struct payment_event){
                                               .payment_id = payment->id,
                                               .sequence = payment->version + 1,
                                               .at_us = clock_now_us(),
                                               .event = str_from(event),
                                               .evidence = str_from(cause->evidence),
                                               .app_id = cause->app_id,
                                               .inbox_id = cause->inbox_id,
                                               .request_id = service->request_id,
                                               .detail = str_first(detail, EVENT_DETAIL_BYTES_MAX),
                                           });
}
