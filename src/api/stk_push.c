/* POST /api/stk-push/: asks the customer's phone for the PIN. */
#include "risiti/base/base.h"

#include "risiti/api/fields.h"
#include "risiti/api/routes.h"
#include "risiti/domain/push.h"

enum push_field { PUSH_PHONE, PUSH_AMOUNT, PUSH_REFERENCE, PUSH_DESCRIPTION };

static const struct field fields[] = {
    [PUSH_PHONE] = {"phone_number", FIELD_PHONE, true},
    [PUSH_AMOUNT] = {"amount", FIELD_SHILLINGS, true},
    [PUSH_REFERENCE] = {"reference", FIELD_TEXT, true},
    [PUSH_DESCRIPTION] = {"description", FIELD_LONG_TEXT, false},
};

/* The members that every outcome has, in a success as in a problem. */
static void outcome_write(struct jwrite *json, const void *context)
{
    const struct push_outcome *outcome = context;

    jwrite_uuid(json, "payment_id", &outcome->payment.id);
    jwrite_str(json, "checkout_request_id", outcome->payment.checkout_request_id);
    jwrite_str(json, "status", payment_status_name(outcome->payment.status));
    if (outcome->answer.body.data != NULL)
        jwrite_raw(json, "daraja_response", outcome->answer.body);
    else
        jwrite_null(json, "daraja_response");
}

static void success_write(struct call *call, unsigned status, const char *message,
                          const struct push_outcome *outcome)
{
    struct jwrite *json = &call->response->json;

    call->response->status = status;
    jwrite_object_begin(json, NULL);
    jwrite_text(json, "message", message);
    outcome_write(json, outcome);
    jwrite_object_end(json);
}

/* The members of a problem: its `status` is the HTTP one, so the payment's has another name. */
static void refusal_write(struct jwrite *json, const void *context)
{
    const struct push_outcome *outcome = context;

    jwrite_uuid(json, "payment_id", &outcome->payment.id);
    jwrite_str(json, "payment_status", payment_status_name(outcome->payment.status));
    jwrite_str(json, "daraja_code", outcome->answer.code);
    jwrite_str(json, "daraja_message", outcome->answer.message);
}

static enum err push_refused(struct call *call, const struct push_outcome *outcome, enum err err)
{
    struct push_outcome *kept = arena_alloc(call->service->arena, 1, sizeof(*kept));

    if (kept == NULL)
        return ERR_NOMEM;
    *kept = *outcome;
    if (outcome->answer.message.length > 0)
        call->problem.detail = outcome->answer.message;
    call->problem.extend = refusal_write;
    call->problem.context = kept;
    if (err == ERR_PUSH_LOCKED)
        call->problem.retry_after_seconds = 60;
    return err;
}

static void open_write(struct jwrite *json, const void *context)
{
    const struct push_outcome *outcome = context;

    jwrite_uuid(json, "payment_id", &outcome->payment.id);
    jwrite_str(json, "payment_status", payment_status_name(outcome->payment.status));
}

/* Another push to this phone is in the way; only the app's own is named. */
static enum err push_kept_apart(struct call *call, const struct push_outcome *outcome, enum err err)
{
    struct push_outcome *kept = arena_alloc(call->service->arena, 1, sizeof(*kept));

    if (kept == NULL)
        return ERR_NOMEM;
    *kept = *outcome;
    if (outcome->has_open) {
        call->problem.extend = open_write;
        call->problem.context = kept;
    }
    call->problem.retry_after_seconds = outcome->wait_s;
    return err;
}

enum err stk_push_post(struct call *call)
{
    const struct config_short_code *short_code = push_short_code(call->service);
    struct field_value values[ARRAY_LENGTH(fields)];
    struct push_outcome outcome;
    enum err err = fields_read_body(call, fields, ARRAY_LENGTH(fields), values);

    if (err != ERR_OK)
        return err;
    if (short_code == NULL) {
        call->problem.detail = STR("This service is not set up for M-Pesa requests yet");
        return ERR_DARAJA_DOWN;
    }
    if (!push_amount_fits(short_code, values[PUSH_AMOUNT].money)) {
        problem_add_field(&call->problem, STR("amount"), "is outside the limits of this service");
        return ERR_INVALID;
    }
    err = push_start(call->service, &call->tenant->app,
                     &(struct push_request){.phone = values[PUSH_PHONE].phone,
                                            .amount = values[PUSH_AMOUNT].money,
                                            .reference = values[PUSH_REFERENCE].text,
                                            .description = values[PUSH_DESCRIPTION].text},
                     &outcome);
    switch (err) {
    case ERR_OK:
        success_write(call, 200, "STK initiated", &outcome);
        return ERR_OK;
    case ERR_PUSH_UNKNOWN:
        success_write(call, 202, "STK sent, its outcome is not known yet", &outcome);
        return ERR_OK;
    case ERR_PUSH_REFUSED:
    case ERR_PUSH_LOCKED:
    case ERR_DARAJA_DOWN:
    case ERR_DARAJA_AUTH:
        return push_refused(call, &outcome, err);
    case ERR_PUSH_OPEN:
    case ERR_PUSH_REPEATED:
        return push_kept_apart(call, &outcome, err);
    default:
        return err;
    }
}
