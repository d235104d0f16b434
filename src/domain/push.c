/* STK pushes: see push.h. */
#include "risiti/base/base.h"

#include "risiti/domain/push.h"

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/domain/account.h"
#include "risiti/domain/callback_replay.h"
#include "risiti/domain/path_token.h"
#include "risiti/domain/push_check.h"
#include "risiti/domain/push_lock.h"

/* How many codes of ours are tried before a clash is an error. */
#define CODE_TRIES_MAX 4

/* One push, from its row to its outcome. */
struct push {
    struct service *service;
    const struct config_short_code *short_code;
    const struct push_request *request;
    struct payment payment;
    struct payment_insert insert;
    struct sha256 token_hash;
    char account[ACCOUNT_SIZE]; /* what Daraja is given */
    struct str callback_url;
    struct push_refusal refusal; /* when there may be no push */
    enum err sent;               /* what daraja_stk_push returned */
    struct stk_push_accepted accepted;
    struct daraja_answer answer;
};

const struct config_short_code *push_short_code(const struct service *service)
{
    const struct config_short_code *short_code =
        service->daraja != NULL && service->config->service_public_url[0] != '\0'
            ? config_short_code_find(service->config, STR_EMPTY)
            : NULL;

    return short_code != NULL && short_code->passkey.text[0] != '\0' ? short_code : NULL;
}

bool push_amount_fits(const struct config_short_code *short_code, struct money amount)
{
    return amount.cents >= short_code->amount_min.cents &&
           amount.cents <= short_code->amount_max.cents;
}

static enum err callback_url_make(struct push *push)
{
    struct str token;
    enum err err = path_token_make(push->service->arena, &token, &push->token_hash);

    if (err != ERR_OK)
        return err;
    push->callback_url = arena_format(push->service->arena, "%s/hooks/stk/%.*s/",
                                      push->service->config->service_public_url, STR_ARG(token));
    return push->callback_url.data != NULL ? ERR_OK : ERR_NOMEM;
}

/* The reference as it goes to Daraja: the app's own if it may, else a code of ours. */
static enum err account_choose(struct push *push, bool own_is_taken)
{
    struct str reference = push->request->reference;
    enum err err = ERR_OK;

    if (own_is_taken || !account_is_sendable(push->short_code, reference) ||
        !str_copy(reference, push->account, sizeof(push->account)))
        err = account_code_make(push->account);
    push->payment.account_reference = str_from(push->account);
    push->insert.open_reference =
        account_fold(push->service->arena, push->payment.account_reference);
    if (err == ERR_OK && push->insert.open_reference.data == NULL)
        err = ERR_NOMEM;
    return err;
}

static enum err push_insert_work(struct db *db, void *context)
{
    struct push *push = context;
    const struct payment_cause cause = {.evidence = "api", .app_id = &push->payment.app_id};
    enum err err = push_lock_take(push->service, &push->payment, &push->refusal);

    if (err == ERR_OK)
        err = payment_store_insert(db, &push->insert);
    return err == ERR_OK
               ? payment_event_add(push->service, &push->payment, &cause, "created", STR_EMPTY)
               : err;
}

static enum err push_insert_settle(struct db *db, void *context, bool *ret_committed)
{
    struct push *push = context;
    struct payment payment;
    enum err err =
        payment_store_by_id(db, push->service->arena, &push->payment.id, PAYMENT_READ, &payment);

    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    *ret_committed = err == ERR_OK;
    return ERR_OK;
}

/* Commits the row. A reference that another open push has is replaced by a code of ours. */
static enum err push_insert(struct push *push)
{
    enum err err = ERR_DUPLICATE;

    for (int i = 0; err == ERR_DUPLICATE && i < CODE_TRIES_MAX; i++) {
        err = account_choose(push, /* own_is_taken= */ i > 0);
        if (err == ERR_OK)
            err = db_run_unit(push->service->db, &(struct db_unit){.work = push_insert_work,
                                                                   .settle = push_insert_settle,
                                                                   .context = push});
    }
    if (err == ERR_OK)
        push->payment.version = 1;
    return err == ERR_DUPLICATE ? ERR_INTERNAL : err;
}

/* What the outcome makes of the row, and its event. */
static enum err push_record_work(struct db *db, void *context)
{
    struct push *push = context;
    const struct payment_cause cause = {.evidence = "daraja", .app_id = &push->payment.app_id};
    struct payment_result result = {.status = PAYMENT_STATUS_PENDING};
    const char *event = "accepted";
    struct str detail = push->answer.message;
    enum err err = payment_store_by_id(db, push->service->arena, &push->payment.id, PAYMENT_LOCK,
                                       &push->payment);

    if (err != ERR_OK)
        return err;
    result.status = push->payment.status;
    if (push->sent == ERR_OK) {
        result.checkout_request_id = push->accepted.checkout_request_id;
        result.merchant_request_id = push->accepted.merchant_request_id;
    } else if (push->sent == ERR_PUSH_UNKNOWN) {
        event = "answer_lost";
        detail = str_from(push->answer.why != NULL ? push->answer.why : "not understandable");
    } else {
        event = push->answer.sent ? "refused" : "not_sent";
        result.settled = true;
        result.result_code = push->answer.sent ? push->answer.code : STR("NOT_SENT");
        result.result_description = push->answer.message;
        if (payment_may_become(push->payment.status, PAYMENT_STATUS_FAILED))
            result.status = PAYMENT_STATUS_FAILED;
    }
    err = payment_store_apply(db, &push->payment, &result);
    if (err == ERR_OK)
        err = payment_event_add(push->service, &push->payment, &cause, event, detail);
    if (err == ERR_OK && result.settled)
        err = push_lock_undo(push->service, &push->payment);
    if (err != ERR_OK)
        return err;
    push->payment.version++;
    push->payment.status = result.status;
    if (push->sent == ERR_OK)
        push->payment.checkout_request_id = result.checkout_request_id;
    return ERR_OK;
}

