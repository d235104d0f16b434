/*
 * What an STK result does to its push. Paid money with a receipt locks the receipt's row first and
 * the push's second; a C2B confirmation of the same money that came earlier is merged into it.
 */
#include "risiti/base/base.h"

#include "risiti/domain/stk_result.h"

#include "risiti/base/phone.h"
#include "risiti/db/check_store.h"
#include "risiti/db/claim_store.h"
#include "risiti/db/hold_store.h"
#include "risiti/domain/conflict.h"
#include "risiti/domain/intake.h"
#include "risiti/domain/payment.h"
#include "risiti/domain/push_lock.h"

/* Everything that the steps below look at and decide. */
struct stk_effect {
    struct service *service;
    const struct stk_evidence *evidence;
    struct stk_result result;
    struct payment push; /* locked */
    bool has_intake;
    struct payment intake; /* another row that has the receipt already, locked */
    struct callback_effect *effect;
};

static enum err stk_done(struct stk_effect *stk, enum inbox_state state, const char *note)
{
    *stk->effect = (struct callback_effect){
        .state = state, .has_payment = true, .payment_id = stk->push.id, .note = note};
    return ERR_OK;
}

/* Writes a change of the push and its event. Another row has taken the receipt meanwhile: redo. */
static enum err push_apply(struct stk_effect *stk, const struct payment_result *result,
                           const char *event, struct str detail)
{
    enum err err;

    ASSERT(payment_may_become(stk->push.status, result->status));
    err = payment_store_apply(stk->service->db, &stk->push, result);
    if (err == ERR_DUPLICATE)
        return ERR_DB_CONFLICT;
    if (err != ERR_OK)
        return err;
    err = payment_event_add(stk->service, &stk->push, &stk->evidence->cause, event, detail);
    if (err == ERR_OK && result->status != PAYMENT_STATUS_PENDING)
        err = push_lock_end(stk->service, &stk->push);
    stk->push.version++;
    return err;
}

/* The parts of a change that every result of this body has in common. */
static struct payment_result result_base(const struct stk_effect *stk, enum payment_status status)
{
    const struct stk_result *result = &stk->result;
    bool is_new = stk->push.checkout_request_id.data == NULL;

    return (struct payment_result){
        .status = status,
        .checkout_request_id = is_new ? result->checkout_request_id : STR_EMPTY,
        .merchant_request_id = is_new ? result->merchant_request_id : STR_EMPTY,
        .result_code = result->result_code,
        .result_description = result->result_description,
        .raw_callback = stk->evidence->body,
    };
}

/* The money of a result that contradicts its push gets a row of its own, held for a person. */
static enum err disputed_insert(struct stk_effect *stk)
{
    const struct stk_result *result = &stk->result;
    const struct intake_money intake = {
        .receipt = result->receipt,
        .amount = result->has_amount ? result->amount : stk->push.amount,
        .short_code = stk->push.short_code,
        .account_reference = stk->push.account_reference,
        .phone = result->phone.length > 0 ? result->phone : stk->push.phone,
        .raw = stk->evidence->body,
        .paid_at_us = result->paid_at_us,
        .type = PAYMENT_TYPE_STK,
    };
    enum err err =
        intake_insert(stk->service, &intake, INTAKE_DISPUTED, &stk->evidence->cause, &stk->intake);

    if (err == ERR_OK)
        stk->has_intake = true;
    return err == ERR_DUPLICATE ? ERR_DB_CONFLICT : err;
}

/*
 * Keeps the contradiction where a person will see it: nothing of it is applied, and the money, if
 * the result names any, is held.
 */
static enum err push_contradicted(struct stk_effect *stk, enum conflict_kind kind, const char *note)
{
    bool names_money = stk->result.receipt.data != NULL &&
                       (!stk->result.has_amount || stk->result.amount.cents > 0);
    enum err err = ERR_OK;

    if (!stk->has_intake && names_money)
        err = disputed_insert(stk);
    if (err == ERR_OK)
        err = conflict_record(stk->service, &stk->evidence->cause, kind, &stk->push,
                              stk->has_intake ? &stk->intake : NULL, note);
    return err == ERR_OK ? stk_done(stk, INBOX_STATE_CONFLICT, note) : err;
}

/* "payment 0192…": what the event of a merged row, and of the one that stands for it, names. */
static enum err merge_event(struct stk_effect *stk, const struct payment *changed,
                            const char *event, const struct payment *other)
{
    char id[UUID_TEXT_SIZE];
    struct str detail =
        arena_format(stk->service->arena, "payment %s", uuid_format(&other->id, id));

    if (detail.data == NULL)
        return ERR_NOMEM;
    return payment_event_add(stk->service, changed, &stk->evidence->cause, event, detail);
}

