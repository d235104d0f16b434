/* GET /api/payments/{id}/: one payment with its history. */
#include "risiti/base/base.h"

#include "risiti/api/fields.h"
#include "risiti/api/payment_json.h"
#include "risiti/api/routes.h"

static void history_write(struct jwrite *json, const struct payment_events *events)
{
    jwrite_array_begin(json, "history");
    for (size_t i = 0; i < events->count; i++) {
        const struct payment_event *event = &events->items[i];

        jwrite_object_begin(json, NULL);
        jwrite_time(json, "at", event->at_us);
        jwrite_str(json, "event", event->event);
        jwrite_str(json, "evidence", event->evidence);
        jwrite_str(json, "detail", event->detail);
        jwrite_object_end(json);
    }
    jwrite_array_end(json);
}

enum err payment_show_get(struct call *call)
{
    struct jwrite *json = &call->response->json;
    struct payment payment;
    struct payment_events events;
    struct uuid id;
    enum err err = fields_read_query(call, NULL, 0, NULL);

    /* An id that is none is one that nobody has. */
    if (err == ERR_OK && uuid_parse(call->match->parameters[0], &id) != ERR_OK)
        return ERR_NOT_FOUND;
    if (err == ERR_OK)
        err = payment_show(call->service, &call->tenant->app, &id, &payment, &events);
    if (err != ERR_OK)
        return err;
    jwrite_object_begin(json, NULL);
    payment_json_write(json, &payment, &call->tenant->app, payment_is_claimable(&payment));
    jwrite_str(json, "checkout_request_id", payment.checkout_request_id);
    jwrite_str(json, "short_code", payment.short_code);
    jwrite_str(json, "account_reference", payment.account_reference);
    jwrite_str(json, "result_code", payment.result_code);
    jwrite_str(json, "result_description", payment.result_description);
    jwrite_time(json, "created_at", payment.created_at_us);
    history_write(json, &events);
    jwrite_object_end(json);
    return ERR_OK;
}
