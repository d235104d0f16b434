/* The result of a push as Daraja posts it: see payload.h. */
#include "risiti/base/base.h"

#include "risiti/daraja/payload.h"

#include "risiti/base/receipt.h"

#include "payload_field.h"

/* CallbackMetadata has five items; what lies beyond this many is not looked at. */
#define ITEMS_MAX 32

/* The items that matter, by Name. */
struct stk_items {
    const struct jread *amount, *receipt, *date, *phone;
};

static const struct jread **item_slot(struct stk_items *items, struct str name)
{
    if (str_equal(name, STR("Amount")))
        return &items->amount;
    if (str_equal(name, STR("MpesaReceiptNumber")))
        return &items->receipt;
    if (str_equal(name, STR("TransactionDate")))
        return &items->date;
    if (str_equal(name, STR("PhoneNumber")))
        return &items->phone;
    return NULL;
}

/* False when an item comes a second time and says something else. */
static bool item_take(struct stk_items *items, const struct jread *item)
{
    const struct jread **slot = item_slot(items, jread_string(jread_member(item, "Name")));
    const struct jread *value = jread_member(item, "Value");

    if (slot == NULL || jread_type(value) == JREAD_ABSENT || jread_type(value) == JREAD_NULL)
        return true;
    if (*slot != NULL)
        return str_equal(jread_scalar(*slot), jread_scalar(value));
    *slot = value;
    return true;
}

static bool items_find(const struct jread *callback, struct stk_items *ret_items)
{
    static const char *const path[] = {"CallbackMetadata", "Item", NULL};
    const struct jread *list = jread_path(callback, path);
    size_t count = jread_array_length(list);

    *ret_items = (struct stk_items){0};
    if (jread_type(list) == JREAD_OBJECT)
        return item_take(ret_items, list);
    if (count > ITEMS_MAX)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!item_take(ret_items, jread_array_item(list, i)))
            return false;
    return true;
}

/* Without CallbackMetadata, as after a failure, there is nothing to read and nothing wrong. */
static bool items_read(struct arena *arena, const struct stk_items *items,
                       struct stk_result *result)
{
    result->has_amount = items->amount != NULL;
    if (result->has_amount &&
        money_parse(str_trim(jread_scalar(items->amount)), MONEY_CENTS, &result->amount) != ERR_OK)
        return false;
    result->raw_receipt = field_text(arena, items->receipt, FIELD_BYTES_MAX);
    result->receipt = receipt_normalise(arena, jread_scalar(items->receipt));
    result->phone = field_text(arena, items->phone, PAYER_BYTES_MAX);
    result->paid_at_us = field_time(items->date);
    return true;
}

/* NULL, or what is missing or wrong. */
static const char *callback_read(struct arena *arena, const struct jread *callback,
                                 struct stk_result *result)
{
    struct str checkout_id = str_trim(jread_string(jread_member(callback, "CheckoutRequestID")));
    struct stk_items items;

    if (jread_type(callback) != JREAD_OBJECT)
        return "Body.stkCallback is missing";
    if (checkout_id.length == 0)
        return "CheckoutRequestID is missing";
    if (checkout_id.length > CHECKOUT_ID_BYTES_MAX || !str_is_printable(checkout_id))
        return "CheckoutRequestID is too long or not printable";
    result->checkout_request_id = checkout_id;
    result->merchant_request_id =
        field_text(arena, jread_member(callback, "MerchantRequestID"), FIELD_BYTES_MAX);
    result->result_code =
        field_text(arena, jread_member(callback, "ResultCode"), RESULT_CODE_BYTES_MAX);
    if (result->result_code.length == 0)
        return "ResultCode is missing";
    result->result_description =
        field_text(arena, jread_member(callback, "ResultDesc"), RESULT_DESCRIPTION_BYTES_MAX);
    if (!items_find(callback, &items))
        return "CallbackMetadata has too many items, or one twice with two values";
    if (!items_read(arena, &items, result))
        return "Amount is no amount";
    return NULL;
}

enum err stk_result_parse(struct arena *arena, struct str body, struct stk_result *ret_result,
                          const char **ret_why)
{
    static const char *const path[] = {"Body", "stkCallback", NULL};
    struct stk_result result = {0};
    const struct jread *root;
    const char *why;
    enum err err = field_root(arena, body, &root, ret_why);

    if (err != ERR_OK)
        return err;
    why = callback_read(arena, jread_path(root, path), &result);
    if (!field_memory_sufficed(arena))
        return ERR_NOMEM;
    if (why != NULL) {
        *ret_why = why;
        return ERR_INVALID;
    }
    *ret_result = result;
    return ERR_OK;
}
