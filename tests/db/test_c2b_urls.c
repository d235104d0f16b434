/* The secrets in C2B URLs: when they were used, and when one may end. */
#include "risiti/base/base.h"

#include "risiti/domain/c2b_urls.h"

#include <stdarg.h>

#include "fixture.h"
#include "risiti/base/clock.h"

#define RACE_ROUNDS 20
#define NAME_SIZE (2 * SHA256_BYTES + 1)

/* A secret of its own short code's, which no other test has. */
struct made {
    struct str token, short_code;
    struct sha256 hash;
    char name[NAME_SIZE];
};

static struct made secret_new(struct str short_code)
{
    struct made secret = {.token = fixture_token(), .short_code = short_code};
    struct c2b_token row = {.short_code = short_code, .sealed = STR("sealed")};

    ASSERT(crypto_sha256(secret.token, &secret.hash) == ERR_OK);
    ASSERT(c2b_token_store_insert(fixture()->db, &secret.hash, &row, clock_now_us()) == ERR_OK);
    (void)crypto_hex(secret.hash.bytes, SHA256_BYTES, secret.name);
    fixture_config()->callbacks_secret_idle = 24;
    return secret;
}

static struct str new_short_code(void)
{
    static char numbers[RACE_ROUNDS + 50][16];
    static unsigned used;
    char *number = numbers[used % ARRAY_LENGTH(numbers)];

    ASSERT(snprintf(number, sizeof(numbers[0]), "7%05u", used++) > 0);
    return str_from(number);
}

RISITI_PRINTF(2, 3) static bool secret_is(const struct made *secret, const char *format, ...)
{
    char condition[256];
    va_list values;
    int length;

    va_start(values, format);
    length = vsnprintf(condition, sizeof(condition), format, values);
    va_end(values);
    ASSERT(length > 0 && (size_t)length < sizeof(condition));
    return count_rows("c2b_token", "token_hash = UNHEX('%s') AND (%s)", secret->name, condition) ==
           1;
}

static void secret_set(const struct made *secret, const char *assignments)
{
    testdb_sql("UPDATE c2b_token SET %s WHERE token_hash = UNHEX('%s')", assignments, secret->name);
}

static enum c2b_end end(const struct made *secret)
{
    enum c2b_end done;

    ASSERT(c2b_secret_end(fixture(), str_first(str_from(secret->name), C2B_SECRET_NAME_LENGTH),
                          &done) == ERR_OK);
    return done;
}

static void confirm(const struct made *secret)
{
    struct service *service = fixture_open(testdb_options());
    struct callback callback = {.kind = INBOX_KIND_C2B,
                                .body = c2b_body(&(struct c2b){.receipt = new_receipt()}),
                                .source = STR(SAFARICOM),
                                .token_hash = &secret->hash,
                                .is_listed = true};
    struct callback_effect effect;

    CU_ASSERT_EQUAL(callback_receive(service, &callback, &effect), ERR_OK);
    CU_ASSERT_EQUAL(effect.state, INBOX_STATE_APPLIED);
    fixture_close(service);
}

static void a_confirmation_is_noted_as_its_secrets_last_use(void)
{
    struct made secret = secret_new(STR(PAYBILL)), other = secret_new(STR(PAYBILL));

    confirm(&secret);
    CU_ASSERT_TRUE(secret_is(&secret, "last_used_at > UTC_TIMESTAMP(6) - INTERVAL 1 MINUTE"));
    CU_ASSERT_TRUE(secret_is(&other, "last_used_at IS NULL"));
}

static void a_use_is_noted_once_an_hour(void)
{
    struct made secret = secret_new(STR(PAYBILL));

    secret_set(&secret, "last_used_at = UTC_TIMESTAMP(6) - INTERVAL 50 MINUTE");
    confirm(&secret);
    CU_ASSERT_TRUE(secret_is(&secret, "last_used_at < UTC_TIMESTAMP(6) - INTERVAL 49 MINUTE"));
    secret_set(&secret, "last_used_at = UTC_TIMESTAMP(6) - INTERVAL 70 MINUTE");
    confirm(&secret);
    CU_ASSERT_TRUE(secret_is(&secret, "last_used_at > UTC_TIMESTAMP(6) - INTERVAL 1 MINUTE"));
}

