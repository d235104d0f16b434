/* A payment in the form that every answer shows it in: see payment_json.h. */
#include "risiti/base/base.h"

#include "risiti/api/payment_json.h"

#include "risiti/base/phone.h"

void payment_json_write(struct jwrite *json, const struct payment *payment, const struct app *app,
                        bool claimable)
{
    char mask[PHONE_MASK_SIZE];
    bool is_own = payment_is_own(payment, app);
    bool is_paid = payment->status == PAYMENT_STATUS_SUCCESS && !payment->reversed;

    jwrite_bool(json, "paid", is_paid);
    jwrite_str(json, "status", payment_status_name(payment->status));
    if (payment->status == PAYMENT_STATUS_PENDING && payment->is_unknown)
        jwrite_text(json, "result", "unknown");
    else
        jwrite_null(json, "result");
    jwrite_uuid(json, "payment_id", &payment->id);
    jwrite_str(json, "receipt", payment->receipt);
    jwrite_str(json, "reference", payment->external_reference);
    jwrite_money(json, "amount", payment->amount);
    if (is_own || payment->phone.data == NULL)
        jwrite_str(json, "phone", payment->phone);
    else
        jwrite_text(json, "phone", phone_mask(payment->phone, mask));
    jwrite_str(json, "payment_type", payment_type_name(payment->type));
    jwrite_bool(json, "claimed", payment->claimed);
    jwrite_bool(json, "claimable", claimable);
    if (payment->claimed)
        jwrite_time(json, "claimed_at", payment->claimed_at_us);
    else
        jwrite_null(json, "claimed_at");
    jwrite_time(json, "date",
                payment->paid_at_us != 0 ? payment->paid_at_us : payment->created_at_us);
}
