/* The result of a push: every shape that Daraja has been seen to post, and what is refused. */
#include "risiti/base/base.h"

#include "tap.h"

#include "risiti/base/arena.h"
#include "risiti/daraja/codes.h"
#include "risiti/daraja/payload.h"

#define ARENA_BYTES_MAX (256 * 1024)
/* 2026-11-23 14:15:27 in Nairobi. */
#define PAID_AT_US (INT64_C(1795432527) * 1000000)

#define CHECKOUT "ws_CO_23112026141503127712345678"
#define HEAD \
    "{\"Body\":{\"stkCallback\":{\"MerchantRequestID\":\"7f21-4c0d\",\"CheckoutRequestID\":" \
    "\"" CHECKOUT "\","
#define SUCCESS \
    HEAD "\"ResultCode\":0,\"ResultDesc\":\"The service request is processed successfully.\","
#define WITH_ITEMS(items) SUCCESS "\"CallbackMetadata\":{\"Item\":[" items "]}}}}"
#define ITEM(name, value) "{\"Name\":\"" name "\",\"Value\":" value "}"

static struct arena *arena;
static struct stk_result result;
static const char *why;

static enum err parse(struct str body)
{
    why = NULL;
    result = (struct stk_result){0};
    arena_reset(arena);
    return stk_result_parse(arena, body, &result, &why);
}

static void check_payment(void)
{
    ASSERT_STR(result.checkout_request_id, CHECKOUT);
    ASSERT_STR(result.merchant_request_id, "7f21-4c0d");
    ASSERT_STR(result.result_code, "0");
    CU_ASSERT_TRUE(result.has_amount);
    CU_ASSERT_EQUAL(result.amount.cents, 15000);
    ASSERT_STR(result.receipt, "UKN4X7Q2LB");
    ASSERT_STR(result.raw_receipt, "UKN4X7Q2LB");
    ASSERT_STR(result.phone, "254712345678");
    CU_ASSERT_EQUAL(result.paid_at_us, PAID_AT_US);
}

static void success_with_the_balance_that_has_no_value(void)
{
    CU_ASSERT_EQUAL(parse(STR(WITH_ITEMS(ITEM("Amount", "150.00") "," ITEM(
                        "MpesaReceiptNumber", "\"UKN4X7Q2LB\"") ",{\"Name\":\"Balance\"}," //
                                         ITEM("TransactionDate", "20261123141527") ","     //
                                         ITEM("PhoneNumber", "254712345678")))),
                    ERR_OK);
    check_payment();
    ASSERT_STR(result.result_description, "The service request is processed successfully.");
    CU_ASSERT_PTR_NULL(why);
}

static void items_are_found_by_name_in_any_order_and_type(void)
{
    CU_ASSERT_EQUAL(
        parse(STR(WITH_ITEMS(ITEM(
            "PhoneNumber",
            "\"254712345678\"") ","
                                "{\"Value\":\"20261123141527\",\"Name\":\"TransactionDate\"}," //
                             ITEM("Other", "{\"x\":[1]}") ",null,7,"                           //
                             ITEM("MpesaReceiptNumber", "\"UKN4X7Q2LB\"") ","                  //
                             ITEM("Amount", "\"150\"")))),
        ERR_OK);
    check_payment();
}

static void failure_has_no_metadata(void)
{
    CU_ASSERT_EQUAL(
        parse(STR(HEAD "\"ResultCode\":1032,\"ResultDesc\":\"Request cancelled by user\"}}}")),
        ERR_OK);
    ASSERT_STR(result.result_code, "1032");
    ASSERT_STR(result.result_description, "Request cancelled by user");
    CU_ASSERT_FALSE(result.has_amount);
    CU_ASSERT_PTR_NULL(result.receipt.data);
    CU_ASSERT_PTR_NULL(result.raw_receipt.data);
    CU_ASSERT_PTR_NULL(result.phone.data);
    CU_ASSERT_EQUAL(result.paid_at_us, 0);
}

static void result_codes_may_be_text(void)
{
    CU_ASSERT_EQUAL(parse(STR(HEAD "\"ResultCode\":\"SFC_IC0003\",\"ResultDesc\":\"x\"}}}")),
                    ERR_OK);
    ASSERT_STR(result.result_code, "SFC_IC0003");
    CU_ASSERT_EQUAL(parse(STR(HEAD "\"ResultCode\":\"0\"}}}")), ERR_OK);
    ASSERT_STR(result.result_code, "0");
    CU_ASSERT_PTR_NULL(result.result_description.data);
}

