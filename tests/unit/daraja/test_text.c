/* Text from outside made harmless, and what counts as a receipt. */
#include "risiti/base/base.h"

#include "tap.h"

#include "risiti/base/arena.h"
#include "risiti/base/receipt.h"
#include "risiti/daraja/text.h"

#define ARENA_BYTES_MAX 65536

static void printable_text_stays_as_it_is(void)
{
    RISITI_CLEANUP(arena_free_at) struct arena *arena = arena_new(ARENA_BYTES_MAX);

    ASSERT_STR(text_clean(arena, STR("  Mũthoni wa Kĩmani \n"), 255), "Mũthoni wa Kĩmani");
    ASSERT_STR(text_clean(arena, STR("   "), 255), "");
    CU_ASSERT_PTR_NULL(text_clean(arena, STR_EMPTY, 255).data);
}

static void what_is_not_printable_becomes_a_question_mark(void)
{
    RISITI_CLEANUP(arena_free_at) struct arena *arena = arena_new(ARENA_BYTES_MAX);

    ASSERT_STR(text_clean(arena, STR("a\r\nb\x1b[0m"), 255), "a??b?[0m");
    ASSERT_STR(text_clean(arena, STR("6\xe2\x80\x8b!"), 255), "6?!");
    ASSERT_STR(text_clean(arena, STR("a\xff\xc3"), 255), "a??");
}

static void text_is_cut_between_characters(void)
{
    RISITI_CLEANUP(arena_free_at) struct arena *arena = arena_new(ARENA_BYTES_MAX);

    ASSERT_STR(text_clean(arena, STR("abcdef"), 6), "abcdef");
    ASSERT_STR(text_clean(arena, STR("abcdefg"), 6), "abcdef");
    ASSERT_STR(text_clean(arena, STR("abcde\xc5\xa9"), 6), "abcde");
    ASSERT_STR(text_clean(arena, STR("abcd\xc5\xa9"), 6), "abcd\xc5\xa9");
}

static void receipts_are_trimmed_and_upper_cased(void)
{
    RISITI_CLEANUP(arena_free_at) struct arena *arena = arena_new(ARENA_BYTES_MAX);

    ASSERT_STR(receipt_normalise(arena, STR("UKN4X7Q2LB")), "UKN4X7Q2LB");
    ASSERT_STR(receipt_normalise(arena, STR(" ukn4x7q2lb\t")), "UKN4X7Q2LB");
    ASSERT_STR(receipt_normalise(arena, STR("00000000")), "00000000");
    ASSERT_STR(receipt_normalise(arena, STR("ABCDEFGHIJKLMNOPQRST")), "ABCDEFGHIJKLMNOPQRST");
}

static void anything_else_is_no_receipt(void)
{
    RISITI_CLEANUP(arena_free_at) struct arena *arena = arena_new(ARENA_BYTES_MAX);
    static const char *const texts[] = {
        "",           "   ",        "ABCDEFG", "ABCDEFGHIJKLMNOPQRSTU", "UKN4X7Q2L!", "UKN4 X7Q2L",
        "UKN4-7Q2LB", "UKN4X7Q2L_", "N/A",     "UKN4X7Q2L\xc3\x9c"};

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        CU_ASSERT_PTR_NULL(receipt_normalise(arena, str_from(texts[i])).data);
    CU_ASSERT_PTR_NULL(receipt_normalise(arena, STR_EMPTY).data);
    CU_ASSERT_PTR_NULL(receipt_normalise(arena, STR("UKN4X7Q\0LB")).data);
}

static const struct tap_test tests[] = {
    TAP_TEST(printable_text_stays_as_it_is),
    TAP_TEST(what_is_not_printable_becomes_a_question_mark),
    TAP_TEST(text_is_cut_between_characters),
    TAP_TEST(receipts_are_trimmed_and_upper_cased),
    TAP_TEST(anything_else_is_no_receipt),
};
TAP_MAIN("daraja text", tests)
