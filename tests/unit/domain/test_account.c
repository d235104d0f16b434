/* Account references: which may go to Daraja, which payers may type, and codes of ours. */
#include "risiti/base/base.h"

#include "risiti/domain/account.h"

#include "tap.h"

#define CODES_MADE 200

static const struct config_short_code anything = {.number = "600111"};
static const struct config_short_code invoices = {.number = "600111",
                                                  .account_pattern = "INV-[0-9]+"};

/* Whether it is taken although no pattern takes it. */
static bool is_code(struct str account)
{
    return account_is_accepted(&invoices, account);
}

static void a_short_plain_reference_goes_as_it_is(void)
{
    static const char *const fine[] = {"A", "INV-1", "a b.c_d-e", "123456789012", " x "};

    for (size_t i = 0; i < ARRAY_LENGTH(fine); i++)
        CU_ASSERT_TRUE(account_is_sendable(&anything, str_from(fine[i])));
}

static void a_long_empty_or_special_reference_does_not(void)
{
    static const char *const wrong[] = {"",    "   ",  "1234567890123", "a@b", "a#b",        "a&b",
                                        "a/b", "a\tb", "a+b",           "a,b", "caf\xc3\xa9"};

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        CU_ASSERT_FALSE(account_is_sendable(&anything, str_from(wrong[i])));
}

/* Pushes obey the pattern too: validation must not refuse our own push. */
static void the_pattern_of_the_short_code_decides_what_is_sendable(void)
{
    CU_ASSERT_TRUE(account_is_sendable(&invoices, STR("INV-77")));
    CU_ASSERT_FALSE(account_is_sendable(&invoices, STR("BILL-77")));
    CU_ASSERT_FALSE(account_is_sendable(&invoices, STR("INV-77 x")));
}

static void codes_of_ours_are_recognised_and_sendable(void)
{
    char code[ACCOUNT_SIZE];

    for (int i = 0; i < CODES_MADE; i++) {
        CU_ASSERT_EQUAL_FATAL(account_code_make(code), ERR_OK);
        CU_ASSERT_EQUAL(strlen(code), ACCOUNT_LENGTH_MAX);
        CU_ASSERT_TRUE(is_code(str_from(code)));
        CU_ASSERT_TRUE(account_is_sendable(&anything, str_from(code)));
    }
}

static void a_code_with_one_wrong_character_is_none(void)
{
    char code[ACCOUNT_SIZE];

    CU_ASSERT_EQUAL_FATAL(account_code_make(code), ERR_OK);
    for (size_t i = 0; i < ACCOUNT_LENGTH_MAX; i++) {
        char right = code[i];

        for (char other = '0'; other <= 'Z'; other++) {
            code[i] = other;
            CU_ASSERT_EQUAL(is_code(str_from(code)), other == right);
        }
        code[i] = right;
    }
}

static void a_text_that_is_no_code_is_none(void)
{
    char code[ACCOUNT_SIZE];

    CU_ASSERT_FALSE(is_code(STR_EMPTY));
    CU_ASSERT_FALSE(is_code(STR("R")));
    CU_ASSERT_FALSE(is_code(STR("RRRRRRRRRRRRR")));
    CU_ASSERT_EQUAL_FATAL(account_code_make(code), ERR_OK);
    CU_ASSERT_FALSE(is_code(str_first(str_from(code), ACCOUNT_LENGTH_MAX - 1)));
}

static void codes_differ(void)
{
    char codes[CODES_MADE][ACCOUNT_SIZE];

    for (int i = 0; i < CODES_MADE; i++) {
        CU_ASSERT_EQUAL_FATAL(account_code_make(codes[i]), ERR_OK);
        for (int j = 0; j < i; j++)
            CU_ASSERT_TRUE(strcmp(codes[i], codes[j]) != 0);
    }
}

static void payers_may_type_what_the_pattern_takes(void)
{
    CU_ASSERT_TRUE(account_is_accepted(&anything, STR_EMPTY));
    CU_ASSERT_TRUE(account_is_accepted(&anything, STR("whatever they like")));
    CU_ASSERT_TRUE(account_is_accepted(&invoices, STR("INV-1")));
    CU_ASSERT_FALSE(account_is_accepted(&invoices, STR("INV-")));
    CU_ASSERT_FALSE(account_is_accepted(&invoices, STR_EMPTY));
}

static void references_are_compared_trimmed_and_in_capitals(void)
{
    struct arena *arena = arena_new(4096);

    CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
    ASSERT_STR(account_fold(arena, STR(" a7q2m9\t")), "A7Q2M9");
    ASSERT_STR(account_fold(arena, STR("A b-C")), "A B-C");
    ASSERT_STR(account_fold(arena, STR("\xc3\xa9")), "\xc3\xa9");
    ASSERT_STR(account_fold(arena, STR("  ")), "");
    CU_ASSERT_PTR_NOT_NULL(account_fold(arena, STR_EMPTY).data);
    arena_free(arena);
}

static void without_memory_nothing_is_folded(void)
{
    struct arena *arena = arena_new(8);

    CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
    CU_ASSERT_PTR_NULL(account_fold(arena, STR("more than eight bytes")).data);
    arena_free(arena);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_short_plain_reference_goes_as_it_is),
    TAP_TEST(a_long_empty_or_special_reference_does_not),
    TAP_TEST(the_pattern_of_the_short_code_decides_what_is_sendable),
    TAP_TEST(codes_of_ours_are_recognised_and_sendable),
    TAP_TEST(a_code_with_one_wrong_character_is_none),
    TAP_TEST(a_text_that_is_no_code_is_none),
    TAP_TEST(codes_differ),
    TAP_TEST(payers_may_type_what_the_pattern_takes),
    TAP_TEST(references_are_compared_trimmed_and_in_capitals),
    TAP_TEST(without_memory_nothing_is_folded),
};

TAP_MAIN("account", tests)
