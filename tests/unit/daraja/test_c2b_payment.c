/* C2B confirmations and validations: the shapes that have been seen, and what is refused. */
#include "risiti/base/base.h"

#include "tap.h"

#include "risiti/base/arena.h"
#include "risiti/daraja/payload.h"

#define ARENA_BYTES_MAX (256 * 1024)
/* 2026-11-23 14:15:27 in Nairobi. */
#define PAID_AT_US (INT64_C(1795432527) * 1000000)

static struct arena *arena;
static struct c2b_payment payment;
static const char *why;

static enum err parse_as(struct str body, bool is_validation)
{
    why = NULL;
    payment = (struct c2b_payment){0};
    arena_reset(arena);
    return c2b_payment_parse(arena, body, is_validation, &payment, &why);
}

static enum err parse(struct str body)
{
    return parse_as(body, false);
}

static const char paybill[] =
    "{\"TransactionType\":\"Pay Bill\",\"TransID\":\"UKN4X7Q2LB\",\"TransTime\":\"20261123141527\","
    "\"TransAmount\":\"150.00\",\"BusinessShortCode\":\"600111\",\"BillRefNumber\":\"a7q2m9\","
    "\"InvoiceNumber\":\"\",\"OrgAccountBalance\":\"48210.00\",\"ThirdPartyTransID\":\"\","
    "\"MSISDN\":\"2547 ***** 678\",\"FirstName\":\"JANE\",\"MiddleName\":\"\",\"LastName\":\"\"}";

/* A confirmation with the least that is needed, and more members behind it. */
#define WITH(members) \
    "{\"TransID\":\"UKN4X7Q2LB\",\"TransAmount\":\"1\",\"BusinessShortCode\":\"600111\"," members \
    "}"

static void a_paybill_confirmation_is_read_whole(void)
{
    CU_ASSERT_EQUAL(parse(str_from(paybill)), ERR_OK);
    ASSERT_STR(payment.transaction_type, "Pay Bill");
    ASSERT_STR(payment.receipt, "UKN4X7Q2LB");
    ASSERT_STR(payment.raw_receipt, "UKN4X7Q2LB");
    CU_ASSERT_EQUAL(payment.amount.cents, 15000);
    ASSERT_STR(payment.short_code, "600111");
    ASSERT_STR(payment.account_reference, "a7q2m9");
    ASSERT_STR(payment.phone, "2547 ***** 678");
    ASSERT_STR(payment.payer_name, "JANE");
    CU_ASSERT_EQUAL(payment.paid_at_us, PAID_AT_US);
    CU_ASSERT_PTR_NULL(why);
}

static void a_till_confirmation_has_no_reference(void)
{
    CU_ASSERT_EQUAL(parse(STR("{\"TransactionType\":\"Customer Merchant Payment\","
                              "\"TransID\":\"UKN4X7Q2LB\",\"TransTime\":\"20261123141527\","
                              "\"TransAmount\":\"10\",\"BusinessShortCode\":\"600222\","
                              "\"BillRefNumber\":\"\",\"FirstName\":\"JANE\"}")),
                    ERR_OK);
    ASSERT_STR(payment.transaction_type, "Customer Merchant Payment");
    CU_ASSERT_EQUAL(payment.account_reference.length, 0);
    CU_ASSERT_EQUAL(payment.phone.length, 0);
    CU_ASSERT_EQUAL(payment.amount.cents, 1000);
}

static void numbers_are_taken_like_strings(void)
{
    CU_ASSERT_EQUAL(parse(STR("{\"TransID\":\"UKN4X7Q2LB\",\"TransTime\":20261123141527,"
                              "\"TransAmount\":150.5,\"BusinessShortCode\":600111,"
                              "\"BillRefNumber\":42,\"MSISDN\":254712345678}")),
                    ERR_OK);
    CU_ASSERT_EQUAL(payment.amount.cents, 15050);
    ASSERT_STR(payment.short_code, "600111");
    ASSERT_STR(payment.account_reference, "42");
    ASSERT_STR(payment.phone, "254712345678");
    CU_ASSERT_EQUAL(payment.paid_at_us, PAID_AT_US);
}

static void the_least_that_is_needed_is_enough(void)
{
    CU_ASSERT_EQUAL(parse(STR("{\"TransID\":\" ukn4x7q2lb \",\"TransAmount\":\" 1 \","
                              "\"BusinessShortCode\":\" 600111 \",\"Unknown\":{}}")),
                    ERR_OK);
    ASSERT_STR(payment.receipt, "UKN4X7Q2LB");
    ASSERT_STR(payment.raw_receipt, "ukn4x7q2lb");
    ASSERT_STR(payment.short_code, "600111");
    CU_ASSERT_EQUAL(payment.amount.cents, 100);
    CU_ASSERT_EQUAL(payment.payer_name.length, 0);
    CU_ASSERT_EQUAL(payment.paid_at_us, 0);
}

static void payers_come_as_number_hash_or_mask(void)
{
    static const char *const payers[] = {
        "254712345678",
        "2547 ***** 678",
        "3f8a2b0c9d1e4f5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c",
        "3f8a ***** b3c",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(payers); i++) {
        char body[512];
        int length = snprintf(body, sizeof(body), WITH("\"MSISDN\":\"%s\""), payers[i]);

        CU_ASSERT_TRUE(length > 0 && (size_t)length < sizeof(body));
        CU_ASSERT_EQUAL(parse(str_from(body)), ERR_OK);
        ASSERT_STR(payment.phone, payers[i]);
    }
}