/* The C2B confirmation came first: its row gives the receipt to the push. */
static enum err intake_merge(struct stk_effect *stk)
{
    enum err err = payment_store_merge(stk->service->db, &stk->intake, &stk->push.id);

    if (err == ERR_OK)
        err = hold_store_delete(stk->service->db, &stk->intake.id);
    return err == ERR_OK ? merge_event(stk, &stk->intake, "merged", &stk->push) : err;
}

/*
 * The app has used the money by its receipt before the push heard of it: the claim stands, and the
 * claimed payment answers to the push's reference and checkout id from now on.
 */
static enum err push_merge(struct stk_effect *stk)
{
    const struct payment *push = &stk->push;
    const struct payment_result adopted = {
        .status = PAYMENT_STATUS_SUCCESS,
        .external_reference = push->external_reference,
        .checkout_request_id = stk->result.checkout_request_id,
        .merchant_request_id = stk->result.merchant_request_id,
        .result_code = stk->result.result_code,
        .result_description = stk->result.result_description,
    };
    enum err err = payment_store_merge(stk->service->db, push, &stk->intake.id);

    if (err == ERR_OK)
        err = push_lock_end(stk->service, push);
    if (err == ERR_OK)
        err = merge_event(stk, push, "merged", &stk->intake);
    if (err == ERR_OK)
        err = payment_store_apply(stk->service->db, &stk->intake, &adopted);
    if (err == ERR_OK)
        err = merge_event(stk, &stk->intake, "push_joined", push);
    if (err != ERR_OK)
        return err;
    stk->push.id = stk->intake.id;
    return stk_done(stk, INBOX_STATE_APPLIED, "claimed by its receipt before");
}

/* What the event of a paid push shows. data NULL without memory. */
static struct str paid_detail(const struct stk_effect *stk)
{
    const struct stk_result *result = &stk->result;

    if (result->receipt.data != NULL)
        return result->receipt;
    if (result->raw_receipt.length == 0)
        return STR("receipt awaited");
    return arena_format(stk->service->arena, "receipt awaited: \"%.*s\" is none",
                        STR_ARG(result->raw_receipt));
}

static enum err push_paid(struct stk_effect *stk)
{
    struct payment_result paid = result_base(stk, PAYMENT_STATUS_SUCCESS);
    bool completes = stk->push.status == PAYMENT_STATUS_SUCCESS;
    struct str detail = paid_detail(stk);
    enum err err = detail.data != NULL ? ERR_OK : ERR_NOMEM;

    paid.receipt = stk->result.receipt;
    paid.paid_at_us = stk->result.paid_at_us;
    /* A push that is paid without a receipt still takes the receipt that comes later. */
    paid.settled = paid.receipt.data != NULL;
    if (err == ERR_OK && stk->has_intake)
        err = intake_merge(stk);
    if (err == ERR_OK)
        err = push_apply(stk, &paid, completes ? "receipt_completed" : "paid", detail);
    if (err == ERR_OK && stk->push.claimed && paid.receipt.data != NULL)
        err = claim_store_set_receipt(stk->service->db, &stk->push.id, paid.receipt);
    return err == ERR_OK ? stk_done(stk, INBOX_STATE_APPLIED, NULL) : err;
}

/* Whether Daraja reports another payer than the phone that was asked. */
static bool payer_differs(const struct stk_effect *stk)
{
    struct phone phone;

    return phone_parse(stk->push.phone, &phone) == ERR_OK &&
           phone_compare(&phone, stk->result.phone) == PHONE_DIFFERENT;
}

/* Another row has the receipt, with the same money: which of the two stands for it? */
static enum err apply_twin(struct stk_effect *stk)
{
    const struct payment *push = &stk->push, *intake = &stk->intake;
    bool is_open = false;
    enum err err = ERR_OK;

