/* How verify and claim name a payment: see selector.h. */
#include "risiti/base/base.h"

#include "risiti/api/selector.h"

enum err selector_make(struct call *call, const struct field_value *values, size_t value_count,
                       struct payment_selector *ret_selector)
{
    struct payment_selector selector = {
        .receipt = values[SELECTOR_RECEIPT].text,
        .reference = values[SELECTOR_REFERENCE].text,
        .has_payment_id = values[SELECTOR_PAYMENT_ID].given,
        .payment_id = values[SELECTOR_PAYMENT_ID].uuid,
        .has_amount = values[SELECTOR_AMOUNT].given,
        .amount = values[SELECTOR_AMOUNT].money,
        .has_phone = values[SELECTOR_PHONE].given,
        .phone = values[SELECTOR_PHONE].phone,
    };

    if (value_count > SELECTOR_CHECKOUT)
        selector.checkout_request_id = values[SELECTOR_CHECKOUT].text;
    if (selector.receipt.data == NULL && selector.reference.data == NULL &&
        selector.checkout_request_id.data == NULL && !selector.has_payment_id) {
        problem_add_field(&call->problem, STR("receipt"),
                          "is required, or payment_id or reference in its place");
        return ERR_INVALID;
    }
    *ret_selector = selector;
    return ERR_OK;
}

enum err selector_admit(struct call *call, const struct payment_selector *selector)
{
    if (selector->receipt.data == NULL)
        return ERR_OK;
    return app_lookup_admit(call->service, call->tenant, &call->problem.retry_after_seconds);
}

void selector_missed(struct call *call, const struct payment_selector *selector)
{
    if (selector->receipt.data != NULL)
        app_lookup_missed(call->service, call->tenant);
}
