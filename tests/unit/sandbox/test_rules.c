/* The table of outcomes, faults, short codes and URLs: what the sandbox decides by. */
#include "risiti/base/base.h"

#include "risiti/sandbox/faults.h"
#include "risiti/sandbox/merchant.h"
#include "risiti/sandbox/outcome.h"
#include "risiti/sandbox/url.h"
#include "tap.h"

#define CHANCES 1000

static const struct phone plain_phone = {"254712345678"};
static const struct phone cancelling_phone = {"254700000001"};
static struct fates fates; /* too large for the stack */

static void an_ordinary_push_is_paid(void)
{
    const struct outcome *outcome = outcome_find(150, &plain_phone);

    CU_ASSERT_PTR_NULL(outcome->result_code);
    CU_ASSERT_EQUAL(outcome->answer, OUTCOME_ACCEPTED);
    CU_ASSERT_EQUAL(outcome->delivery, OUTCOME_ONCE);
    CU_ASSERT_EQUAL(outcome->paid_more_shillings, 0);
    CU_ASSERT_PTR_EQUAL(outcome_find(0, &plain_phone), outcome);
}

static void an_amount_goes_before_a_phone(void)
{
    CU_ASSERT_STRING_EQUAL(outcome_find(9032, &plain_phone)->result_code, "1032");
    CU_ASSERT_STRING_EQUAL(outcome_find(150, &cancelling_phone)->result_code, "1032");
    CU_ASSERT_STRING_EQUAL(outcome_find(9020, &cancelling_phone)->result_code, "2001");
}

static void every_row_is_selected_by_its_own_key(void)
{
    const struct outcome *row;
    struct phone phone;

    for (size_t i = 0; (row = outcome_row(i)) != NULL; i++) {
        phone = plain_phone;
        CU_ASSERT_EQUAL(row->phone != NULL, row->shillings == 0);
        CU_ASSERT_PTR_NOT_NULL(row->help);
        if (row->phone != NULL)
            memcpy(phone.digits, row->phone, sizeof(phone.digits));
        CU_ASSERT_PTR_EQUAL(outcome_find(row->shillings, &phone), row);
    }
}

static void a_cut_push_prompts_and_a_refused_one_does_not(void)
{
    CU_ASSERT_TRUE(outcome_prompts(outcome_find(9091, &plain_phone)->answer));
    CU_ASSERT_TRUE(outcome_prompts(outcome_find(9093, &plain_phone)->answer));
    CU_ASSERT_FALSE(outcome_prompts(outcome_find(9085, &plain_phone)->answer));
    CU_ASSERT_FALSE(outcome_prompts(outcome_find(9092, &plain_phone)->answer));
    CU_ASSERT_FALSE(outcome_prompts(outcome_find(9094, &plain_phone)->answer));
}

/* How many of CHANCES pushes, each of the same phone, meet a fault. */
static unsigned happenings(const struct faults *faults, enum fault fault)
{
    unsigned count = 0;

    memset(&fates, 0, sizeof(fates));
    for (size_t i = 0; i < CHANCES; i++)
        count += faults_happen(faults, fault, fates_next(&fates, STR("254712345678"), 10));
    return count;
}

static void faults_happen_at_their_rate(void)
{
    struct faults faults = {.seed = 7};
    unsigned lost;

    faults.percent[FAULT_STK_500] = 100;
    faults.percent[FAULT_CALLBACK_LOST] = 30;
    CU_ASSERT_EQUAL(happenings(&faults, FAULT_STK_500), CHANCES);
    CU_ASSERT_EQUAL(happenings(&faults, FAULT_TOKEN_INVALID), 0);
    lost = happenings(&faults, FAULT_CALLBACK_LOST);
    CU_ASSERT_TRUE(lost > 250 && lost < 350);
}