static void push_log(const struct push *push, enum err recorded)
{
    log_write(
        push->sent == ERR_OK && recorded == ERR_OK ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "push",
        LOG_FIELDS(LOG_UUID("payment", &push->payment.id), LOG_ERROR_NAME("outcome", push->sent),
                   LOG_ERROR_NAME("recorded", recorded), LOG_PHONE("phone", push->payment.phone),
                   LOG_CHECKOUT("checkout", push->accepted.checkout_request_id),
                   LOG_INT("daraja_status", push->answer.status),
                   LOG_STR("daraja_code", push->answer.code),
                   LOG_STR("daraja_message", push->answer.message),
                   LOG_TEXT("transport", push->answer.why)));
}

/* A result on the plain path that was faster than Daraja's answer waits for the checkout id. */
static void push_result_apply(struct push *push)
{
    unsigned done = 0;
    enum err err = callback_apply_waiting(push->service, push->accepted.checkout_request_id,
                                          /* payment_id= */ NULL, &done);

    if (err == ERR_OK && done > 0)
        err = payment_store_by_id(push->service->db, push->service->arena, &push->payment.id,
                                  PAYMENT_READ, &push->payment);
    if (err != ERR_OK)
        log_write(LOG_LEVEL_WARNING, "push_result_waits",
                  LOG_FIELDS(LOG_UUID("payment", &push->payment.id), LOG_ERROR_NAME("error", err)));
}

static enum err push_send(struct push *push)
{
    struct stk_push call = {
        .short_code = push->short_code,
        .phone = push->request->phone,
        .account_reference = push->payment.account_reference,
        .description = push->request->description,
        .callback_url = push->callback_url,
    };
    enum err err = money_shillings(push->request->amount, &call.amount_shillings);

    ASSERT(err == ERR_OK);
    return daraja_stk_push(push->service->daraja, push->service->arena, &call, &push->accepted,
                           &push->answer);
}

/* There may be no push now: says for how long, and because of which of the app's own. */
static enum err push_refused(const struct push *push, enum err why,
                             struct push_outcome *ret_outcome)
{
    const struct service *service = push->service;
    struct push_outcome outcome = {.wait_s = push->refusal.wait_s};
    struct payment open;
    enum err err = payment_store_by_id(service->db, service->arena, &push->refusal.payment_id,
                                       PAYMENT_READ, &open);

    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    outcome.has_open = err == ERR_OK && uuid_equal(&open.app_id, &push->payment.app_id);
    if (outcome.has_open)
        outcome.payment = open;
    log_write(LOG_LEVEL_INFO, "push_kept_apart",
              LOG_FIELDS(LOG_ERROR_NAME("why", why), LOG_PHONE("phone", push->payment.phone),
                         LOG_UUID("open", &push->refusal.payment_id),
                         LOG_INT("wait_s", outcome.wait_s)));
    *ret_outcome = outcome;
    return why;
}

enum err push_start(struct service *service, const struct app *app,
                    const struct push_request *request, struct push_outcome *ret_outcome)
{
    struct push push = {
        .service = service,
        .short_code = push_short_code(service),
        .request = request,
        .payment = {.app_id = app->id,
                    .external_reference = request->reference,
                    .phone = str_from(request->phone.digits),
                    .amount = request->amount,
                    .type = PAYMENT_TYPE_STK,
                    .status = PAYMENT_STATUS_PENDING,
                    .created_at_us = clock_now_us()},
    };
    enum err err, recorded;

    ASSERT(push.short_code != NULL && push_amount_fits(push.short_code, request->amount));
    push.payment.short_code = str_from(push.short_code->number);
    push.insert = (struct payment_insert){.payment = &push.payment,
                                          .description = request->description,
                                          .token_hash = &push.token_hash,
                                          .first_check_s = PUSH_FIRST_CHECK_S};
    err = uuid_new(&push.payment.id);
    if (err == ERR_OK)
        err = callback_url_make(&push);
    if (err == ERR_OK)
        err = push_insert(&push);
    if (err == ERR_PUSH_OPEN || err == ERR_PUSH_REPEATED)
        return push_refused(&push, err, ret_outcome);
    if (err != ERR_OK)
        return err;
    push.sent = push_send(&push);
    recorded =
        db_run_unit(service->db, &(struct db_unit){.work = push_record_work, .context = &push});
    push_log(&push, recorded);
    if (recorded == ERR_OK && push.sent == ERR_OK)
        push_result_apply(&push);
    /* Sent but not recorded: its own callback will tell; until then nobody knows more. */
    if (recorded != ERR_OK && (push.sent == ERR_OK || push.sent == ERR_PUSH_UNKNOWN))
        push.sent = ERR_PUSH_UNKNOWN;
    *ret_outcome = (struct push_outcome){.payment = push.payment, .answer = push.answer};
    return push.sent;
}
