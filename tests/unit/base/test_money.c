/* Amounts: which texts are amounts, how they are written, and what arithmetic refuses. */
#include "risiti/base/base.h"

#include "tap.h"

#include "risiti/base/money.h"

static int64_t cents_of(const char *text, enum money_fraction fraction)
{
    struct money money = {-1};

    return money_parse(str_from(text), fraction, &money) == ERR_OK ? money.cents : -1;
}

static void whole_and_decimal_texts_are_the_same_amount(void)
{
    CU_ASSERT_EQUAL(cents_of("10", MONEY_CENTS), 1000);
    CU_ASSERT_EQUAL(cents_of("10.0", MONEY_CENTS), 1000);
    CU_ASSERT_EQUAL(cents_of("10.00", MONEY_CENTS), 1000);
    CU_ASSERT_EQUAL(cents_of("10.5", MONEY_CENTS), 1050);
    CU_ASSERT_EQUAL(cents_of("10.50", MONEY_CENTS), 1050);
    CU_ASSERT_EQUAL(cents_of("10.05", MONEY_CENTS), 1005);
    CU_ASSERT_EQUAL(cents_of("0.01", MONEY_CENTS), 1);
    CU_ASSERT_EQUAL(cents_of("0", MONEY_CENTS), 0);
    CU_ASSERT_EQUAL(cents_of("007", MONEY_CENTS), 700);
}

static void whole_amounts_take_only_zeros_behind_the_point(void)
{
    CU_ASSERT_EQUAL(cents_of("10", MONEY_WHOLE), 1000);
    CU_ASSERT_EQUAL(cents_of("10.0", MONEY_WHOLE), 1000);
    CU_ASSERT_EQUAL(cents_of("10.00", MONEY_WHOLE), 1000);
    CU_ASSERT_EQUAL(cents_of("10.5", MONEY_WHOLE), -1);
    CU_ASSERT_EQUAL(cents_of("10.01", MONEY_WHOLE), -1);
}