static void a_missing_metadata_value_is_absent_not_zero(void)
{
    CU_ASSERT_EQUAL(
        parse(STR(WITH_ITEMS("{\"Name\":\"Amount\"}," ITEM("MpesaReceiptNumber", "null")))),
        ERR_OK);
    CU_ASSERT_FALSE(result.has_amount);
    CU_ASSERT_PTR_NULL(result.receipt.data);
}

static void a_single_item_may_stand_without_its_array(void)
{
    CU_ASSERT_EQUAL(
        parse(STR(SUCCESS "\"CallbackMetadata\":{\"Item\":" ITEM("Amount", "1") "}}}}")), ERR_OK);
    CU_ASSERT_EQUAL(result.amount.cents, 100);
}

static void a_receipt_that_is_none_is_kept_raw(void)
{
    CU_ASSERT_EQUAL(parse(STR(WITH_ITEMS(ITEM("MpesaReceiptNumber", "\"n/a\\u0007!\"")))), ERR_OK);
    CU_ASSERT_PTR_NULL(result.receipt.data);
    ASSERT_STR(result.raw_receipt, "n/a?!");
    CU_ASSERT_EQUAL(parse(STR(WITH_ITEMS(ITEM("MpesaReceiptNumber", "\" ukn4x7q2lb \"")))), ERR_OK);
    ASSERT_STR(result.receipt, "UKN4X7Q2LB");
}

static void amounts_keep_their_cents(void)
{
    CU_ASSERT_EQUAL(parse(STR(WITH_ITEMS(ITEM("Amount", "0.29")))), ERR_OK);
    CU_ASSERT_EQUAL(result.amount.cents, 29);
    CU_ASSERT_EQUAL(parse(STR(WITH_ITEMS(ITEM("Amount", "9999999999.99")))), ERR_OK);
    CU_ASSERT_EQUAL(result.amount.cents, MONEY_CENTS_MAX);
}

static void an_unreadable_amount_is_not_taken_for_none(void)
{
    static const char *const amounts[] = {
        "\"x\"", "-5", "1e3", "1.005", "99999999999999999999", "true", "[5]", "\"\"", "\"1,000\"",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(amounts); i++) {
        char body[1024];
        int length = snprintf(
            body, sizeof(body), "%s%s%s",
            SUCCESS "\"CallbackMetadata\":{\"Item\":[{\"Name\":\"Amount\",\"Value\":", amounts[i],
            "}]}}}}");

        CU_ASSERT_TRUE(length > 0 && (size_t)length < sizeof(body));
        CU_ASSERT_EQUAL(parse(str_from(body)), ERR_INVALID);
        CU_ASSERT_PTR_NOT_NULL(why);
        CU_ASSERT_PTR_NULL(result.checkout_request_id.data);
    }
}

static void one_item_with_two_values_is_refused(void)
{
    CU_ASSERT_EQUAL(parse(STR(WITH_ITEMS(ITEM("Amount", "1") "," ITEM("Amount", "2")))),
                    ERR_INVALID);
    CU_ASSERT_EQUAL(parse(STR(WITH_ITEMS(ITEM("Amount", "2") "," ITEM("Amount", "2")))), ERR_OK);
    CU_ASSERT_EQUAL(result.amount.cents, 200);
}

static void an_unreadable_date_is_no_date(void)
{
    CU_ASSERT_EQUAL(parse(STR(WITH_ITEMS(ITEM("TransactionDate", "20261323141527")))), ERR_OK);
    CU_ASSERT_EQUAL(result.paid_at_us, 0);
}

static void phones_are_opaque(void)
{
    CU_ASSERT_EQUAL(parse(STR(WITH_ITEMS(ITEM("PhoneNumber", "\"2547 ***** 678\"")))), ERR_OK);
    ASSERT_STR(result.phone, "2547 ***** 678");
}

static void bodies_that_are_no_json_are_told_apart(void)
{
    static const char *const bodies[] = {"", "<html>", "{\"Body\":", "Body=1", "{'Body':{}}"};

    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
        CU_ASSERT_EQUAL(parse(str_from(bodies[i])), ERR_SYNTAX);
        CU_ASSERT_PTR_NOT_NULL(why);
    }
}

