/* POST /api/payments/claim/: uses a payment once, and never again. */
#include "risiti/base/base.h"

#include "risiti/api/fields.h"
#include "risiti/api/routes.h"
#include "risiti/api/selector.h"
#include "risiti/domain/claim.h"

static const struct field fields[] = {
    [SELECTOR_RECEIPT] = {"receipt", FIELD_RECEIPT, false},
    [SELECTOR_PAYMENT_ID] = {"payment_id", FIELD_UUID, false},
    [SELECTOR_REFERENCE] = {"reference", FIELD_TEXT, false},
    [SELECTOR_AMOUNT] = {"amount", FIELD_AMOUNT, false},
    [SELECTOR_PHONE] = {"phone_number", FIELD_PHONE, false},
};

static void candidates_write(struct jwrite *json, const void *context)
{
    const struct payments *candidates = context;

    jwrite_array_begin(json, "payment_ids");
    for (size_t i = 0; i < candidates->count; i++)
        jwrite_uuid(json, NULL, &candidates->items[i].id);
    jwrite_array_end(json);
}

/* What went wrong, and for several candidates which they are. */
static enum err claim_refused(struct call *call, const struct payment_selector *selector,
                              const struct claim_result *result, enum err err)
{
    if (err == ERR_NOT_FOUND)
        selector_missed(call, selector);
    if (err == ERR_AMBIGUOUS) {
        struct payments *candidates = arena_alloc(call->service->arena, 1, sizeof(*candidates));

        if (candidates == NULL)
            return ERR_NOMEM;
        *candidates = result->candidates;
        call->problem.extend = candidates_write;
        call->problem.context = candidates;
    }
    return err;
}

enum err payment_claim_post(struct call *call)
{
    struct jwrite *json = &call->response->json;
    struct field_value values[ARRAY_LENGTH(fields)];
    struct payment_selector selector;
    struct claim_result result;
    enum err err = fields_read_body(call, fields, ARRAY_LENGTH(fields), values);

    if (err == ERR_OK)
        err = selector_make(call, values, ARRAY_LENGTH(fields), &selector);
    if (err == ERR_OK)
        err = selector_admit(call, &selector);
    if (err != ERR_OK)
        return err;
    err = claim_payment(call->service, &call->tenant->app, &selector, &result);
    if (err != ERR_OK)
        return claim_refused(call, &selector, &result, err);
    jwrite_object_begin(json, NULL);
    jwrite_text(json, "message", "Payment claimed successfully");
    jwrite_str(json, "receipt", result.payment.receipt);
    jwrite_uuid(json, "payment_id", &result.payment.id);
    jwrite_money(json, "amount", result.payment.amount);
    jwrite_time(json, "claimed_at", result.payment.claimed_at_us);
    jwrite_object_end(json);
    return ERR_OK;
}