static void other_texts_are_no_amount(void)
{
    static const char *const texts[] = {
        "",     ".",   "1.",    ".5",  "1.000", "1.234", "-1",       "+1",   " 1",
        "1 ",   "1e3", "1E3",   "1,5", "1.5.0", "0x10",  "ten",      "1.-5", "1. 5",
        "1.5 ", "NaN", "1_000", "1\n", "--1",   "1.5e1", "\xd9\xa1", "1.0f",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        CU_ASSERT_EQUAL(cents_of(texts[i], MONEY_CENTS), -1);
}

static void a_nul_inside_is_no_amount(void)
{
    struct money money = {7};

    CU_ASSERT_EQUAL(money_parse(STR("1\0"), MONEY_CENTS, &money), ERR_INVALID);
    CU_ASSERT_EQUAL(money_parse(STR_EMPTY, MONEY_CENTS, &money), ERR_INVALID);
    CU_ASSERT_EQUAL(money.cents, 7);
}

static void the_largest_amount_is_that_of_the_column(void)
{
    CU_ASSERT_EQUAL(cents_of("9999999999.99", MONEY_CENTS), MONEY_CENTS_MAX);
    CU_ASSERT_EQUAL(cents_of("9999999999", MONEY_WHOLE), INT64_C(999999999900));
    CU_ASSERT_EQUAL(cents_of("10000000000", MONEY_CENTS), -1);
    CU_ASSERT_EQUAL(cents_of("10000000000.00", MONEY_CENTS), -1);
    CU_ASSERT_EQUAL(cents_of("99999999999999999999999", MONEY_CENTS), -1);
    CU_ASSERT_EQUAL(cents_of("184467440737095516.16", MONEY_CENTS), -1);
}

static void format_shows_cents_only_when_there_are_some(void)
{
    char text[MONEY_TEXT_SIZE];

    CU_ASSERT_STRING_EQUAL(money_format((struct money){15000}, text), "150");
    CU_ASSERT_STRING_EQUAL(money_format((struct money){15050}, text), "150.50");
    CU_ASSERT_STRING_EQUAL(money_format((struct money){15005}, text), "150.05");
    CU_ASSERT_STRING_EQUAL(money_format((struct money){5}, text), "0.05");
    CU_ASSERT_STRING_EQUAL(money_format((struct money){0}, text), "0");
}

static void decimal_format_always_shows_two(void)
{
    char text[MONEY_TEXT_SIZE];

    CU_ASSERT_STRING_EQUAL(money_format_decimal((struct money){15000}, text), "150.00");
    CU_ASSERT_STRING_EQUAL(money_format_decimal((struct money){0}, text), "0.00");
    CU_ASSERT_STRING_EQUAL(money_format_decimal((struct money){1}, text), "0.01");
    CU_ASSERT_STRING_EQUAL(money_format_decimal((struct money){MONEY_CENTS_MAX}, text),
                           "9999999999.99");
}

static void every_int64_has_a_text(void)
{
    char text[MONEY_TEXT_SIZE];

    CU_ASSERT_STRING_EQUAL(money_format((struct money){-1050}, text), "-10.50");
    CU_ASSERT_STRING_EQUAL(money_format((struct money){-100}, text), "-1");
    CU_ASSERT_STRING_EQUAL(money_format_decimal((struct money){INT64_MAX}, text),
                           "92233720368547758.07");
    CU_ASSERT_STRING_EQUAL(money_format_decimal((struct money){INT64_MIN}, text),
                           "-92233720368547758.08");
}

static void formatted_amounts_parse_back(void)
{
    char text[MONEY_TEXT_SIZE];

    for (int64_t cents = 0; cents <= MONEY_CENTS_MAX; cents = cents * 3 + 1) {
        CU_ASSERT_EQUAL(cents_of(money_format((struct money){cents}, text), MONEY_CENTS), cents);
        CU_ASSERT_EQUAL(cents_of(money_format_decimal((struct money){cents}, text), MONEY_CENTS),
                        cents);
    }
}

static void shillings_refuse_a_rest(void)
{
    int64_t shillings = -7;

    CU_ASSERT_EQUAL(money_shillings((struct money){15000}, &shillings), ERR_OK);
    CU_ASSERT_EQUAL(shillings, 150);
    CU_ASSERT_EQUAL(money_shillings((struct money){15001}, &shillings), ERR_INVALID);
    CU_ASSERT_EQUAL(money_shillings((struct money){-50}, &shillings), ERR_INVALID);
    CU_ASSERT_EQUAL(shillings, 150);
}

static void sums_refuse_to_overflow(void)
{
    struct money sum = {7};

    CU_ASSERT_EQUAL(money_add((struct money){150}, (struct money){-50}, &sum), ERR_OK);
    CU_ASSERT_EQUAL(sum.cents, 100);
    CU_ASSERT_EQUAL(money_add((struct money){INT64_MAX}, (struct money){1}, &sum), ERR_INVALID);
    CU_ASSERT_EQUAL(money_add((struct money){INT64_MIN}, (struct money){-1}, &sum), ERR_INVALID);
    CU_ASSERT_EQUAL(sum.cents, 100);
    CU_ASSERT_EQUAL(money_add((struct money){INT64_MAX - 1}, (struct money){1}, &sum), ERR_OK);
    CU_ASSERT_EQUAL(sum.cents, INT64_MAX);
}

static void amounts_are_equal_by_cents(void)
{
    CU_ASSERT_TRUE(money_equal((struct money){100}, (struct money){100}));
    CU_ASSERT_FALSE(money_equal((struct money){100}, (struct money){101}));
}

static const struct tap_test tests[] = {
    TAP_TEST(whole_and_decimal_texts_are_the_same_amount),
    TAP_TEST(whole_amounts_take_only_zeros_behind_the_point),
    TAP_TEST(other_texts_are_no_amount),
    TAP_TEST(a_nul_inside_is_no_amount),
    TAP_TEST(the_largest_amount_is_that_of_the_column),
    TAP_TEST(format_shows_cents_only_when_there_are_some),
    TAP_TEST(decimal_format_always_shows_two),
    TAP_TEST(every_int64_has_a_text),
    TAP_TEST(formatted_amounts_parse_back),
    TAP_TEST(shillings_refuse_a_rest),
    TAP_TEST(sums_refuse_to_overflow),
    TAP_TEST(amounts_are_equal_by_cents),
};
TAP_MAIN("money", tests)
