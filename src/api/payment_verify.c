/* GET /api/payments/verify/: what is known of a payment, by receipt, reference or id. */
#include "risiti/base/base.h"

#include "risiti/api/fields.h"
#include "risiti/api/payment_json.h"
#include "risiti/api/routes.h"
#include "risiti/api/selector.h"

static const struct field fields[] = {
    [SELECTOR_RECEIPT] = {"receipt", FIELD_RECEIPT, false},
    [SELECTOR_PAYMENT_ID] = {"payment_id", FIELD_UUID, false},
    [SELECTOR_REFERENCE] = {"reference", FIELD_TEXT, false},
    [SELECTOR_AMOUNT] = {"amount", FIELD_AMOUNT, false},
    [SELECTOR_PHONE] = {"phone_number", FIELD_PHONE, false},
    [SELECTOR_CHECKOUT] = {"checkout_request_id", FIELD_TEXT, false},
};

enum err payment_verify_get(struct call *call)
{
    struct jwrite *json = &call->response->json;
    struct field_value values[ARRAY_LENGTH(fields)];
    struct payment_selector selector;
    struct payments candidates;
    struct payment payment;
    bool is_ambiguous;
    enum err err = fields_read_query(call, fields, ARRAY_LENGTH(fields), values);

    if (err == ERR_OK)
        err = selector_make(call, values, ARRAY_LENGTH(fields), &selector);
    if (err == ERR_OK)
        err = selector_admit(call, &selector);
    if (err != ERR_OK)
        return err;
    err = payment_find(call->service, &call->tenant->app, &selector, PAYMENT_READ, &payment,
                       &candidates);
    is_ambiguous = err == ERR_AMBIGUOUS;
    if (err == ERR_NOT_FOUND)
        selector_missed(call, &selector);
    if (err != ERR_OK && !is_ambiguous && err != ERR_NOT_FOUND)
        return err;
    jwrite_object_begin(json, NULL);
    if (err == ERR_NOT_FOUND)
        jwrite_bool(json, "paid", false);
    else
        payment_json_write(json, &payment, &call->tenant->app,
                           payment_is_claimable(&payment) && !is_ambiguous);
    jwrite_object_end(json);
    return ERR_OK;
}
