/* Random bytes, digests, sealing, and the text forms of bytes; samples of the standards. */
#include "risiti/base/base.h"

#include "tap.h"

#include <sys/wait.h>
#include <unistd.h>

#include "risiti/base/crypto.h"

#define RANDOM_BYTES 32
#define CHILDREN 3
#define ARENA_BYTES 65536

static struct arena *arena;
static const unsigned char key[SEAL_KEY_BYTES] = "an example key, 32 bytes of it..";

/* Random bytes made in a child of this process. */
static bool random_of_child(unsigned char bytes[RANDOM_BYTES])
{
    int ends[2], status = -1;
    ssize_t count;
    pid_t child;

    if (pipe(ends) != 0)
        return false;
    child = fork();
    if (child == 0) {
        bool good = crypto_random(bytes, RANDOM_BYTES) == ERR_OK &&
                    write(ends[1], bytes, RANDOM_BYTES) == RANDOM_BYTES;

        _exit(good ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    (void)close(ends[1]);
    count = read(ends[0], bytes, RANDOM_BYTES);
    (void)close(ends[0]);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0 && count == RANDOM_BYTES;
}

static void children_draw_different_random_bytes(void)
{
    unsigned char drawn[CHILDREN + 2][RANDOM_BYTES] = {{0}};

    CU_ASSERT_EQUAL(crypto_random(drawn[0], RANDOM_BYTES), ERR_OK);
    for (size_t i = 1; i <= CHILDREN; i++)
        CU_ASSERT_TRUE(random_of_child(drawn[i]));
    CU_ASSERT_EQUAL(crypto_random(drawn[CHILDREN + 1], RANDOM_BYTES), ERR_OK);
    for (size_t i = 0; i < CHILDREN + 2; i++)
        for (size_t k = 0; k < i; k++)
            CU_ASSERT_NOT_EQUAL(memcmp(drawn[i], drawn[k], RANDOM_BYTES), 0);
}

static void random_touches_exactly_the_bytes_asked_for(void)
{
    unsigned char bytes[8], seen[8] = {0};

    CU_ASSERT_EQUAL(crypto_random(bytes, 0), ERR_OK);
    for (unsigned i = 0; i < 64; i++) {
        memset(bytes, 0, sizeof(bytes));
        CU_ASSERT_EQUAL(crypto_random(bytes, 4), ERR_OK);
        for (size_t k = 0; k < sizeof(bytes); k++)
            seen[k] |= bytes[k];
    }
    CU_ASSERT_TRUE(seen[0] != 0 && seen[3] != 0);
    CU_ASSERT_EQUAL(memcmp(seen + 4, "\0\0\0\0", 4), 0);
}

static void sha256_matches_the_samples(void)
{
    struct sha256 digest;
    char hex[SHA256_HEX_SIZE];

    CU_ASSERT_EQUAL(crypto_sha256(STR("abc"), &digest), ERR_OK);
    CU_ASSERT_STRING_EQUAL(crypto_hex(digest.bytes, SHA256_BYTES, hex),
                           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CU_ASSERT_EQUAL(crypto_sha256(STR_EMPTY, &digest), ERR_OK);
    CU_ASSERT_STRING_EQUAL(crypto_hex(digest.bytes, SHA256_BYTES, hex),
                           "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void equality_looks_at_every_byte(void)
{
    CU_ASSERT_TRUE(crypto_equal("secret", "secret", 6));
    CU_ASSERT_FALSE(crypto_equal("secret", "Secret", 6));
    CU_ASSERT_FALSE(crypto_equal("secret", "secreT", 6));
    CU_ASSERT_TRUE(crypto_equal("secret", "secreT", 5));
    CU_ASSERT_TRUE(crypto_equal(NULL, NULL, 0));
}

static void wiping_leaves_zeros(void)
{
    char text[] = "secret";

    crypto_wipe(text, 3);
    CU_ASSERT_EQUAL(memcmp(text, "\0\0\0ret", 7), 0);
    crypto_wipe(NULL, 0);
}

static void sealed_values_open_again(void)
{
    struct str sealed, plain;

    CU_ASSERT_EQUAL_FATAL(crypto_seal(key, STR("a token\0with a zero"), arena, &sealed), ERR_OK);
    CU_ASSERT_EQUAL(sealed.length, sizeof("a token\0with a zero") - 1 + SEAL_OVERHEAD_BYTES);
    CU_ASSERT_PTR_NULL(memmem(sealed.data, sealed.length, "token", 5));
    CU_ASSERT_EQUAL_FATAL(crypto_open(key, sealed, arena, &plain), ERR_OK);
    CU_ASSERT_TRUE(str_equal(plain, STR("a token\0with a zero")));
    CU_ASSERT_EQUAL_FATAL(crypto_seal(key, STR_EMPTY, arena, &sealed), ERR_OK);
    CU_ASSERT_EQUAL(sealed.length, SEAL_OVERHEAD_BYTES);
    CU_ASSERT_EQUAL_FATAL(crypto_open(key, sealed, arena, &plain), ERR_OK);
    CU_ASSERT_EQUAL(plain.length, 0);
    arena_reset(arena);
}

static void the_same_value_is_never_sealed_alike(void)
{
    struct str first, second;

    CU_ASSERT_EQUAL(crypto_seal(key, STR("token"), arena, &first), ERR_OK);
    CU_ASSERT_EQUAL(crypto_seal(key, STR("token"), arena, &second), ERR_OK);
    CU_ASSERT_FALSE(str_equal(first, second));
    CU_ASSERT_FALSE(str_equal(str_first(first, 12), str_first(second, 12)));
    arena_reset(arena);
}

static void another_key_opens_nothing(void)
{
    unsigned char other[SEAL_KEY_BYTES];
    struct str sealed, plain = STR("untouched");

    memcpy(other, key, sizeof(other));
    other[31] ^= 1;
    CU_ASSERT_EQUAL(crypto_seal(key, STR("token"), arena, &sealed), ERR_OK);
    CU_ASSERT_EQUAL(crypto_open(other, sealed, arena, &plain), ERR_CRYPTO);
    ASSERT_STR(plain, "untouched");
    arena_reset(arena);
}

static void a_changed_bit_anywhere_opens_nothing(void)
{
    struct str sealed, plain;

    CU_ASSERT_EQUAL_FATAL(crypto_seal(key, STR("token"), arena, &sealed), ERR_OK);
    for (size_t bit = 0; bit < sealed.length * 8; bit++) {
        char *copy = arena_copy(arena, sealed);

        CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << (bit % 8)));
        CU_ASSERT_EQUAL(crypto_open(key, (struct str){copy, sealed.length}, arena, &plain),
                        ERR_CRYPTO);
    }
    for (size_t length = 0; length < sealed.length; length++)
        CU_ASSERT_EQUAL(crypto_open(key, str_first(sealed, length), arena, &plain), ERR_CRYPTO);
    arena_reset(arena);
}

static void a_full_arena_is_no_crypto_error(void)
{
    struct arena *small = arena_new(64);
    struct str sealed, plain, text = STR("0123456789012345678901234567890123456789");

    CU_ASSERT_PTR_NOT_NULL_FATAL(small);
    CU_ASSERT_EQUAL(crypto_seal(key, text, small, &sealed), ERR_NOMEM);
    CU_ASSERT_EQUAL(crypto_seal(key, text, arena, &sealed), ERR_OK);
    arena_reset(small);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(small, 60, 1));
    CU_ASSERT_EQUAL(crypto_open(key, sealed, small, &plain), ERR_NOMEM);
    CU_ASSERT_PTR_NULL(crypto_base64(text, small).data);
    CU_ASSERT_EQUAL(crypto_unbase64(STR("Zm9v"), small, &plain), ERR_NOMEM);
    arena_free(small);
    arena_reset(arena);
}

static void hex_goes_there_and_back(void)
{
    unsigned char bytes[3];
    char text[7];

    CU_ASSERT_STRING_EQUAL(crypto_hex("\x00\xa5\xff", 3, text), "00a5ff");
    CU_ASSERT_STRING_EQUAL(crypto_hex("", 0, text), "");
    CU_ASSERT_EQUAL(crypto_unhex(STR("00A5ff"), bytes, 3), ERR_OK);
    CU_ASSERT_EQUAL(memcmp(bytes, "\x00\xa5\xff", 3), 0);
}

static void hex_of_another_length_or_alphabet_is_refused(void)
{
    static const char *const texts[] = {"",       "00a5f",  "00a5ff0", "00a5ff00",
                                        "00a5fg", "00a5f ", "0x00a5",  "00-a5f",
                                        "@0a5ff", "`0a5ff", "/0a5ff",  ":0a5ff"};
    unsigned char bytes[3] = {7, 7, 7};

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        CU_ASSERT_EQUAL(crypto_unhex(str_from(texts[i]), bytes, 3), ERR_INVALID);
    CU_ASSERT_EQUAL(memcmp(bytes, "\7\7\7", 3), 0);
}

static void base64_matches_the_samples(void)
{
    static const char *const samples[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(samples); i++) {
        struct str bytes = STR_EMPTY;

        ASSERT_STR(crypto_base64(str_from(samples[i][0]), arena), samples[i][1]);
        CU_ASSERT_EQUAL(crypto_unbase64(str_from(samples[i][1]), arena, &bytes), ERR_OK);
        ASSERT_STR(bytes, samples[i][0]);
        CU_ASSERT_PTR_NOT_NULL(bytes.data);
    }
    arena_reset(arena);
}

static void base64_of_many_bytes_has_no_line_breaks(void)
{
    char bytes[256];
    struct str text, back = STR_EMPTY;

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)i;
    text = crypto_base64((struct str){bytes, sizeof(bytes)}, arena);
    CU_ASSERT_EQUAL(text.length, 344);
    CU_ASSERT_EQUAL(str_find(text, '\n'), text.length);
    CU_ASSERT_EQUAL(crypto_unbase64(text, arena, &back), ERR_OK);
    CU_ASSERT_TRUE(str_equal(back, (struct str){bytes, sizeof(bytes)}));
    arena_reset(arena);
}

static void other_texts_are_no_base64(void)
{
    static const char *const texts[] = {
        "Z",     "Zg",        "Zg=",      "=",    "==",   "====", "Z===", "Zm9v=", "Zm9v\n", " Zm9",
        "Zm 9v", "Zm9v Zm9v", "Zg==Zg==", "Zm-_", "Zh==", "ZB==", "ZmB=", "Zm9=",  "Z=g=",
    };
    struct str bytes = STR("untouched");

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        CU_ASSERT_EQUAL(crypto_unbase64(str_from(texts[i]), arena, &bytes), ERR_INVALID);
    ASSERT_STR(bytes, "untouched");
    arena_reset(arena);
}

static void crc32_matches_the_sample(void)
{
    CU_ASSERT_EQUAL(crypto_crc32(STR("123456789")), UINT32_C(0xcbf43926));
    CU_ASSERT_EQUAL(crypto_crc32(STR_EMPTY), 0);
}

static const struct tap_test tests[] = {
    TAP_TEST(children_draw_different_random_bytes),
    TAP_TEST(random_touches_exactly_the_bytes_asked_for),
    TAP_TEST(sha256_matches_the_samples),
    TAP_TEST(equality_looks_at_every_byte),
    TAP_TEST(wiping_leaves_zeros),
    TAP_TEST(sealed_values_open_again),
    TAP_TEST(the_same_value_is_never_sealed_alike),
    TAP_TEST(another_key_opens_nothing),
    TAP_TEST(a_changed_bit_anywhere_opens_nothing),
    TAP_TEST(a_full_arena_is_no_crypto_error),
    TAP_TEST(hex_goes_there_and_back),
    TAP_TEST(hex_of_another_length_or_alphabet_is_refused),
    TAP_TEST(base64_matches_the_samples),
    TAP_TEST(base64_of_many_bytes_has_no_line_breaks),
    TAP_TEST(other_texts_are_no_base64),
    TAP_TEST(crc32_matches_the_sample),
};

int main(void)
{
    int result;

    arena = arena_new(ARENA_BYTES);
    if (arena == NULL)
        return EXIT_FAILURE;
    result = tap_run("crypto", tests, ARRAY_LENGTH(tests));
    arena_free(arena);
    return result;
}