static void a_secret_that_confirmations_come_on_does_not_end(void)
{
    struct str short_code = new_short_code();
    struct made old = secret_new(short_code), new = secret_new(short_code);

    secret_set(&old, "last_used_at = UTC_TIMESTAMP(6) - INTERVAL 23 HOUR");
    CU_ASSERT_EQUAL(end(&old), C2B_END_IN_USE);
    CU_ASSERT_TRUE(secret_is(&old, "ended_at IS NULL"));
    secret_set(&old, "last_used_at = UTC_TIMESTAMP(6) - INTERVAL 25 HOUR");
    CU_ASSERT_EQUAL(end(&old), C2B_END_DONE);
    CU_ASSERT_TRUE(secret_is(&old, "ended_at IS NOT NULL"));
    CU_ASSERT_TRUE(secret_is(&new, "ended_at IS NULL"));
    CU_ASSERT_EQUAL(end(&old), C2B_END_BEFORE);
}

static void a_secret_that_has_ended_is_none(void)
{
    struct str short_code = new_short_code();
    struct made old = secret_new(short_code), new = secret_new(short_code);
    struct service *service = fixture_open(testdb_options());
    struct sha256 found;

    CU_ASSERT_EQUAL(end(&old), C2B_END_DONE);
    CU_ASSERT_EQUAL(callback_token_find(service, INBOX_KIND_C2B, old.token, &found), ERR_ROUTE);
    CU_ASSERT_EQUAL(callback_token_find(service, INBOX_KIND_C2B, new.token, &found), ERR_OK);
    fixture_close(service);
}

static void the_only_secret_of_a_short_code_does_not_end(void)
{
    struct str short_code = new_short_code();
    struct made only = secret_new(short_code);

    CU_ASSERT_EQUAL(end(&only), C2B_END_LAST_ONE);
    CU_ASSERT_TRUE(secret_is(&only, "ended_at IS NULL"));
}

static void a_secret_is_named_by_enough_of_its_hash(void)
{
    struct made secret = secret_new(new_short_code());
    enum c2b_end done;

    CU_ASSERT_EQUAL(c2b_secret_end(fixture(), STR("000000000000"), &done), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(c2b_secret_end(fixture(), STR(""), &done), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(c2b_secret_end(fixture(), str_first(str_from(secret.name), 11), &done),
                    ERR_NOT_FOUND);
    testdb_sql("INSERT INTO c2b_token (token_hash, short_code, token_sealed, created_at) VALUES "
               "(UNHEX(CONCAT(LEFT('%s', 60), IF(RIGHT('%s', 4) = '0000', '1111', '0000'))), "
               "'700000', 'x', UTC_TIMESTAMP(6))",
               secret.name, secret.name);
    CU_ASSERT_EQUAL(c2b_secret_end(fixture(), str_first(str_from(secret.name), 12), &done),
                    ERR_AMBIGUOUS);
    CU_ASSERT_EQUAL(c2b_secret_end(fixture(), str_from(secret.name), &done), ERR_OK);
}

/* Two secrets that two operators end at the same moment. */
struct pair {
    struct made secrets[2];
};

static int race_end(struct service *service, int index, void *shared)
{
    struct pair *pairs = shared;

    for (size_t i = 0; i < RACE_ROUNDS; i++) {
        enum c2b_end done;
        enum err err = c2b_secret_end(service, str_from(pairs[i].secrets[index].name), &done);

        if (err != ERR_OK)
            return EXIT_FAILURE;
        arena_reset(service->arena);
    }
    return EXIT_SUCCESS;
}

static void two_that_end_at_once_leave_one(void)
{
    struct pair *pairs = race_memory(RACE_ROUNDS * sizeof(*pairs));

    for (size_t i = 0; i < RACE_ROUNDS; i++) {
        struct str short_code = new_short_code();

        for (size_t k = 0; k < 2; k++)
            pairs[i].secrets[k] = secret_new(short_code);
    }
    CU_ASSERT_EQUAL(race_run(&(struct race){race_end, pairs, 2}), 0);
    for (size_t i = 0; i < RACE_ROUNDS; i++)
        CU_ASSERT_EQUAL(secret_is(&pairs[i].secrets[0], "ended_at IS NULL") +
                            secret_is(&pairs[i].secrets[1], "ended_at IS NULL"),
                        1);
    race_memory_free(pairs, RACE_ROUNDS * sizeof(*pairs));
}

static const struct tap_test tests[] = {
    TAP_TEST(a_confirmation_is_noted_as_its_secrets_last_use),
    TAP_TEST(a_use_is_noted_once_an_hour),
    TAP_TEST(a_secret_that_confirmations_come_on_does_not_end),
    TAP_TEST(a_secret_that_has_ended_is_none),
    TAP_TEST(the_only_secret_of_a_short_code_does_not_end),
    TAP_TEST(a_secret_is_named_by_enough_of_its_hash),
    TAP_TEST(two_that_end_at_once_leave_one),
};

TESTDB_MAIN("c2b_urls", tests)
