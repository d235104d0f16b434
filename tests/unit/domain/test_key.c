/* API keys: how they are made, and that a mistyped one is told apart without a look-up. */
#include "risiti/base/base.h"

#include "risiti/domain/key.h"

#include "tap.h"

#define KEYS_MADE 200
/* rst_live_ and the random characters: what the checksum is over. */
#define PREFIX_LENGTH 9
#define CHECKED_LENGTH 52

static const struct app app = {.id = {{1}}, .name = STR_INIT("shop"), .active = true};

struct made {
    struct api_key row;
    struct sha256 hash;
    struct app_new_key key;
};

static struct made make(int64_t expires_at_us)
{
    struct made made;

    CU_ASSERT_EQUAL_FATAL(key_make(&app, expires_at_us, &made.row, &made.hash, &made.key), ERR_OK);
    return made;
}

static void a_key_has_its_form(void)
{
    struct made made = make(0);
    struct str text = str_from(made.key.text);

    CU_ASSERT_EQUAL(text.length, APP_KEY_LENGTH);
    CU_ASSERT_TRUE(str_starts_with(text, STR("rst_live_")));
    CU_ASSERT_EQUAL(app_key_check_form(text), ERR_OK);
}

static void a_row_has_the_hash_and_the_hint_and_never_the_key(void)
{
    struct made made = make(77);
    struct sha256 hash;

    CU_ASSERT_EQUAL(crypto_sha256(str_from(made.key.text), &hash), ERR_OK);
    CU_ASSERT_TRUE(crypto_equal(&hash, &made.hash, sizeof(hash)));
    CU_ASSERT_TRUE(uuid_equal(&made.row.id, &made.key.id));
    CU_ASSERT_TRUE(uuid_equal(&made.row.app_id, &app.id));
    CU_ASSERT_EQUAL(made.row.expires_at_us, 77);
    CU_ASSERT_EQUAL(strlen(made.row.hint), KEY_HINT_SIZE - 1);
    CU_ASSERT_TRUE(memcmp(made.row.hint, made.key.text + PREFIX_LENGTH, KEY_HINT_SIZE - 1) == 0);
}

static void keys_differ(void)
{
    struct made first = make(0);

    for (int i = 0; i < KEYS_MADE; i++) {
        struct made other = make(0);

        CU_ASSERT_TRUE(strcmp(first.key.text, other.key.text) != 0);
        CU_ASSERT_FALSE(uuid_equal(&first.key.id, &other.key.id));
        CU_ASSERT_EQUAL(app_key_check_form(str_from(other.key.text)), ERR_OK);
    }
}

static void every_single_wrong_character_is_noticed(void)
{
    struct made made = make(0);

    for (size_t i = 0; i < APP_KEY_LENGTH; i++) {
        char right = made.key.text[i];

        for (char other = ' '; other < 0x7f; other++) {
            made.key.text[i] = other;
            CU_ASSERT_EQUAL(app_key_check_form(str_from(made.key.text)),
                            other == right ? ERR_OK : ERR_KEY_MISTYPED);
        }
        made.key.text[i] = right;
    }
}

static void two_neighbours_in_the_wrong_order_are_noticed(void)
{
    struct made made = make(0);

    for (size_t i = PREFIX_LENGTH; i + 1 < CHECKED_LENGTH; i++) {
        char first = made.key.text[i], second = made.key.text[i + 1];

        made.key.text[i] = second;
        made.key.text[i + 1] = first;
        CU_ASSERT_EQUAL(app_key_check_form(str_from(made.key.text)),
                        first == second ? ERR_OK : ERR_KEY_MISTYPED);
        made.key.text[i] = first;
        made.key.text[i + 1] = second;
    }
}

static void a_key_that_is_cut_or_longer_is_noticed(void)
{
    struct made made = make(0);
    struct str text = str_from(made.key.text);
    char longer[APP_KEY_SIZE + 1];

    for (size_t length = 0; length < text.length; length++)
        CU_ASSERT_EQUAL(app_key_check_form(str_first(text, length)), ERR_KEY_MISTYPED);
    CU_ASSERT_EQUAL(app_key_check_form(str_skip(text, 1)), ERR_KEY_MISTYPED);
    CU_ASSERT_EQUAL(snprintf(longer, sizeof(longer), "%s0", made.key.text), APP_KEY_LENGTH + 1);
    CU_ASSERT_EQUAL(app_key_check_form(str_from(longer)), ERR_KEY_MISTYPED);
    /* One letter lost and another one too many: the length is right again. */
    CU_ASSERT_EQUAL(app_key_check_form(str_from(longer + 1)), ERR_KEY_MISTYPED);
}

static void a_byte_that_is_no_text_is_noticed(void)
{
    struct made made = make(0);

    made.key.text[20] = '\0';
    CU_ASSERT_EQUAL(app_key_check_form((struct str){made.key.text, APP_KEY_LENGTH}),
                    ERR_KEY_MISTYPED);
    made.key.text[20] = (char)0xff;
    CU_ASSERT_EQUAL(app_key_check_form((struct str){made.key.text, APP_KEY_LENGTH}),
                    ERR_KEY_MISTYPED);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_key_has_its_form),
    TAP_TEST(a_row_has_the_hash_and_the_hint_and_never_the_key),
    TAP_TEST(keys_differ),
    TAP_TEST(every_single_wrong_character_is_noticed),
    TAP_TEST(two_neighbours_in_the_wrong_order_are_noticed),
    TAP_TEST(a_key_that_is_cut_or_longer_is_noticed),
    TAP_TEST(a_byte_that_is_no_text_is_noticed),
};

TAP_MAIN("key", tests)
