/* Phones: which texts are Kenyan mobile numbers, what a mask shows, what can be compared. */
#include "risiti/base/base.h"

#include "tap.h"

#include "risiti/base/crypto.h"
#include "risiti/base/phone.h"

static const struct phone jane = {"254712345678"};

static const char *parsed(const char *text)
{
    static struct phone phone;

    return phone_parse(str_from(text), &phone) == ERR_OK ? phone.digits : "invalid";
}

static const char *masked(const char *text)
{
    static char mask[PHONE_MASK_SIZE];

    return phone_mask(str_from(text), mask);
}

static enum phone_match compared(const char *payer)
{
    return phone_compare(&jane, str_from(payer));
}

static void four_forms_become_one(void)
{
    CU_ASSERT_STRING_EQUAL(parsed("0712345678"), "254712345678");
    CU_ASSERT_STRING_EQUAL(parsed("712345678"), "254712345678");
    CU_ASSERT_STRING_EQUAL(parsed("+254712345678"), "254712345678");
    CU_ASSERT_STRING_EQUAL(parsed("254712345678"), "254712345678");
}

static void numbers_in_01_are_mobile_numbers_too(void)
{
    CU_ASSERT_STRING_EQUAL(parsed("0112345678"), "254112345678");
    CU_ASSERT_STRING_EQUAL(parsed("112345678"), "254112345678");
    CU_ASSERT_STRING_EQUAL(parsed("+254112345678"), "254112345678");
    CU_ASSERT_STRING_EQUAL(parsed("254112345678"), "254112345678");
}

