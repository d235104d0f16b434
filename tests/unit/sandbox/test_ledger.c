/* The sandbox's book: finding, settling, and what is dropped when it is full. */
#include "risiti/base/base.h"

#include "risiti/sandbox/ledger.h"

#include "tap.h"

#define SOME_TIME_US INT64_C(1795432500000000) /* 23 November 2026 */
#define SMALL 3

static const struct phone some_phone = {"254712345678"};

/* A pending push with a checkout id and a phone that end in the same digit. */
static struct ledger_payment push_of(char digit)
{
    struct ledger_payment payment = {
        .kind = LEDGER_STK, .checkout_request_id = "ws_CO_x", .phone = {"25471234567x"}};

    payment.checkout_request_id[6] = digit;
    payment.phone.digits[11] = digit;
    return payment;
}

static struct ledger_payment *add(struct ledger *ledger, struct ledger_payment payment)
{
    struct ledger_payment *added = NULL;

    CU_ASSERT_EQUAL(ledger_add(ledger, &payment, &added), ERR_OK);
    return added;
}

static void a_push_is_found_by_checkout_and_by_prompt(void)
{
    struct ledger *ledger = ledger_new(SMALL);
    struct ledger_payment *one = add(ledger, push_of('1')), *two = add(ledger, push_of('2'));

    CU_ASSERT_PTR_EQUAL(ledger_find(ledger, LEDGER_BY_CHECKOUT, STR("ws_CO_1")), one);
    CU_ASSERT_PTR_EQUAL(ledger_find(ledger, LEDGER_BY_CHECKOUT, STR("ws_CO_2")), two);
    CU_ASSERT_PTR_EQUAL(ledger_find(ledger, LEDGER_BY_PROMPT, STR("254712345672")), two);
    CU_ASSERT_PTR_NULL(ledger_find(ledger, LEDGER_BY_CHECKOUT, STR("ws_CO_3")));
    CU_ASSERT_PTR_NULL(ledger_find(ledger, LEDGER_BY_RECEIPT, STR("")));
    ledger_free(ledger);
}

static void a_settled_push_has_no_prompt_and_its_receipt(void)
{
    struct ledger *ledger = ledger_new(SMALL);
    struct ledger_payment *one = add(ledger, push_of('1')), *two = add(ledger, push_of('2'));

    ledger_settle(ledger, one, LEDGER_SUCCESS, "UKN4X7Q2LB");
    ledger_settle(ledger, two, LEDGER_FAILED, NULL);
    CU_ASSERT_PTR_NULL(ledger_find(ledger, LEDGER_BY_PROMPT, STR("254712345671")));
    CU_ASSERT_PTR_NULL(ledger_find(ledger, LEDGER_BY_PROMPT, STR("254712345672")));
    CU_ASSERT_PTR_EQUAL(ledger_find(ledger, LEDGER_BY_RECEIPT, STR("UKN4X7Q2LB")), one);
    CU_ASSERT_STRING_EQUAL(two->receipt, "");
    CU_ASSERT_STRING_EQUAL(ledger_status_name(two->status), "FAILED");
    ledger_free(ledger);
}

static void the_oldest_finished_payment_makes_room(void)
{
    struct ledger *ledger = ledger_new(SMALL);
    struct ledger_payment *one = add(ledger, push_of('1')), *two = add(ledger, push_of('2'));
    struct ledger_payment *three = add(ledger, push_of('3'));

    ledger_settle(ledger, three, LEDGER_FAILED, NULL);
    ledger_settle(ledger, two, LEDGER_SUCCESS, "UKN4X7Q2LB");
    (void)add(ledger, push_of('4'));
    CU_ASSERT_PTR_NULL(ledger_find(ledger, LEDGER_BY_CHECKOUT, STR("ws_CO_2")));
    CU_ASSERT_PTR_NULL(ledger_find(ledger, LEDGER_BY_RECEIPT, STR("UKN4X7Q2LB")));
    CU_ASSERT_PTR_EQUAL(ledger_oldest(ledger), one);
    CU_ASSERT_PTR_EQUAL(one->newer, three);
    CU_ASSERT_STRING_EQUAL(three->newer->checkout_request_id, "ws_CO_4");
    CU_ASSERT_PTR_NULL(three->newer->newer);
    ledger_free(ledger);
}

static void pending_payments_are_never_dropped(void)
{
    struct ledger *ledger = ledger_new(SMALL);
    struct ledger_payment more = push_of('4'), *untouched = NULL;

    for (char digit = '1'; digit <= '3'; digit++)
        (void)add(ledger, push_of(digit));
    CU_ASSERT_EQUAL(ledger_add(ledger, &more, &untouched), ERR_TOO_LARGE);
    CU_ASSERT_PTR_NULL(untouched);
    CU_ASSERT_PTR_NULL(ledger_find(ledger, LEDGER_BY_CHECKOUT, STR("ws_CO_4")));
    CU_ASSERT_PTR_NOT_NULL(ledger_find(ledger, LEDGER_BY_CHECKOUT, STR("ws_CO_1")));
    ledger_free(ledger);
}

static void a_new_receipt_passes_one_that_was_injected(void)
{
    struct ledger *ledger = ledger_new(SMALL);
    struct ledger_payment payment = {.kind = LEDGER_C2B, .status = LEDGER_SUCCESS};
    struct ids ids, twin;
    char expected[IDS_RECEIPT_SIZE], receipt[IDS_RECEIPT_SIZE];

    ids_init(&ids, 1);
    ids_init(&twin, 1);
    ids_receipt(&twin, SOME_TIME_US, expected);
    CU_ASSERT_TRUE(str_copy(str_from(expected), payment.receipt, sizeof(payment.receipt)));
    (void)add(ledger, payment);
    ledger_new_receipt(ledger, &ids, SOME_TIME_US, receipt);
    CU_ASSERT_TRUE(strcmp(receipt, expected) > 0);
    ledger_free(ledger);
}

static void checkout_ids_of_one_moment_differ(void)
{
    struct ledger *ledger = ledger_new(SMALL);
    struct ledger_payment payment = {.kind = LEDGER_STK, .phone = some_phone};
    char second[IDS_CHECKOUT_SIZE] = "";

    CU_ASSERT_EQUAL(
        ledger_new_checkout(ledger, SOME_TIME_US, &some_phone, payment.checkout_request_id),
        ERR_OK);
    (void)add(ledger, payment);
    CU_ASSERT_EQUAL(ledger_new_checkout(ledger, SOME_TIME_US, &some_phone, second), ERR_OK);
    CU_ASSERT_STRING_NOT_EQUAL(second, payment.checkout_request_id);
    CU_ASSERT_EQUAL(strlen(second), IDS_CHECKOUT_SIZE - 1);
    ledger_free(ledger);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_push_is_found_by_checkout_and_by_prompt),
    TAP_TEST(a_settled_push_has_no_prompt_and_its_receipt),
    TAP_TEST(the_oldest_finished_payment_makes_room),
    TAP_TEST(pending_payments_are_never_dropped),
    TAP_TEST(a_new_receipt_passes_one_that_was_injected),
    TAP_TEST(checkout_ids_of_one_moment_differ),
};
TAP_MAIN("sandbox ledger", tests)
