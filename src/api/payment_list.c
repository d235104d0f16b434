/* GET /api/payments/: the app's payments, newest first, in pages. */
#include "risiti/base/base.h"

#include "risiti/api/fields.h"
#include "risiti/api/payment_json.h"
#include "risiti/api/routes.h"

#define LIMIT_DEFAULT 20

enum list_field {
    LIST_LIMIT,
    LIST_CURSOR,
    LIST_STATUS,
    LIST_TYPE,
    LIST_CLAIMED,
    LIST_FROM,
    LIST_TO,
    LIST_REFERENCE,
};

static const struct field fields[] = {
    [LIST_LIMIT] = {"limit", FIELD_COUNT, false},
    [LIST_CURSOR] = {"cursor", FIELD_UUID, false},
    [LIST_STATUS] = {"status", FIELD_STATUS, false},
    [LIST_TYPE] = {"type", FIELD_TYPE, false},
    [LIST_CLAIMED] = {"claimed", FIELD_FLAG, false},
    [LIST_FROM] = {"from", FIELD_TIME, false},
    [LIST_TO] = {"to", FIELD_TIME, false},
    [LIST_REFERENCE] = {"reference", FIELD_TEXT, false},
};

/* The page; the row read beyond it only tells that there is a next one. */
static void page_write(struct call *call, const struct payments *payments, size_t limit)
{
    struct jwrite *json = &call->response->json;
    size_t shown = payments->count < limit ? payments->count : limit;

    jwrite_object_begin(json, NULL);
    jwrite_array_begin(json, "payments");
    for (size_t i = 0; i < shown; i++) {
        jwrite_object_begin(json, NULL);
        payment_json_write(json, &payments->items[i], &call->tenant->app,
                           payment_is_claimable(&payments->items[i]));
        jwrite_object_end(json);
    }
    jwrite_array_end(json);
    if (payments->count > limit)
        jwrite_uuid(json, "next_cursor", &payments->items[limit - 1].id);
    else
        jwrite_null(json, "next_cursor");
    jwrite_object_end(json);
}

enum err payment_list_get(struct call *call)
{
    struct field_value values[ARRAY_LENGTH(fields)];
    struct payments payments;
    size_t limit = LIMIT_DEFAULT;
    enum err err = fields_read_query(call, fields, ARRAY_LENGTH(fields), values);

    if (err != ERR_OK)
        return err;
    if (values[LIST_LIMIT].given)
        limit = (size_t)values[LIST_LIMIT].integer;
    err = payment_list(call->service, &call->tenant->app,
                       (struct payment_filter){
                           .has_status = values[LIST_STATUS].given,
                           .status = (enum payment_status)values[LIST_STATUS].integer,
                           .has_type = values[LIST_TYPE].given,
                           .type = (enum payment_type)values[LIST_TYPE].integer,
                           .has_claimed = values[LIST_CLAIMED].given,
                           .claimed = values[LIST_CLAIMED].integer != 0,
                           .from_us = values[LIST_FROM].integer,
                           .to_us = values[LIST_TO].integer,
                           .reference = values[LIST_REFERENCE].text,
                           .before = values[LIST_CURSOR].uuid,
                       },
                       limit + 1, &payments);
    if (err == ERR_OK)
        page_write(call, &payments, limit);
    return err;
}