static void what_is_needed_must_be_there(void)
{
    static const char *const bodies[] = {
        "[]",
        "7",
        "{}",
        "{\"Body\":{}}",
        "{\"Body\":{\"stkCallback\":[]}}",
        "{\"stkCallback\":{\"CheckoutRequestID\":\"ws_CO_1\",\"ResultCode\":0}}",
        "{\"Body\":{\"stkCallback\":{\"ResultCode\":0}}}",
        "{\"Body\":{\"stkCallback\":{\"CheckoutRequestID\":\"\",\"ResultCode\":0}}}",
        "{\"Body\":{\"stkCallback\":{\"CheckoutRequestID\":\"ws_CO_1\"}}}",
        "{\"Body\":{\"stkCallback\":{\"CheckoutRequestID\":\"ws_CO_1\",\"ResultCode\":null}}}",
        "{\"Body\":{\"stkCallback\":{\"CheckoutRequestID\":\"ws_CO_1\",\"ResultCode\":\"\"}}}",
        "{\"Body\":{\"stkCallback\":{\"CheckoutRequestID\":\"ws\\nCO\",\"ResultCode\":0}}}",
        "{\"Body\":{\"stkCallback\":{\"CheckoutRequestID\":"
        "\"12345678901234567890123456789012345678901234567890123456789012345\","
        "\"ResultCode\":0}}}",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
        CU_ASSERT_EQUAL(parse(str_from(bodies[i])), ERR_INVALID);
        CU_ASSERT_PTR_NOT_NULL(why);
    }
}

static void long_texts_are_cut_not_refused(void)
{
    char body[2048];
    char text[601];
    int length;

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    length = snprintf(body, sizeof(body), HEAD "\"ResultCode\":1,\"ResultDesc\":\"%s\"}}}", text);
    CU_ASSERT_TRUE(length > 0 && (size_t)length < sizeof(body));
    CU_ASSERT_EQUAL(parse(str_from(body)), ERR_OK);
    CU_ASSERT_EQUAL(result.result_description.length, 255);
}

static void a_full_arena_is_no_missing_receipt(void)
{
    static const char body[] = WITH_ITEMS(ITEM("MpesaReceiptNumber", "\"UKN4X7Q2LB\""));
    size_t succeeded = 0;

    for (size_t bytes_max = 64; bytes_max <= 8192; bytes_max += 16) {
        RISITI_CLEANUP(arena_free_at) struct arena *small = arena_new(bytes_max);
        struct stk_result parsed = {0};
        enum err err = stk_result_parse(small, str_from(body), &parsed, &why);

        CU_ASSERT_TRUE(err == ERR_NOMEM || (err == ERR_OK && parsed.receipt.data != NULL));
        succeeded += err == ERR_OK;
    }
    CU_ASSERT_TRUE(succeeded > 0);
}

static const struct tap_test tests[] = {
    TAP_TEST(success_with_the_balance_that_has_no_value),
    TAP_TEST(items_are_found_by_name_in_any_order_and_type),
    TAP_TEST(failure_has_no_metadata),
    TAP_TEST(result_codes_may_be_text),
    TAP_TEST(a_missing_metadata_value_is_absent_not_zero),
    TAP_TEST(a_single_item_may_stand_without_its_array),
    TAP_TEST(a_receipt_that_is_none_is_kept_raw),
    TAP_TEST(amounts_keep_their_cents),
    TAP_TEST(an_unreadable_amount_is_not_taken_for_none),
    TAP_TEST(one_item_with_two_values_is_refused),
    TAP_TEST(an_unreadable_date_is_no_date),
    TAP_TEST(phones_are_opaque),
    TAP_TEST(bodies_that_are_no_json_are_told_apart),
    TAP_TEST(what_is_needed_must_be_there),
    TAP_TEST(long_texts_are_cut_not_refused),
    TAP_TEST(a_full_arena_is_no_missing_receipt),
};

int main(void)
{
    int status;

    arena = arena_new(ARENA_BYTES_MAX);
    if (arena == NULL)
        return EXIT_FAILURE;
    status = tap_run("stk result", tests, ARRAY_LENGTH(tests));
    arena_free(arena);
    return status;
}