static void another_seed_brings_other_faults(void)
{
    struct faults one = {.seed = 7}, other = {.seed = 8};
    bool differs = false;

    one.percent[FAULT_CALLBACK_LOST] = 50;
    other.percent[FAULT_CALLBACK_LOST] = 50;
    memset(&fates, 0, sizeof(fates));
    for (uint64_t i = 0; i < CHANCES; i++) {
        struct fate fate = fates_next(&fates, STR("254712345678"), i);

        differs = differs || faults_happen(&one, FAULT_CALLBACK_LOST, fate) !=
                                 faults_happen(&other, FAULT_CALLBACK_LOST, fate);
    }
    CU_ASSERT_TRUE(differs);
}

static void kinds_of_faults_do_not_come_together(void)
{
    struct faults faults = {.seed = 7};
    unsigned both = 0;

    faults.percent[FAULT_CALLBACK_LOST] = 50;
    faults.percent[FAULT_TWIN] = 50;
    memset(&fates, 0, sizeof(fates));
    for (uint64_t i = 0; i < CHANCES; i++) {
        struct fate fate = fates_next(&fates, STR("254712345678"), i);

        both += faults_happen(&faults, FAULT_CALLBACK_LOST, fate) &&
                faults_happen(&faults, FAULT_TWIN, fate);
    }
    CU_ASSERT_TRUE(both > 200 && both < 300);
}

static void a_fate_does_not_depend_on_the_order_of_what_is_met(void)
{
    struct fate here[2], there[2], second;

    memset(&fates, 0, sizeof(fates));
    here[0] = fates_next(&fates, STR("254712345678"), 10);
    here[1] = fates_next(&fates, STR("254722000111"), 10);
    second = fates_next(&fates, STR("254712345678"), 10);
    memset(&fates, 0, sizeof(fates));
    there[1] = fates_next(&fates, STR("254722000111"), 10);
    there[0] = fates_next(&fates, STR("254712345678"), 10);
    CU_ASSERT_EQUAL(here[0].number, there[0].number);
    CU_ASSERT_EQUAL(here[1].number, there[1].number);
    CU_ASSERT_NOT_EQUAL(here[0].number, here[1].number);
    CU_ASSERT_NOT_EQUAL(second.number, here[0].number);
    CU_ASSERT_NOT_EQUAL(fate_derive(second, 0).number, fate_derive(second, 1).number);
}

static void the_faults_of_an_amount_are_certain(void)
{
    struct faults faults = {.seed = 7};
    struct fate fate = {.certain = outcome_find(9062, &plain_phone)->faults};

    CU_ASSERT_TRUE(faults_happen(&faults, FAULT_TWIN, fate));
    CU_ASSERT_TRUE(faults_happen(&faults, FAULT_TWIN_BEFORE, fate));
    CU_ASSERT_FALSE(faults_happen(&faults, FAULT_TWIN_AFTER, fate));
    CU_ASSERT_TRUE(faults_happen(&faults, FAULT_TWIN, fate_derive(fate, 1)));
}

static void short_codes_are_read_from_their_text(void)
{
    static struct merchants merchants;
    const struct merchant *till;

    merchants.count = 0;
    CU_ASSERT_EQUAL(merchants_add(&merchants, STR("174379:paybill:a:b")), ERR_OK);
    CU_ASSERT_EQUAL(merchants_add(&merchants, STR("5000001:till:400001:key")), ERR_OK);
    CU_ASSERT_STRING_EQUAL(merchants.list[0].passkey, "a:b");
    till = merchants_by_business_code(&merchants, STR("400001"));
    CU_ASSERT_PTR_EQUAL(till, &merchants.list[1]);
    CU_ASSERT_TRUE(till->is_till);
    CU_ASSERT_STRING_EQUAL(till->number, "5000001");
    CU_ASSERT_PTR_NULL(merchants_by_business_code(&merchants, STR("5000001")));
    CU_ASSERT_PTR_EQUAL(merchants_by_any_code(&merchants, STR("5000001")), till);
}

