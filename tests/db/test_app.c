/* Apps and their keys: making, listing, telling whose a key is, and slowing down who guesses. */
#include "risiti/base/base.h"

#include "risiti/domain/app.h"

#include "fixture.h"
#include "risiti/base/clock.h"
#include "testproxy.h"

#define RACE_PROCESSES 8
#define RACE_MISSES 50
#define WINDOW_S 600

/* An app with its first key. */
struct made {
    struct app app;
    struct app_new_key key;
};

static struct made make(void)
{
    struct made made;
    const enum err err =
        app_create(fixture(), fixture_text("shop-"), CLAIM_REQUIRES_NONE, &made.app, &made.key);

    ASSERT(err == ERR_OK);
    return made;
}

static struct tenant *tenant;

/* As a worker that has not seen the key lately. */
static enum err authenticate(struct str key)
{
    static struct app_cache *cache;

    app_cache_free(cache);
    cache = app_cache_new();
    ASSERT(cache != NULL);
    return app_authenticate(fixture(), cache, key, &tenant);
}

static enum err create(const char *name)
{
    struct app app;
    struct app_new_key key;

    return app_create(fixture(), str_from(name), CLAIM_REQUIRES_NONE, &app, &key);
}

static void an_app_comes_with_a_key_that_is_kept_as_its_hash(void)
{
    const struct made made = make();

    CU_ASSERT_EQUAL(authenticate(str_from(made.key.text)), ERR_OK);
    CU_ASSERT_TRUE(uuid_equal(&tenant->app.id, &made.app.id));
    CU_ASSERT_TRUE(str_equal(tenant->app.name, made.app.name));
    CU_ASSERT_EQUAL(count_rows("api_key JOIN app ON app.id = app_id",
                               "name = '%.*s' AND key_hash = UNHEX(SHA2('%s', 256)) AND "
                               "hint = SUBSTR('%s', 10, 8) AND expires_at IS NULL",
                               STR_ARG(made.app.name), made.key.text, made.key.text),
                    1);
}

static void a_name_is_given_once(void)
{
    CU_ASSERT_EQUAL(create("The one"), ERR_OK);
    CU_ASSERT_EQUAL(create("The one"), ERR_DUPLICATE);
    CU_ASSERT_EQUAL(create("ADMIN_SHOP"), ERR_DUPLICATE);
    CU_ASSERT_EQUAL(create("the one"), ERR_OK);
    CU_ASSERT_EQUAL(count_rows("api_key JOIN app ON app.id = app_id", "name = 'The one'"), 1);
}

static void a_name_is_short_and_printable(void)
{
    static const char *const wrong[] = {
        "",
        " ",
        " x",
        "x ",
        "a\nb",
        "a\tb",
        "a\x1b[31mb",
        "\xff",
        "a\xe2\x80\xae",
        "12345678901234567890123456789012345678901234567890123456789012345"};

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        CU_ASSERT_EQUAL(create(wrong[i]), ERR_INVALID);
    CU_ASSERT_EQUAL(create("1234567890123456789012345678901234567890123456789012345678901234"),
                    ERR_OK);
    CU_ASSERT_EQUAL(create("Caf\xc3\xa9 'n' \"Tea\"; --"), ERR_OK);
}

