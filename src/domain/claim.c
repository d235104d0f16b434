/* Claiming: see claim.h. */
#include "risiti/base/base.h"

#include "risiti/domain/claim.h"

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/db/claim_store.h"

/* One claim, over all the times its unit is tried. */
struct claim_attempt {
    struct service *service;
    const struct app *app;
    const struct payment_selector *selector;
    struct uuid token; /* marks the claim as this very call's */
    int64_t now_us;
    struct claim_result result;
};

/*
 * A payment of this app that is claimed: by this very call, when the answer to an earlier COMMIT of
 * it was lost, or by an earlier one.
 */
static enum err claim_of_own(struct db *db, struct claim_attempt *attempt)
{
    struct uuid payment_id;
    enum err err = claim_store_by_token(db, attempt->service->arena, &attempt->token, &payment_id);

    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    return err == ERR_OK && uuid_equal(&payment_id, &attempt->result.payment.id)
               ? ERR_OK
               : ERR_ALREADY_CLAIMED;
}

/* The writes: the row, its unique claim, its history. */
static enum err claim_write(struct db *db, struct claim_attempt *attempt)
{
    struct payment *payment = &attempt->result.payment;
    const struct payment_cause cause = {.evidence = "api", .app_id = &attempt->app->id};
    bool moved = !payment_is_own(payment, attempt->app);
    bool won;
    enum err err = payment_store_claim(db, payment, &attempt->app->id, attempt->now_us, &won);

    if (err == ERR_OK && !won)
        err = ERR_DB_CONFLICT;
    if (err == ERR_OK)
        err = claim_store_insert(db, &payment->id, payment->receipt, &attempt->app->id,
                                 &attempt->token, attempt->now_us);
    if (err == ERR_OK)
        err = payment_event_add(attempt->service, payment, &cause, "claimed",
                                moved ? STR("ownership moved from ADMIN_SHOP") : STR_EMPTY);
    if (err != ERR_OK)
        return err;
    payment->app_id = attempt->app->id;
    payment->claimed = true;
    payment->claimed_at_us = attempt->now_us;
    payment->version++;
    return ERR_OK;
}

static enum err claim_work(struct db *db, void *context)
{
    struct claim_attempt *attempt = context;
    struct payment *payment = &attempt->result.payment;
    enum err err = payment_find(attempt->service, attempt->app, attempt->selector, PAYMENT_LOCK,
                                payment, &attempt->result.candidates);

    if (err != ERR_OK)
        return err;
    if (payment->claimed)
        return claim_of_own(db, attempt);
    if (!payment_is_claimable(payment) ||
        !payment_fact_given(payment, attempt->app, attempt->selector))
        return ERR_NOT_FOUND;
    return claim_write(db, attempt);
}

/*
 * Asks by the mark alone, and reads what it took: a redo may have looked at the payment before the
 * COMMIT came late, or, by a reference, at another payment.
 */
static enum err claim_settle(struct db *db, void *context, bool *ret_committed)
{
    struct claim_attempt *attempt = context;
    struct arena *arena = attempt->service->arena;
    struct uuid payment_id;
    enum err err = claim_store_by_token(db, arena, &attempt->token, &payment_id);

    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    *ret_committed = err == ERR_OK;
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    return payment_store_by_id(db, arena, &payment_id, PAYMENT_READ, &attempt->result.payment);
}

enum err claim_payment(struct service *service, const struct app *app,
                       const struct payment_selector *selector, struct claim_result *ret_result)
{
    struct claim_attempt attempt = {.service = service, .app = app, .selector = selector};
    enum err err = uuid_new(&attempt.token);

    if (err != ERR_OK)
        return err;
    attempt.now_us = clock_now_us();
    err = db_run_unit(
        service->db,
        &(struct db_unit){.work = claim_work, .settle = claim_settle, .context = &attempt});
    if (err == ERR_DUPLICATE)
        /* The second barrier held where the first did not: for a person to look at. */
        log_write(
            LOG_LEVEL_ERROR, "claim_barrier",
            LOG_FIELDS(LOG_UUID("payment", &attempt.result.payment.id), LOG_UUID("app", &app->id)));
    if (err == ERR_DUPLICATE)
        err = ERR_NOT_FOUND;
    if (err == ERR_OK) {
        ASSERT(attempt.result.payment.claimed);
        log_write(LOG_LEVEL_INFO, "payment_claimed",
                  LOG_FIELDS(LOG_UUID("payment", &attempt.result.payment.id),
                             LOG_STR("app", app->name),
                             LOG_STR("receipt", attempt.result.payment.receipt)));
    }
    *ret_result = attempt.result;
    return err;
}
