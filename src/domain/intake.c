/* Money that has arrived at a short code: see intake.h. */
#include "risiti/base/base.h"

#include "risiti/domain/intake.h"

#include "risiti/base/clock.h"
#include "risiti/base/phone.h"
#include "risiti/db/claim_store.h"
#include "risiti/db/hold_store.h"
#include "risiti/domain/account.h"
#include "risiti/domain/conflict.h"
#include "risiti/domain/push_lock.h"

static enum err intake_done(struct callback_effect *effect, enum inbox_state state,
                            const struct uuid *payment_id, const char *note)
{
    *effect = (struct callback_effect){
        .state = state, .has_payment = true, .payment_id = *payment_id, .note = note};
    return ERR_OK;
}

enum err intake_insert(struct service *service, const struct intake_money *intake,
                       enum intake_state state, const struct payment_cause *cause,
                       struct payment *ret_payment)
{
    static const char *const events[] = {[INTAKE_FREE] = "received",
                                         [INTAKE_HELD] = "received_held",
                                         [INTAKE_DISPUTED] = "received_disputed"};
    int64_t now_us = clock_now_us();
    struct payment payment = {
        .app_id = admin_shop_id,
        .external_reference = intake->account_reference,
        .phone = intake->phone,
        .amount = intake->amount,
        .receipt = intake->receipt,
        .type = intake->type,
        .status = PAYMENT_STATUS_SUCCESS,
        .held = state != INTAKE_FREE,
        .conflict = state == INTAKE_DISPUTED,
        .created_at_us = now_us,
        .paid_at_us = intake->paid_at_us,
        .short_code = intake->short_code,
        .account_reference = intake->account_reference,
    };
    struct payment_insert insert = {
        .payment = &payment, .payer_name = intake->payer_name, .raw_callback = intake->raw};
    enum err err = uuid_new(&payment.id);

    if (state == INTAKE_HELD)
        insert.held_until_us =
            now_us + service->config->pushes_hold_hours * 3600 * CLOCK_US_PER_SECOND;
    if (err == ERR_OK)
        err = payment_store_insert(service->db, &insert);
    if (err == ERR_OK)
        err = payment_event_add(service, &payment, cause, events[state], STR_EMPTY);
    if (err != ERR_OK)
        return err;
    payment.version = 1;
    *ret_payment = payment;
    return ERR_OK;
}

/* The receipt is known: the same money again, or a contradiction for a person. */
static enum err intake_repeated(struct service *service, const struct intake_money *intake,
                                struct callback_effect *effect)
{
    struct payment payment;
    enum err err = payment_store_by_receipt(service->db, service->arena, intake->receipt,
                                            PAYMENT_READ, &payment);

    if (err == ERR_NOT_FOUND)
        return ERR_DB_CONFLICT; /* it was just moved or rolled back: look again from the start */
    if (err != ERR_OK)
        return err;
    if (!money_equal(payment.amount, intake->amount))
        return intake_done(effect, INBOX_STATE_CONFLICT, &payment.id,
                           "the receipt is known with another amount");
    return intake_done(effect, INBOX_STATE_REPEATED, &payment.id, NULL);
}

/* How the payer compares with the phone that was asked for its PIN. */
static enum phone_match push_phone_compare(const struct payment *push, struct str payer)
{
    struct phone phone;

    return phone_parse(push->phone, &phone) == ERR_OK ? phone_compare(&phone, payer)
                                                      : PHONE_UNPROVEN;
}

/* The one push that the money names by its account reference, if it asks for this amount. */
static enum err push_named(struct service *service, const struct intake_money *intake,
                           struct payment *ret_push)
{
    struct str folded = account_fold(service->arena, intake->account_reference);
    struct payment push;
    enum err err;

    if (intake->account_reference.length == 0 || folded.length > ACCOUNT_LENGTH_MAX)
        return ERR_NOT_FOUND;
    if (folded.data == NULL)
        return ERR_NOMEM;
    err = payment_store_unsettled(service->db, service->arena, intake->short_code, folded, &push);
    if (err == ERR_OK && !money_equal(push.amount, intake->amount))
        err = ERR_NOT_FOUND;
    if (err == ERR_OK)
        *ret_push = push;
    return err;
}