static void other_texts_are_no_phone(void)
{
    static const char *const texts[] = {
        "",
        "07",
        "071234567",
        "07123456789",
        "0212345678",
        "812345678",
        "2540712345678",
        "+2540712345678",
        "00254712345678",
        "+0712345678",
        "+712345678",
        "25471234567",
        "2547123456789",
        "255712345678",
        "0712 345678",
        "0712-345678",
        " 0712345678",
        "0712345678 ",
        "07123456a8",
        "2547*****678",
        "254 712345678",
        "++254712345678",
        "JANE",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        CU_ASSERT_STRING_EQUAL(parsed(texts[i]), "invalid");
}

static void a_failed_parse_leaves_the_output_alone(void)
{
    struct phone phone = jane;

    CU_ASSERT_EQUAL(phone_parse(STR("0712"), &phone), ERR_INVALID);
    CU_ASSERT_EQUAL(phone_parse(STR("07123\0"
                                    "5678"),
                                &phone),
                    ERR_INVALID);
    CU_ASSERT_STRING_EQUAL(phone.digits, jane.digits);
}

static void whole_numbers_are_masked_alike_in_any_form(void)
{
    CU_ASSERT_STRING_EQUAL(masked("254712345678"), "2547*****678");
    CU_ASSERT_STRING_EQUAL(masked("0712345678"), "2547*****678");
    CU_ASSERT_STRING_EQUAL(masked("712345678"), "2547*****678");
    CU_ASSERT_STRING_EQUAL(masked("+254 712 345 678"), "2547*****678");
}

static void masks_and_hashes_keep_four_and_three_bytes(void)
{
    CU_ASSERT_STRING_EQUAL(masked("2547 ***** 678"), "2547*****678");
    CU_ASSERT_STRING_EQUAL(
        masked("0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"), "0a1b*****8f9");
    CU_ASSERT_STRING_EQUAL(masked("447911123456"), "4479*****456");
}

static void short_texts_show_nothing(void)
{
    CU_ASSERT_STRING_EQUAL(masked("JANE"), "*****");
    CU_ASSERT_STRING_EQUAL(masked("223456789"), "*****");
    CU_ASSERT_STRING_EQUAL(masked(""), "");
    CU_ASSERT_STRING_EQUAL(masked("   "), "");
}

static void masks_hold_printable_ascii_only(void)
{
    CU_ASSERT_STRING_EQUAL(masked("a\n\x1b\xc3\xa9xxxxxxxx\x7f"
                                  "b\x01"),
                           "a*********b*");
}

static void overlong_payers_are_masked_too(void)
{
    char text[200];

    memset(text, '7', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    CU_ASSERT_STRING_EQUAL(masked(text), "7777*****777");
}

static void whole_numbers_decide(void)
{
    CU_ASSERT_EQUAL(compared("254712345678"), PHONE_SAME);
    CU_ASSERT_EQUAL(compared("0712345678"), PHONE_SAME);
    CU_ASSERT_EQUAL(compared("712345678"), PHONE_SAME);
    CU_ASSERT_EQUAL(compared("+254712345678"), PHONE_SAME);
    CU_ASSERT_EQUAL(compared(" 254 712 345 678 "), PHONE_SAME);
    CU_ASSERT_EQUAL(compared("254712345679"), PHONE_DIFFERENT);
    CU_ASSERT_EQUAL(compared("0712345679"), PHONE_DIFFERENT);
    CU_ASSERT_EQUAL(compared("+447911123456"), PHONE_DIFFERENT);
    CU_ASSERT_EQUAL(compared("0202345678"), PHONE_DIFFERENT);
}

static void unknown_forms_of_the_same_digits_say_nothing(void)
{
    CU_ASSERT_EQUAL(compared("00254712345678"), PHONE_UNPROVEN);
    CU_ASSERT_EQUAL(compared("2540712345678"), PHONE_UNPROVEN);
    CU_ASSERT_EQUAL(compared("12345678"), PHONE_UNPROVEN);
}

static void hashes_decide_in_either_case(void)
{
    struct sha256 digest;
    char hex[SHA256_HEX_SIZE];

    CU_ASSERT_EQUAL(crypto_sha256(STR("254712345678"), &digest), ERR_OK);
    (void)crypto_hex(digest.bytes, SHA256_BYTES, hex);
    CU_ASSERT_EQUAL(compared(hex), PHONE_SAME);
    for (size_t i = 0; i < sizeof(hex); i++)
        hex[i] = hex[i] >= 'a' && hex[i] <= 'f' ? (char)(hex[i] - 'a' + 'A') : hex[i];
    CU_ASSERT_EQUAL(compared(hex), PHONE_SAME);
    hex[10] = hex[10] == '0' ? '1' : '0';
    CU_ASSERT_EQUAL(compared(hex), PHONE_DIFFERENT);
    hex[63] = '\0';
    CU_ASSERT_EQUAL(compared(hex), PHONE_UNPROVEN);
}

static void a_mask_that_fits_proves_nothing(void)
{
    CU_ASSERT_EQUAL(compared("2547 ***** 678"), PHONE_UNPROVEN);
    CU_ASSERT_EQUAL(compared("2547*****678"), PHONE_UNPROVEN);
    CU_ASSERT_EQUAL(compared("+2547*****678"), PHONE_UNPROVEN);
    CU_ASSERT_EQUAL(compared("0712***678"), PHONE_UNPROVEN);
    CU_ASSERT_EQUAL(compared("712***678"), PHONE_UNPROVEN);
    CU_ASSERT_EQUAL(compared("25471234567*"), PHONE_UNPROVEN);
    CU_ASSERT_EQUAL(compared("*********678"), PHONE_UNPROVEN);
    CU_ASSERT_EQUAL(compared("************"), PHONE_UNPROVEN);
    CU_ASSERT_EQUAL(compared("*"), PHONE_UNPROVEN);
}

static void a_mask_that_contradicts_proves_a_difference(void)
{
    CU_ASSERT_EQUAL(compared("2547 ***** 679"), PHONE_DIFFERENT);
    CU_ASSERT_EQUAL(compared("2541 ***** 678"), PHONE_DIFFERENT);
    CU_ASSERT_EQUAL(compared("0713***678"), PHONE_DIFFERENT);
    CU_ASSERT_EQUAL(compared("*********679"), PHONE_DIFFERENT);
    CU_ASSERT_EQUAL(compared("2547123456*5678"), PHONE_DIFFERENT);
}

static void a_masked_hash_can_contradict_but_never_prove(void)
{
    struct sha256 digest;
    char hex[SHA256_HEX_SIZE], text[SHA256_HEX_SIZE];

    CU_ASSERT_EQUAL(crypto_sha256(STR("254712345678"), &digest), ERR_OK);
    (void)crypto_hex(digest.bytes, SHA256_BYTES, hex);
    memcpy(text, hex, sizeof(text));
    memset(text + 20, '*', 24);
    CU_ASSERT_EQUAL(compared(text), PHONE_UNPROVEN);
    text[0] = text[0] == 'a' ? 'b' : 'a';
    CU_ASSERT_EQUAL(compared(text), PHONE_DIFFERENT);
    CU_ASSERT_EQUAL(compared("ffff ***** fff"), PHONE_DIFFERENT);
}

static void text_that_is_no_number_says_nothing(void)
{
    static const char *const texts[] = {
        "", "   ", "JANE", "N/A", "J*** DOE", "Abe *** F", "-", "254", "+", "0x2547", "A*B",
    };
    char longest[300];

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        CU_ASSERT_EQUAL(compared(texts[i]), PHONE_UNPROVEN);
    CU_ASSERT_EQUAL(phone_compare(&jane, STR_EMPTY), PHONE_UNPROVEN);
    memset(longest, '7', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    CU_ASSERT_EQUAL(compared(longest), PHONE_UNPROVEN);
}

static const struct tap_test tests[] = {
    TAP_TEST(four_forms_become_one),
    TAP_TEST(numbers_in_01_are_mobile_numbers_too),
    TAP_TEST(other_texts_are_no_phone),
    TAP_TEST(a_failed_parse_leaves_the_output_alone),
    TAP_TEST(whole_numbers_are_masked_alike_in_any_form),
    TAP_TEST(masks_and_hashes_keep_four_and_three_bytes),
    TAP_TEST(short_texts_show_nothing),
    TAP_TEST(masks_hold_printable_ascii_only),
    TAP_TEST(overlong_payers_are_masked_too),
    TAP_TEST(whole_numbers_decide),
    TAP_TEST(unknown_forms_of_the_same_digits_say_nothing),
    TAP_TEST(hashes_decide_in_either_case),
    TAP_TEST(a_mask_that_fits_proves_nothing),
    TAP_TEST(a_mask_that_contradicts_proves_a_difference),
    TAP_TEST(a_masked_hash_can_contradict_but_never_prove),
    TAP_TEST(text_that_is_no_number_says_nothing),
};
TAP_MAIN("phone", tests)