static void wrong_short_codes_are_refused(void)
{
    static struct merchants merchants;

    merchants.count = 0;
    CU_ASSERT_EQUAL(merchants_add(&merchants, STR("1743:paybill:k")), ERR_INVALID);
    CU_ASSERT_EQUAL(merchants_add(&merchants, STR("174379:paybill:")), ERR_INVALID);
    CU_ASSERT_EQUAL(merchants_add(&merchants, STR("174379:shop:k")), ERR_INVALID);
    CU_ASSERT_EQUAL(merchants_add(&merchants, STR("174379:till:k")), ERR_INVALID);
    CU_ASSERT_EQUAL(merchants_add(&merchants, STR("17437x:paybill:k")), ERR_INVALID);
    CU_ASSERT_EQUAL(merchants_add(&merchants, STR("174379:paybill:k")), ERR_OK);
    CU_ASSERT_EQUAL(merchants_add(&merchants, STR("174379:paybill:j")), ERR_DUPLICATE);
    CU_ASSERT_EQUAL(merchants.count, 1);
}

static void callback_urls_are_https_or_loopback(void)
{
    CU_ASSERT_TRUE(url_is_callback(STR("https://pay.example.co.ke/h?x=1"), false));
    CU_ASSERT_TRUE(url_is_callback(STR("http://127.0.0.1:8080/h"), true));
    CU_ASSERT_TRUE(url_is_callback(STR("http://localhost/h"), true));
    CU_ASSERT_TRUE(url_is_callback(STR("http://[::1]:8080/h"), true));
    CU_ASSERT_FALSE(url_is_callback(STR("http://127.0.0.1:8080/h"), false));
    CU_ASSERT_FALSE(url_is_callback(STR("http://pay.example.co.ke/h"), true));
    CU_ASSERT_FALSE(url_is_callback(STR("http://127.0.0.1.example.com/h"), true));
    CU_ASSERT_FALSE(url_is_callback(STR("http://127.0.0.1@example.com/h"), true));
    CU_ASSERT_FALSE(url_is_callback(STR("http://127.0.0.256/h"), true));
    CU_ASSERT_FALSE(url_is_callback(STR("https:///h"), true));
    CU_ASSERT_FALSE(url_is_callback(STR("https://pay.example.co.ke/h "), true));
    CU_ASSERT_FALSE(url_is_callback(STR("ftp://127.0.0.1/h"), true));
    CU_ASSERT_FALSE(url_is_callback(STR_EMPTY, true));
}

static void refused_words_are_found_in_any_case(void)
{
    CU_ASSERT_STRING_EQUAL(url_refused_word(STR("https://a.co.ke/m/Mpesa/c")), "MPESA");
    CU_ASSERT_STRING_EQUAL(url_refused_word(STR("https://a.co.ke/x?sQl=1")), "SQL");
    CU_ASSERT_STRING_EQUAL(url_refused_word(STR("https://cmd.co.ke/x")), "CMD");
    CU_ASSERT_PTR_NULL(url_refused_word(STR("https://a.co.ke/hooks/c2b/0af3/confirmation/")));
}

static const struct tap_test tests[] = {
    TAP_TEST(an_ordinary_push_is_paid),
    TAP_TEST(an_amount_goes_before_a_phone),
    TAP_TEST(every_row_is_selected_by_its_own_key),
    TAP_TEST(a_cut_push_prompts_and_a_refused_one_does_not),
    TAP_TEST(faults_happen_at_their_rate),
    TAP_TEST(another_seed_brings_other_faults),
    TAP_TEST(kinds_of_faults_do_not_come_together),
    TAP_TEST(a_fate_does_not_depend_on_the_order_of_what_is_met),
    TAP_TEST(the_faults_of_an_amount_are_certain),
    TAP_TEST(short_codes_are_read_from_their_text),
    TAP_TEST(wrong_short_codes_are_refused),
    TAP_TEST(callback_urls_are_https_or_loopback),
    TAP_TEST(refused_words_are_found_in_any_case),
};
TAP_MAIN("sandbox rules", tests)
