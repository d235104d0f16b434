/* How verify and claim name a payment: their common fields, and the count of receipts guessed. */
#ifndef RISITI_API_SELECTOR_H
#define RISITI_API_SELECTOR_H

#include "risiti/api/call.h"
#include "risiti/api/fields.h"
#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/domain/payment.h"

/* Places of the common fields in both tables; verify alone has the checkout id. */
enum selector_field {
    SELECTOR_RECEIPT,
    SELECTOR_PAYMENT_ID,
    SELECTOR_REFERENCE,
    SELECTOR_AMOUNT,
    SELECTOR_PHONE,
    SELECTOR_CHECKOUT,
};

/*
 * ERR_INVALID when the fields name no payment at all. `value_count` tells whether there is
 * SELECTOR_CHECKOUT.
 */
RISITI_CHECKED enum err selector_make(struct call *call, const struct field_value *values,
                                      size_t value_count, struct payment_selector *ret_selector);
/* Before a look-up by receipt: ERR_THROTTLED for an app that has guessed too often. */
RISITI_CHECKED enum err selector_admit(struct call *call, const struct payment_selector *selector);
/* After one that found nothing. */
void selector_missed(struct call *call, const struct payment_selector *selector);

#endif