static void names_are_joined_and_harmless(void)
{
    CU_ASSERT_EQUAL(parse(STR(WITH("\"BillRefNumber\":\" A\\u202eB \",\"FirstName\":\" JANE\","
                                   "\"MiddleName\":\"WA\\n\",\"LastName\":\"KA\\u001bMAU \""))),
                    ERR_OK);
    ASSERT_STR(payment.payer_name, "JANE WA KA?MAU");
    ASSERT_STR(payment.account_reference, "A?B");
    CU_ASSERT_EQUAL(parse(STR(WITH("\"LastName\":\"KAMAU\""))), ERR_OK);
    ASSERT_STR(payment.payer_name, "KAMAU");
}

static void long_names_do_not_lose_the_payment(void)
{
    char body[2048];
    char name[401];
    int length;

    memset(name, 'N', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    length = snprintf(body, sizeof(body),
                      WITH("\"BillRefNumber\":\"%s\",\"FirstName\":\"%s\",\"LastName\":\"%s\""),
                      name, name, name);
    CU_ASSERT_TRUE(length > 0 && (size_t)length < sizeof(body));
    CU_ASSERT_EQUAL(parse(str_from(body)), ERR_OK);
    CU_ASSERT_EQUAL(payment.payer_name.length, 191);
    CU_ASSERT_EQUAL(payment.account_reference.length, 64);
}

static void a_validation_needs_no_receipt(void)
{
    static const char body[] = "{\"TransAmount\":\"1\",\"BusinessShortCode\":\"600111\","
                               "\"BillRefNumber\":\"A\",\"OrgAccountBalance\":\"\"}";

    CU_ASSERT_EQUAL(parse_as(str_from(body), true), ERR_OK);
    CU_ASSERT_PTR_NULL(payment.receipt.data);
    CU_ASSERT_EQUAL(parse_as(str_from(body), false), ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(why);
    CU_ASSERT_EQUAL(parse_as(str_from(paybill), true), ERR_OK);
    ASSERT_STR(payment.receipt, "UKN4X7Q2LB");
}

static void what_money_depends_on_must_be_there(void)
{
    static const char *const bodies[] = {
        "[]",
        "\"x\"",
        "{}",
        "{\"TransID\":\"UKN4X7Q2LB\",\"TransAmount\":\"1\"}",
        "{\"TransID\":\"UKN4X7Q2LB\",\"TransAmount\":\"1\",\"BusinessShortCode\":\" \"}",
        "{\"TransID\":\"UKN4X7Q2LB\",\"BusinessShortCode\":\"600111\"}",
        "{\"TransID\":\"UKN4X7Q2LB\",\"TransAmount\":\"\",\"BusinessShortCode\":\"600111\"}",
        "{\"TransID\":\"UKN4X7Q2LB\",\"TransAmount\":\"-1\",\"BusinessShortCode\":\"600111\"}",
        "{\"TransID\":\"UKN4X7Q2LB\",\"TransAmount\":\"0.00\",\"BusinessShortCode\":\"600111\"}",
        "{\"TransID\":\"UKN4X7Q2LB\",\"TransAmount\":\"1,000\",\"BusinessShortCode\":\"600111\"}",
        "{\"TransID\":\"UKN4X7Q2LB\",\"TransAmount\":1e2,\"BusinessShortCode\":\"600111\"}",
        "{\"TransID\":\"no!\",\"TransAmount\":\"1\",\"BusinessShortCode\":\"600111\"}",
        "{\"TransID\":null,\"TransAmount\":\"1\",\"BusinessShortCode\":\"600111\"}",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
        CU_ASSERT_EQUAL(parse(str_from(bodies[i])), ERR_INVALID);
        CU_ASSERT_PTR_NOT_NULL(why);
        CU_ASSERT_PTR_NULL(payment.short_code.data);
    }
}

static void a_validation_may_ask_for_nothing(void)
{
    static const char body[] = "{\"TransAmount\":\"0\",\"BusinessShortCode\":\"600111\"}";

    CU_ASSERT_EQUAL(parse_as(str_from(body), true), ERR_OK);
    CU_ASSERT_EQUAL(payment.amount.cents, 0);
}

static void bodies_that_are_no_json_are_told_apart(void)
{
    static const char *const bodies[] = {"", "TransID=1&TransAmount=2", "<xml/>", "{\"TransID\""};

    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
        CU_ASSERT_EQUAL(parse(str_from(bodies[i])), ERR_SYNTAX);
        CU_ASSERT_PTR_NOT_NULL(why);
    }
}

static void a_doubled_key_is_refused(void)
{
    CU_ASSERT_EQUAL(parse(STR(WITH("\"TransAmount\":\"100\""))), ERR_SYNTAX);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_paybill_confirmation_is_read_whole),
    TAP_TEST(a_till_confirmation_has_no_reference),
    TAP_TEST(numbers_are_taken_like_strings),
    TAP_TEST(the_least_that_is_needed_is_enough),
    TAP_TEST(payers_come_as_number_hash_or_mask),
    TAP_TEST(names_are_joined_and_harmless),
    TAP_TEST(long_names_do_not_lose_the_payment),
    TAP_TEST(a_validation_needs_no_receipt),
    TAP_TEST(what_money_depends_on_must_be_there),
    TAP_TEST(a_validation_may_ask_for_nothing),
    TAP_TEST(bodies_that_are_no_json_are_told_apart),
    TAP_TEST(a_doubled_key_is_refused),
};

int main(void)
{
    int status;

    arena = arena_new(ARENA_BYTES_MAX);
    if (arena == NULL)
        return EXIT_FAILURE;
    status = tap_run("c2b payment", tests, ARRAY_LENGTH(tests));
    arena_free(arena);
    return status;
}
