/* Views of text: cutting, comparing, and what counts as UTF-8 and as printable. */
#include "risiti/base/base.h"

#include "tap.h"

static void views_compare_by_bytes(void)
{
    CU_ASSERT_TRUE(str_equal(STR("abc"), STR("abc")));
    CU_ASSERT_FALSE(str_equal(STR("abc"), STR("abc ")));
    CU_ASSERT_TRUE(str_equal(STR_EMPTY, STR("")));
    CU_ASSERT_TRUE(str_equal_nocase(STR("X-Api-Key"), STR("x-API-key")));
    CU_ASSERT_FALSE(str_equal_nocase(STR("a"), STR("A ")));
}

static void a_piece_is_found_in_whatever_case(void)
{
    CU_ASSERT_TRUE(str_contains_nocase(STR("[MerchantValidate] - Wrong credentials"),
                                       STR("wrong CREDENTIALS")));
    CU_ASSERT_TRUE(str_contains_nocase(STR("abc"), STR("abc")));
    CU_ASSERT_TRUE(str_contains_nocase(STR("abc"), STR_EMPTY));
    CU_ASSERT_FALSE(str_contains_nocase(STR("abc"), STR("abcd")));
    CU_ASSERT_FALSE(str_contains_nocase(STR_EMPTY, STR("a")));
    CU_ASSERT_FALSE(str_contains_nocase(STR("acb"), STR("ab")));
}

static void cut_goes_through_all_pieces(void)
{
    struct str rest = STR("a,,b");

    ASSERT_STR(str_cut(&rest, ','), "a");
    ASSERT_STR(str_cut(&rest, ','), "");
    CU_ASSERT_PTR_NOT_NULL(rest.data);
    ASSERT_STR(str_cut(&rest, ','), "b");
    CU_ASSERT_PTR_NULL(rest.data);
}

static void trim_takes_both_ends(void)
{
    ASSERT_STR(str_trim(STR(" \t a b\r\n")), "a b");
    ASSERT_STR(str_trim(STR("   ")), "");
    ASSERT_STR(str_trim(STR_EMPTY), "");
}

static void copy_refuses_what_does_not_fit(void)
{
    char buffer[4] = "xxx";

    CU_ASSERT_TRUE(str_copy(STR("abc"), buffer, sizeof(buffer)));
    CU_ASSERT_STRING_EQUAL(buffer, "abc");
    CU_ASSERT_FALSE(str_copy(STR("abcd"), buffer, sizeof(buffer)));
    CU_ASSERT_STRING_EQUAL(buffer, "");
    CU_ASSERT_FALSE(str_copy(STR("a\0b"), buffer, sizeof(buffer)));
}

static void utf8_is_checked_strictly(void)
{
    CU_ASSERT_TRUE(str_is_utf8(STR("Ĩ \xf0\x9f\x92\xb0")));
    CU_ASSERT_FALSE(str_is_utf8(STR("\xc0\x80")));
    CU_ASSERT_FALSE(str_is_utf8(STR("\xe0\x80\x80")));
    CU_ASSERT_FALSE(str_is_utf8(STR("\xed\xa0\x80")));
    CU_ASSERT_FALSE(str_is_utf8(STR("\xf4\x90\x80\x80")));
    CU_ASSERT_FALSE(str_is_utf8(STR("\xff")));
    CU_ASSERT_FALSE(str_is_utf8(STR("a\xe2\x82")));
}

static void printable_text_has_no_controls_or_tricks(void)
{
    CU_ASSERT_TRUE(str_is_printable(STR("Order 7, Mũthoni")));
    CU_ASSERT_FALSE(str_is_printable(STR("a\nb")));
    CU_ASSERT_FALSE(str_is_printable(STR("a\x7f")));
    CU_ASSERT_FALSE(str_is_printable(STR("\xc2\x85")));
    CU_ASSERT_FALSE(str_is_printable(STR("\xe2\x80\xa8")));
    CU_ASSERT_FALSE(str_is_printable(STR("\xe2\x80\xae")));
    CU_ASSERT_FALSE(str_is_printable(STR("\xff")));
}

static const struct tap_test tests[] = {
    TAP_TEST(views_compare_by_bytes),
    TAP_TEST(a_piece_is_found_in_whatever_case),
    TAP_TEST(cut_goes_through_all_pieces),
    TAP_TEST(trim_takes_both_ends),
    TAP_TEST(copy_refuses_what_does_not_fit),
    TAP_TEST(utf8_is_checked_strictly),
    TAP_TEST(printable_text_has_no_controls_or_tricks),
};
TAP_MAIN("str", tests)