    if (intake->conflict && !intake->claimed)
        err = conflict_is_open(stk->service, push, intake, &is_open);
    if (err != ERR_OK)
        return err;
    if (intake->conflict && !intake->claimed && !is_open)
        return push_contradicted(stk, CONFLICT_RECEIPT_TAKEN,
                                 "the receipt is in another push's conflict");
    if (is_open)
        err = conflict_prove(stk->service, &stk->evidence->cause, &stk->push, intake);
    if (err != ERR_OK)
        return err;
    if (!intake->claimed && uuid_equal(&intake->app_id, &admin_shop_id))
        return push_paid(stk);
    if (!uuid_equal(&intake->app_id, &push->app_id))
        return push_contradicted(stk, CONFLICT_CLAIMED_ELSEWHERE,
                                 "another app has claimed the receipt");
    if (push->claimed)
        return push_contradicted(stk, CONFLICT_RECEIPT_TAKEN, "push and receipt were both claimed");
    return push_merge(stk);
}

/* All of it is known, but for the checkout id of a push whose answer was lost. */
static enum err paid_again(struct stk_effect *stk)
{
    const struct payment_result known = result_base(stk, PAYMENT_STATUS_SUCCESS);
    enum err err;

    if (known.checkout_request_id.data == NULL)
        return stk_done(stk, INBOX_STATE_REPEATED, NULL);
    err = push_apply(stk, &known, "checkout_known", STR_EMPTY);
    return err == ERR_OK ? stk_done(stk, INBOX_STATE_APPLIED, NULL) : err;
}

/* A result that says: paid. */
static enum err apply_paid(struct stk_effect *stk)
{
    const struct payment *push = &stk->push, *intake = &stk->intake;
    struct str receipt = stk->result.receipt;

    if (push->status == PAYMENT_STATUS_SUCCESS) {
        if (receipt.data == NULL || str_equal(receipt, push->receipt))
            return paid_again(stk);
        if (push->receipt.data != NULL)
            return push_contradicted(stk, CONFLICT_SECOND_RECEIPT,
                                     "a second receipt for a push that has one");
    }
    if (stk->result.has_amount && !money_equal(stk->result.amount, push->amount))
        return push_contradicted(stk, CONFLICT_AMOUNT, "the amount paid is not the amount asked");
    if (payer_differs(stk))
        return push_contradicted(stk, CONFLICT_PHONE, "another phone has paid");
    if (!stk->has_intake)
        return push_paid(stk);
    if (!money_equal(intake->amount, push->amount) || intake->reversed ||
        (intake->type != PAYMENT_TYPE_C2B && !intake->conflict))
        return push_contradicted(stk, CONFLICT_RECEIPT_TAKEN,
                                 "the receipt belongs to another payment");
    return apply_twin(stk);
}

static enum err apply_failed(struct stk_effect *stk)
{
    struct payment_result failed = result_base(stk, PAYMENT_STATUS_FAILED);
    const char *meaning = stk_code_meaning(stk->result.result_code);
    enum err err;

    if (stk->push.status == PAYMENT_STATUS_SUCCESS)
        return stk_done(stk, INBOX_STATE_CONFLICT, "a failure after a success: ignored");
    if (stk->push.status == PAYMENT_STATUS_FAILED)
        return stk_done(stk, INBOX_STATE_REPEATED, NULL);
    failed.settled = true;
    err = push_apply(stk, &failed, "failed", str_from(meaning));
    return err == ERR_OK ? stk_done(stk, INBOX_STATE_APPLIED, NULL) : err;
}

/* A code that is not listed says nothing final: it is kept, and the push stays as it is. */
static enum err apply_unlisted(struct stk_effect *stk)
{
    struct payment_result noted = result_base(stk, stk->push.status);
    enum err err;

    if (stk->push.status != PAYMENT_STATUS_PENDING ||
        str_equal(stk->push.result_code, stk->result.result_code))
        return stk_done(stk, INBOX_STATE_REPEATED, NULL);
    err = push_apply(stk, &noted, "result_unlisted", stk->result.result_code);
    return err == ERR_OK ? stk_done(stk, INBOX_STATE_APPLIED, "the result code is not listed")
                         : err;
}

/* Locks the receipt's row, then the push's. */
static enum err rows_lock(struct stk_effect *stk)
{
    struct service *service = stk->service;
    struct uuid push_id = stk->push.id;
    enum err err = ERR_NOT_FOUND;

    if (stk->result.receipt.data != NULL)
        err = payment_store_by_receipt(service->db, service->arena, stk->result.receipt,
                                       PAYMENT_LOCK, &stk->intake);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    stk->has_intake = err == ERR_OK && !uuid_equal(&stk->intake.id, &push_id);
    return payment_store_by_id(service->db, service->arena, &push_id, PAYMENT_LOCK, &stk->push);
}

/*
 * Whether the body's checkout id is the push's. One that is not known yet, because the callback was
 * faster than the answer to the push, is taken from the body unless another push has it.
 */