static void an_app_is_found_by_its_name_and_its_id(void)
{
    const struct made made = make();
    struct app app;
    char id[UUID_TEXT_SIZE];

    CU_ASSERT_EQUAL(app_find(fixture(), made.app.name, &app), ERR_OK);
    CU_ASSERT_TRUE(uuid_equal(&app.id, &made.app.id));
    CU_ASSERT_EQUAL(app_find(fixture(), str_from(uuid_format(&made.app.id, id)), &app), ERR_OK);
    CU_ASSERT_TRUE(str_equal(app.name, made.app.name));
    CU_ASSERT_EQUAL(app_find(fixture(), STR("ADMIN_SHOP"), &app), ERR_OK);
    CU_ASSERT_TRUE(uuid_equal(&app.id, &admin_shop_id));
    CU_ASSERT_EQUAL(app_find(fixture(), STR("nobody"), &app), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(app_find(fixture(), STR("00000000-0000-7000-8000-000000000002"), &app),
                    ERR_NOT_FOUND);
}

static void apps_are_listed_by_name(void)
{
    struct apps apps;

    (void)make();
    CU_ASSERT_EQUAL(app_list(fixture(), &apps), ERR_OK);
    CU_ASSERT_EQUAL(apps.count, (size_t)count_rows("app", "1"));
    /* Every text here has a NUL behind it. */
    for (size_t i = 1; i < apps.count; i++)
        CU_ASSERT_TRUE(strcmp(apps.items[i - 1].name.data, apps.items[i].name.data) < 0);
}

static void an_app_has_as_many_keys_as_it_wants(void)
{
    const struct made made = make();
    struct app_new_key second, third;
    struct api_keys keys;

    CU_ASSERT_EQUAL(app_key_create(fixture(), &made.app, 0, &second), ERR_OK);
    CU_ASSERT_EQUAL(app_key_create(fixture(), &made.app, 0, &third), ERR_OK);
    CU_ASSERT_EQUAL(authenticate(str_from(made.key.text)), ERR_OK);
    CU_ASSERT_EQUAL(authenticate(str_from(second.text)), ERR_OK);
    CU_ASSERT_TRUE(uuid_equal(&tenant->app.id, &made.app.id));
    CU_ASSERT_EQUAL(app_key_revoke(fixture(), &second.id), ERR_OK);
    CU_ASSERT_EQUAL(authenticate(str_from(second.text)), ERR_KEY_UNKNOWN);
    CU_ASSERT_EQUAL(authenticate(str_from(third.text)), ERR_OK);
    CU_ASSERT_EQUAL(app_key_list(fixture(), &made.app, &keys), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(keys.count, 3);
    CU_ASSERT_TRUE(uuid_equal(&keys.items[1].id, &second.id));
    CU_ASSERT_TRUE(keys.items[1].revoked_at_us != 0 && keys.items[0].revoked_at_us == 0);
    CU_ASSERT_TRUE(memcmp(keys.items[2].hint, third.text + 9, KEY_HINT_SIZE - 1) == 0);
    CU_ASSERT_EQUAL(app_key_list(fixture(), NULL, &keys), ERR_OK);
    CU_ASSERT_EQUAL(keys.count, (size_t)count_rows("api_key", "1"));
}

static void a_key_ends_when_it_expires(void)
{
    const struct made made = make();
    const int64_t soon_us = clock_now_us() + CLOCK_US_PER_SECOND;
    struct app_new_key past, soon;
    struct app_cache *cache = app_cache_new();

    CU_ASSERT_PTR_NOT_NULL_FATAL(cache);
    CU_ASSERT_EQUAL(app_key_create(fixture(), &made.app, 1, &past), ERR_OK);
    CU_ASSERT_EQUAL(app_key_create(fixture(), &made.app, soon_us, &soon), ERR_OK);
    CU_ASSERT_EQUAL(authenticate(str_from(past.text)), ERR_KEY_UNKNOWN);
    CU_ASSERT_EQUAL(app_authenticate(fixture(), cache, str_from(soon.text), &tenant), ERR_OK);
    clock_sleep_ms(1050);
    /* Also one that was seen a moment ago. */
    CU_ASSERT_EQUAL(app_authenticate(fixture(), cache, str_from(soon.text), &tenant),
                    ERR_KEY_UNKNOWN);
    app_cache_free(cache);
}

static void a_revocation_is_seen_in_time(void)
{
    const struct made made = make();
    struct app_cache *cache = app_cache_new();
    int64_t started_ms;
    enum err err = ERR_OK;

    CU_ASSERT_PTR_NOT_NULL_FATAL(cache);
    CU_ASSERT_EQUAL(app_authenticate(fixture(), cache, str_from(made.key.text), &tenant), ERR_OK);
    CU_ASSERT_EQUAL(app_key_revoke(fixture(), &made.key.id), ERR_OK);
    started_ms = clock_monotonic_ms();
    while (err == ERR_OK && clock_monotonic_ms() - started_ms < 2 * APP_CACHE_MS) {
        clock_sleep_ms(50);
        err = app_authenticate(fixture(), cache, str_from(made.key.text), &tenant);
    }
    CU_ASSERT_EQUAL(err, ERR_KEY_UNKNOWN);
    CU_ASSERT_TRUE(clock_monotonic_ms() - started_ms <= APP_CACHE_MS + 500);
    app_cache_free(cache);
}

static void a_key_is_revoked_once(void)
{
    const struct made made = make();
    const struct uuid nowhere = {{3}};

    CU_ASSERT_EQUAL(app_key_revoke(fixture(), &made.key.id), ERR_OK);
    testdb_sql("UPDATE api_key SET revoked_at = '2026-01-01' WHERE revoked_at IS NOT NULL");
    CU_ASSERT_EQUAL(app_key_revoke(fixture(), &made.key.id), ERR_OK);
    CU_ASSERT_EQUAL(count_rows("api_key",
                               "key_hash = UNHEX(SHA2('%s', 256)) AND "
                               "revoked_at = '2026-01-01'",
                               made.key.text),
                    1);
    CU_ASSERT_EQUAL(app_key_revoke(fixture(), &nowhere), ERR_NOT_FOUND);
}

/* No database is asked: there is none. */
static void a_mistyped_key_is_told_apart_without_a_look_up(void)
{
    struct testproxy *proxy = testproxy_start();
    const struct db_options options = testproxy_options(proxy);
    struct service *service = fixture_open(&options);
    struct app_cache *cache = app_cache_new();
    struct made made = make();

    CU_ASSERT_PTR_NOT_NULL_FATAL(cache);
    testproxy_door(proxy, TESTPROXY_SHUT);
    for (size_t i = 0; i < APP_KEY_LENGTH; i++) {
        const char right = made.key.text[i];

        made.key.text[i] = right == 'x' ? 'y' : 'x';
        CU_ASSERT_EQUAL(app_authenticate(service, cache, str_from(made.key.text), &tenant),
                        ERR_KEY_MISTYPED);
        made.key.text[i] = right;
    }
    CU_ASSERT_EQUAL(app_authenticate(service, cache, STR_EMPTY, &tenant), ERR_KEY_MISSING);
    CU_ASSERT_EQUAL(testproxy_connections(proxy), 0);
    CU_ASSERT_EQUAL(app_authenticate(service, cache, str_from(made.key.text), &tenant),
                    ERR_DB_AWAY);
    app_cache_free(cache);
    fixture_close(service);
    testproxy_stop(proxy);
}

static void a_key_that_nobody_has_is_unknown(void)
{
    const struct made made = make();

    testdb_sql("DELETE FROM api_key WHERE key_hash = UNHEX(SHA2('%s', 256))", made.key.text);
    CU_ASSERT_EQUAL(authenticate(str_from(made.key.text)), ERR_KEY_UNKNOWN);
}

static void a_disabled_app_is_refused_until_it_is_enabled(void)
{
    const struct made made = make();
    const struct str key = str_from(made.key.text);

    CU_ASSERT_EQUAL(app_set_active(fixture(), &made.app, false), ERR_OK);
    CU_ASSERT_EQUAL(app_set_active(fixture(), &made.app, false), ERR_OK);
    CU_ASSERT_EQUAL(authenticate(key), ERR_APP_DISABLED);
    CU_ASSERT_EQUAL(app_set_active(fixture(), &made.app, true), ERR_OK);
    CU_ASSERT_EQUAL(authenticate(key), ERR_OK);
}

static void the_shop_is_always_active_and_gets_no_key(void)
{
    struct app shop;
    struct app_new_key key;

    CU_ASSERT_EQUAL(app_find(fixture(), STR("ADMIN_SHOP"), &shop), ERR_OK);
    CU_ASSERT_EQUAL(app_set_active(fixture(), &shop, false), ERR_STATE);
    CU_ASSERT_EQUAL(app_key_create(fixture(), &shop, 0, &key), ERR_STATE);
    CU_ASSERT_EQUAL(app_set_claim_requires(fixture(), &shop, CLAIM_REQUIRES_PHONE), ERR_STATE);
    CU_ASSERT_EQUAL(count_rows("app", "name = 'ADMIN_SHOP' AND active = 1 AND "
                                      "claim_requires = 'none'"),
                    1);
    CU_ASSERT_EQUAL(count_rows("api_key JOIN app ON app.id = app_id", "name = 'ADMIN_SHOP'"), 0);
}

static void what_a_claim_requires_is_the_tenants(void)
{
    const struct made made = make();

    CU_ASSERT_EQUAL(app_set_claim_requires(fixture(), &made.app, CLAIM_REQUIRES_PHONE), ERR_OK);
    CU_ASSERT_EQUAL(authenticate(str_from(made.key.text)), ERR_OK);
    CU_ASSERT_EQUAL(tenant->app.claim_requires, CLAIM_REQUIRES_PHONE);
}

/* Whether the key's last use is noted as of within the last ten seconds. */
static bool use_is_fresh(const struct made *made)
{
    return count_rows("api_key",
                      "key_hash = UNHEX(SHA2('%s', 256)) AND "
                      "last_used_at > UTC_TIMESTAMP(6) - INTERVAL 10 SECOND",
                      made->key.text) == 1;
}

static void a_use_is_noted_at_most_once_a_minute(void)
{
    const struct made made = make();

    CU_ASSERT_FALSE(use_is_fresh(&made));
    CU_ASSERT_EQUAL(authenticate(str_from(made.key.text)), ERR_OK);
    CU_ASSERT_TRUE(use_is_fresh(&made));
    testdb_sql("UPDATE api_key SET last_used_at = UTC_TIMESTAMP(6) - INTERVAL 50 SECOND");
    CU_ASSERT_EQUAL(authenticate(str_from(made.key.text)), ERR_OK);
    CU_ASSERT_FALSE(use_is_fresh(&made));
    testdb_sql("UPDATE api_key SET last_used_at = UTC_TIMESTAMP(6) - INTERVAL 61 SECOND");
    CU_ASSERT_EQUAL(authenticate(str_from(made.key.text)), ERR_OK);
    CU_ASSERT_TRUE(use_is_fresh(&made));
}

/* The limits of guessing, for the length of one test. */
static void limits_set(int64_t free_misses, int64_t most)
{
    fixture_config()->limits_lookup_misses_free = free_misses;
    fixture_config()->limits_lookup_misses_max = most;
    fixture_config()->limits_lookup_window = WINDOW_S;
}

static enum err admit(unsigned *retry_after_seconds, int64_t *took_ms)
{
    const int64_t started_ms = clock_monotonic_ms();
    const enum err err = app_lookup_admit(fixture(), tenant, retry_after_seconds);

    *took_ms = clock_monotonic_ms() - started_ms;
    return err;
}

static void who_guesses_is_slowed_down_and_then_refused(void)
{
    const struct made made = make();
    unsigned retry_after = 0;
    int64_t took_ms;

    limits_set(3, 6);
    CU_ASSERT_EQUAL(authenticate(str_from(made.key.text)), ERR_OK);
    for (unsigned misses = 0; misses < 6; misses++) {
        CU_ASSERT_EQUAL(tenant->misses, misses);
        CU_ASSERT_EQUAL(admit(&retry_after, &took_ms), ERR_OK);
        CU_ASSERT_TRUE(misses <= 3 || took_ms >= 15);
        app_lookup_missed(fixture(), tenant);
    }
    CU_ASSERT_EQUAL(admit(&retry_after, &took_ms), ERR_THROTTLED);
    CU_ASSERT_TRUE(retry_after > WINDOW_S - 30 && retry_after <= WINDOW_S + 1);
    /* Every other worker knows it too. */
    CU_ASSERT_EQUAL(authenticate(str_from(made.key.text)), ERR_OK);
    CU_ASSERT_EQUAL(tenant->misses, 6);
    CU_ASSERT_EQUAL(admit(&retry_after, &took_ms), ERR_THROTTLED);
    limits_set(1000000, 1000000);
}

static void guesses_of_one_app_are_nothing_to_another(void)
{
    const struct made guesser = make(), other = make();
    unsigned retry_after;
    int64_t took_ms;

    limits_set(0, 2);
    CU_ASSERT_EQUAL(authenticate(str_from(guesser.key.text)), ERR_OK);
    for (int i = 0; i < 3; i++)
        app_lookup_missed(fixture(), tenant);
    CU_ASSERT_EQUAL(admit(&retry_after, &took_ms), ERR_THROTTLED);
    CU_ASSERT_EQUAL(authenticate(str_from(other.key.text)), ERR_OK);
    CU_ASSERT_EQUAL(tenant->misses, 0);
    CU_ASSERT_EQUAL(admit(&retry_after, &took_ms), ERR_OK);
    limits_set(1000000, 1000000);
}

static void guesses_are_forgotten_with_their_window(void)
{
    const struct made made = make();
    unsigned retry_after;
    int64_t took_ms;

    limits_set(0, 2);
    CU_ASSERT_EQUAL(authenticate(str_from(made.key.text)), ERR_OK);
    for (int i = 0; i < 2; i++)
        app_lookup_missed(fixture(), tenant);
    CU_ASSERT_EQUAL(admit(&retry_after, &took_ms), ERR_THROTTLED);
    testdb_sql("UPDATE lookup_miss SET window_start = window_start - INTERVAL %d SECOND",
               WINDOW_S + 1);
    CU_ASSERT_EQUAL(authenticate(str_from(made.key.text)), ERR_OK);
    CU_ASSERT_EQUAL(admit(&retry_after, &took_ms), ERR_OK);
    app_lookup_missed(fixture(), tenant);
    CU_ASSERT_EQUAL(tenant->misses, 1);
    CU_ASSERT_TRUE(tenant->miss_window_start_us > clock_now_us() - 10 * CLOCK_US_PER_SECOND);
    limits_set(1000000, 1000000);
}

/* The look-up has its answer already. */
static void a_miss_that_cannot_be_counted_is_no_failure(void)
{
    const struct made made = make();

    CU_ASSERT_EQUAL(authenticate(str_from(made.key.text)), ERR_OK);
    testdb_sql("ALTER TABLE lookup_miss RENAME COLUMN misses TO gone");
    app_lookup_missed(fixture(), tenant);
    testdb_sql("ALTER TABLE lookup_miss RENAME COLUMN gone TO misses");
    app_lookup_missed(fixture(), tenant);
    CU_ASSERT_EQUAL(tenant->misses, 1);
}

static int race_miss(struct service *service, int index, void *shared)
{
    struct tenant guesser = {.app = {.id = *(const struct uuid *)shared}};

    (void)index; /* all do the same */
    for (int i = 0; i < RACE_MISSES; i++) {
        app_lookup_missed(service, &guesser);
        arena_reset(service->arena);
    }
    return 0;
}

static void every_miss_of_every_worker_is_counted(void)
{
    const struct made made = make();
    struct uuid *id = race_memory(sizeof(*id));

    *id = made.app.id;
    CU_ASSERT_EQUAL(race_run(&(struct race){race_miss, id, RACE_PROCESSES}), 0);
    CU_ASSERT_EQUAL(authenticate(str_from(made.key.text)), ERR_OK);
    CU_ASSERT_EQUAL(tenant->misses, RACE_PROCESSES * RACE_MISSES);
    race_memory_free(id, sizeof(*id));
}

static const struct tap_test tests[] = {
    TAP_TEST(an_app_comes_with_a_key_that_is_kept_as_its_hash),
    TAP_TEST(a_name_is_given_once),
    TAP_TEST(a_name_is_short_and_printable),
    TAP_TEST(an_app_is_found_by_its_name_and_its_id),
    TAP_TEST(apps_are_listed_by_name),
    TAP_TEST(an_app_has_as_many_keys_as_it_wants),
    TAP_TEST(a_key_ends_when_it_expires),
    TAP_TEST(a_revocation_is_seen_in_time),
    TAP_TEST(a_key_is_revoked_once),
    TAP_TEST(a_mistyped_key_is_told_apart_without_a_look_up),
    TAP_TEST(a_key_that_nobody_has_is_unknown),
    TAP_TEST(a_disabled_app_is_refused_until_it_is_enabled),
    TAP_TEST(the_shop_is_always_active_and_gets_no_key),
    TAP_TEST(what_a_claim_requires_is_the_tenants),
    TAP_TEST(a_use_is_noted_at_most_once_a_minute),
    TAP_TEST(who_guesses_is_slowed_down_and_then_refused),
    TAP_TEST(guesses_of_one_app_are_nothing_to_another),
    TAP_TEST(guesses_are_forgotten_with_their_window),
    TAP_TEST(a_miss_that_cannot_be_counted_is_no_failure),
    TAP_TEST(every_miss_of_every_worker_is_counted),
};

TESTDB_MAIN("app", tests)
