/* Secrets in the paths of callbacks. */
#include "risiti/base/base.h"

#include "risiti/domain/path_token.h"

#include "tap.h"

#define ARENA_BYTES 65536

static void a_token_is_32_lower_case_hex_digits_and_found_by_its_hash(void)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct sha256 hash, expected;
    struct str token;

    CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
    CU_ASSERT_EQUAL_FATAL(path_token_make(arena, &token, &hash), ERR_OK);
    CU_ASSERT_EQUAL(token.length, PATH_TOKEN_LENGTH);
    CU_ASSERT_TRUE(str_consists_of(token, STR("0123456789abcdef")));
    CU_ASSERT_EQUAL(crypto_sha256(token, &expected), ERR_OK);
    CU_ASSERT_TRUE(crypto_equal(hash.bytes, expected.bytes, SHA256_BYTES));
    arena_free(arena);
}

static void no_two_tokens_are_alike(void)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct sha256 hash;
    struct str one, other;

    CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
    CU_ASSERT_EQUAL_FATAL(path_token_make(arena, &one, &hash), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(path_token_make(arena, &other, &hash), ERR_OK);
    CU_ASSERT_FALSE(str_equal(one, other));
    arena_free(arena);
}

static void without_memory_there_is_no_token(void)
{
    struct arena *arena = arena_new(PATH_TOKEN_LENGTH - 1);
    struct sha256 hash;
    struct str token;

    CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
    CU_ASSERT_EQUAL(path_token_make(arena, &token, &hash), ERR_NOMEM);
    arena_free(arena);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_token_is_32_lower_case_hex_digits_and_found_by_its_hash),
    TAP_TEST(no_two_tokens_are_alike),
    TAP_TEST(without_memory_there_is_no_token),
};
TAP_MAIN("path token", tests)