static enum err checkout_fits(struct stk_effect *stk, bool *ret_fits)
{
    struct str checkout_id = stk->result.checkout_request_id;
    struct payment other;
    enum err err;

    if (stk->push.checkout_request_id.data != NULL) {
        *ret_fits = str_equal(stk->push.checkout_request_id, checkout_id);
        return ERR_OK;
    }
    err = payment_store_by_checkout(stk->service->db, stk->service->arena, checkout_id, &other);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    *ret_fits = err == ERR_NOT_FOUND;
    return ERR_OK;
}

/*
 * A result that anybody could have sent says "paid": the push has a secret of its own, and it is
 * not in the path. Daraja is asked at once; until it agrees the result waits. When Daraja says that
 * the push failed, a person must look.
 */
static enum err apply_unproven(struct stk_effect *stk)
{
    enum err err;

    if (stk->push.status == PAYMENT_STATUS_FAILED)
        return push_contradicted(stk, CONFLICT_UNPROVEN,
                                 "paid by a result without secret, failed by another");
    err = check_store_now(stk->service->db, &stk->push.id);
    return err == ERR_OK ? stk_done(stk, INBOX_STATE_WAITING, "until a query says the same") : err;
}

static bool needs_proof(const struct stk_effect *stk)
{
    return !stk->evidence->is_proven && stk->push.has_token &&
           stk->push.status != PAYMENT_STATUS_SUCCESS &&
           !stk->service->config->callbacks_plain_stk_trusted;
}

static enum err stk_apply(struct stk_effect *stk)
{
    bool fits;
    enum err err = rows_lock(stk);

    if (err != ERR_OK)
        return err;
    if (stk->push.is_merged)
        return stk_done(stk, INBOX_STATE_REPEATED, NULL);
    err = checkout_fits(stk, &fits);
    if (err != ERR_OK)
        return err;
    if (!fits)
        return stk_done(stk, INBOX_STATE_CONFLICT, "the checkout id is another push's");
    switch (stk_code_verdict(stk->result.result_code, stk->evidence->source)) {
    case STK_VERDICT_PAID:
        return needs_proof(stk) ? apply_unproven(stk) : apply_paid(stk);
    case STK_VERDICT_FAILED:
        return apply_failed(stk);
    case STK_VERDICT_PENDING:
        break;
    }
    return apply_unlisted(stk);
}

enum err stk_result_apply(struct service *service, const struct uuid *push_id,
                          const struct stk_result *result, const struct stk_evidence *evidence,
                          struct callback_effect *ret_effect)
{
    struct stk_effect stk = {.service = service,
                             .evidence = evidence,
                             .result = *result,
                             .push = {.id = *push_id},
                             .effect = ret_effect};

    ASSERT(db_in_unit(service->db));
    return stk_apply(&stk);
}

/* The push that the callback is about: by the secret in its path, else by its checkout id. */
static enum err push_find(struct service *service, const struct callback *callback,
                          const struct stk_result *result, struct payment *ret_push)
{
    if (callback->token_hash != NULL)
        return payment_store_by_token(service->db, service->arena, callback->token_hash, ret_push);
    return payment_store_by_checkout(service->db, service->arena, result->checkout_request_id,
                                     ret_push);
}

enum err callback_apply_stk(struct service *service, const struct callback *callback,
                            const struct uuid *inbox_id, struct callback_effect *ret_effect)
{
    const struct stk_evidence evidence = {
        .source = STK_SOURCE_CALLBACK,
        .cause = {.evidence = "stk_callback", .inbox_id = inbox_id},
        .body = callback->body,
        .is_proven = callback->token_hash != NULL || callback->is_released,
    };
    struct stk_result result;
    struct payment push;
    const char *why = NULL;
    enum err err = stk_result_parse(service->arena, callback->body, &result, &why);

    if (err == ERR_SYNTAX || err == ERR_INVALID) {
        *ret_effect = (struct callback_effect){.state = INBOX_STATE_MALFORMED, .note = why};
        return ERR_OK;
    }
    if (err == ERR_OK)
        err = push_find(service, callback, &result, &push);
    if (err == ERR_NOT_FOUND) {
        *ret_effect = (struct callback_effect){.state = INBOX_STATE_WAITING,
                                               .note = "no push has this checkout id"};
        return ERR_OK;
    }
    return err == ERR_OK ? stk_result_apply(service, &push.id, &result, &evidence, ret_effect)
                         : err;
}