/* The money is the push's: its row takes the receipt, and the unique key says whether it is new. */
static enum err push_complete(struct service *service, const struct intake_money *intake,
                              struct payment *push, const struct payment_cause *cause,
                              struct callback_effect *effect)
{
    bool was_paid = push->status == PAYMENT_STATUS_SUCCESS;
    const struct payment_result result = {.status = PAYMENT_STATUS_SUCCESS,
                                          .receipt = intake->receipt,
                                          .paid_at_us = was_paid ? 0 : intake->paid_at_us,
                                          .settled = true};
    enum err err = payment_store_apply(service->db, push, &result);

    if (err == ERR_DUPLICATE)
        return intake_repeated(service, intake, effect);
    if (err == ERR_OK && push->claimed)
        err = claim_store_set_receipt(service->db, &push->id, intake->receipt);
    if (err == ERR_OK)
        err = payment_event_add(service, push, cause, was_paid ? "receipt_completed" : "paid",
                                intake->receipt);
    if (err == ERR_OK)
        err = push_lock_end(service, push);
    return err == ERR_OK ? intake_done(effect, INBOX_STATE_APPLIED, &push->id, NULL) : err;
}

/* The reference is the push's, the payer is somebody else: a person must look. */
static enum err push_disputed(struct service *service, const struct intake_money *intake,
                              struct payment *push, const struct payment_cause *cause,
                              struct callback_effect *effect)
{
    static const char note[] = "the push's reference and amount, paid by another phone";
    struct payment money;
    enum err err = intake_insert(service, intake, INTAKE_DISPUTED, cause, &money);

    if (err == ERR_DUPLICATE)
        return intake_repeated(service, intake, effect);
    if (err == ERR_OK)
        err = conflict_record(service, cause, CONFLICT_PHONE, push, &money, note);
    return err == ERR_OK ? intake_done(effect, INBOX_STATE_CONFLICT, &money.id, note) : err;
}

/* The unsettled pushes that the money may belong to, by amount and payer. */
static enum err pushes_like(struct service *service, const struct intake_money *intake,
                            struct payments *ret_pushes)
{
    size_t kept = 0;
    enum err err = payment_store_unsettled_list(service->db, service->arena, intake->short_code,
                                                intake->amount, INTAKE_PUSHES_MAX, ret_pushes);

    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < ret_pushes->count; i++)
        if (push_phone_compare(&ret_pushes->items[i], intake->phone) != PHONE_DIFFERENT)
            ret_pushes->items[kept++] = ret_pushes->items[i];
    ret_pushes->count = kept;
    return ERR_OK;
}

/* Ties the money to one push that may be its own; the push's version says so to whoever settles. */
static enum err hold_place(struct service *service, const struct payment *money,
                           const struct payment *push, const struct payment_cause *cause)
{
    char id[UUID_TEXT_SIZE];
    struct str detail = arena_format(service->arena, "payment %s", uuid_format(&money->id, id));
    enum err err = detail.data != NULL ? ERR_OK : ERR_NOMEM;

    if (err == ERR_OK)
        err = hold_store_touch_push(service->db, push);
    if (err == ERR_OK)
        err = hold_store_insert(service->db, &money->id, &push->id);
    return err == ERR_OK ? payment_event_add(service, push, cause, "money_held", detail) : err;
}

enum err intake_apply(struct service *service, const struct intake_money *intake,
                      const struct payment_cause *cause, struct callback_effect *ret_effect)
{
    struct payments pushes = {.count = 0};
    struct payment push, money;
    enum err err = push_named(service, intake, &push);

    if (err == ERR_OK)
        return push_phone_compare(&push, intake->phone) == PHONE_DIFFERENT
                   ? push_disputed(service, intake, &push, cause, ret_effect)
                   : push_complete(service, intake, &push, cause, ret_effect);
    if (err != ERR_NOT_FOUND)
        return err;
    err = pushes_like(service, intake, &pushes);
    if (err == ERR_OK)
        err = intake_insert(service, intake, pushes.count > 0 ? INTAKE_HELD : INTAKE_FREE, cause,
                            &money);
    if (err == ERR_DUPLICATE)
        return intake_repeated(service, intake, ret_effect);
    for (size_t i = 0; err == ERR_OK && i < pushes.count; i++)
        err = hold_place(service, &money, &pushes.items[i], cause);
    if (err != ERR_OK)
        return err;
    return intake_done(ret_effect, INBOX_STATE_APPLIED, &money.id,
                       pushes.count > 0 ? "held: it may be the money of a push" : NULL);
}
