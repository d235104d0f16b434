/* The token that all workers share: its lease, its row, and who may ask Daraja for a new one. */
#include "risiti/base/base.h"

#include "risiti/domain/oauth.h"

#include "../unit/net/mock_server.h"

#include "fixture.h"
#include "risiti/base/crypto.h"
#include "risiti/daraja/daraja.h"
#include "risiti/db/token_store.h"
#include "testproxy.h"

#define KEY64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define LEASE_S 70
#define TOKEN_ANSWER \
    MOCK_JSON("200 OK", 46, "{\"access_token\":\"token-1\",\"expires_in\":\"3599\"} ")

/* A worker whose Daraja is the mock. */
struct worker {
    struct mock_server *server;
    struct config config;
    struct service service;
};

static void worker_begin(struct worker *worker, const struct mock_step *step)
{
    struct daraja_token_source source;
    enum err err;

    testdb_sql("DELETE FROM daraja_token");
    *worker = (struct worker){.server = mock_server_start(step, 1), .config = *fixture_config()};
    (void)snprintf(worker->config.daraja_base_url, sizeof(worker->config.daraja_base_url),
                   "http://127.0.0.1:%u", mock_server_port(worker->server));
    (void)snprintf(worker->config.daraja_consumer_key.text, CONFIG_SECRET_SIZE, "key");
    (void)snprintf(worker->config.daraja_consumer_secret.text, CONFIG_SECRET_SIZE, "secret");
    (void)snprintf(worker->config.service_secret_key.text, CONFIG_SECRET_SIZE, KEY64);
    worker->config.service_allow_http = true;
    worker->config.daraja_timeout = 10;
    worker->config.daraja_connect_timeout = 5;
    worker->service = *fixture();
    worker->service.config = &worker->config;
    err = oauth_new(&worker->service, &worker->service.oauth);
    ASSERT(err == ERR_OK);
    source = oauth_source(worker->service.oauth);
    worker->service.daraja = daraja_new(&worker->config, &source);
    ASSERT(worker->service.daraja != NULL);
}

static void worker_end(struct worker *worker)
{
    daraja_free(worker->service.daraja);
    oauth_free(worker->service.oauth);
    mock_server_stop(worker->server);
}

static enum err token_get(struct worker *worker, struct str *ret_token)
{
    struct daraja_token_source source = oauth_source(worker->service.oauth);

    *ret_token = STR_EMPTY;
    return source.get(source.context, worker->service.daraja, worker->service.arena, STR_EMPTY,
                      ret_token);
}

static enum err check(struct worker *worker, struct daraja_answer *ret_answer)
{
    return oauth_check(worker->service.oauth, worker->service.daraja, worker->service.arena,
                       ret_answer);
}

/* From now on so many changes of the row meet others; `when` is a condition on OLD and NEW. */
static void conflicts_begin(int count, const char *when)
{
    /* Aria: what is counted stays counted when the statement fails. */
    testdb_sql("CREATE OR REPLACE TABLE fuse (left_count INT NOT NULL) ENGINE=Aria");
    testdb_sql("INSERT INTO fuse VALUES (%d)", count);
    testdb_sql("CREATE OR REPLACE TRIGGER fuse_burns BEFORE UPDATE ON daraja_token FOR EACH ROW "
               "BEGIN IF (SELECT left_count FROM fuse) > 0 AND %s THEN "
               "UPDATE fuse SET left_count = left_count - 1; "
               "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213; END IF; END",
               when);
}

static void conflicts_end(void)
{
    CU_ASSERT_EQUAL(testdb_number("SELECT left_count FROM fuse"), 0);
    testdb_sql("DROP TRIGGER fuse_burns");
    testdb_sql("DROP TABLE fuse");
}

static struct sha256 hash_of(const char *text)
{
    struct sha256 hash;
    const enum err err = crypto_sha256(str_from(text), &hash);

    ASSERT(err == ERR_OK);
    return hash;
}

static struct uuid new_owner(void)
{
    struct uuid owner;
    const enum err err = uuid_new(&owner);

    ASSERT(err == ERR_OK);
    return owner;
}

static bool lease(struct db *db, const struct sha256 *hash, uint64_t generation,
                  const struct uuid *owner)
{
    bool taken = false;

    CU_ASSERT_EQUAL(oauth_store_lease(db, hash, generation, owner, LEASE_S, &taken), ERR_OK);
    return taken;
}

static void a_lease_is_taken_again_by_its_owner_alone(void)
{
    const struct sha256 hash = hash_of("a lease");
    const struct uuid one = new_owner(), other = new_owner();

    CU_ASSERT_TRUE(lease(testdb_db(), &hash, 0, &one));
    CU_ASSERT_FALSE(lease(testdb_db(), &hash, 0, &other));
    CU_ASSERT_TRUE(lease(testdb_db(), &hash, 0, &one));
    CU_ASSERT_FALSE(lease(testdb_db(), &hash, 1, &one));
    CU_ASSERT_EQUAL(oauth_store_release(testdb_db(), &hash, &one), ERR_OK);
    CU_ASSERT_TRUE(lease(testdb_db(), &hash, 0, &other));
    CU_ASSERT_FALSE(lease(testdb_db(), &hash, 0, &one));
}

static void a_lease_whose_answer_is_lost_is_known_to_its_owner(void)
{
    struct testproxy *proxy = testproxy_start();
    const struct db_options options = testproxy_options(proxy);
    struct db *db = db_new(&options);
    const struct sha256 hash = hash_of("a lost answer");
    const struct uuid owner = new_owner(), other = new_owner();

    CU_ASSERT_PTR_NOT_NULL_FATAL(db);
    /* The row is there, and the statement is known: the next command takes the lease. */
    CU_ASSERT_TRUE(lease(db, &hash, 0, &owner));
    CU_ASSERT_EQUAL(oauth_store_release(db, &hash, &owner), ERR_OK);
    testdb_sql("UPDATE daraja_token SET generation = 3");
    testproxy_cut(proxy, TESTPROXY_EXECUTE, TESTPROXY_ANSWER, 1);
    CU_ASSERT_TRUE(lease(db, &hash, 3, &owner));
    CU_ASSERT_EQUAL(testproxy_cuts_left(proxy), 0);
    CU_ASSERT_FALSE(lease(db, &hash, 3, &other));
    db_free(db);
    testproxy_stop(proxy);
}

static void one_token_serves_until_it_ends(void)
{
    const struct mock_step step = {.text = TOKEN_ANSWER};
    struct worker worker;
    struct str token;

    worker_begin(&worker, &step);
    CU_ASSERT_EQUAL(token_get(&worker, &token), ERR_OK);
    ASSERT_STR(token, "token-1");
    CU_ASSERT_EQUAL(token_get(&worker, &token), ERR_OK);
    CU_ASSERT_EQUAL(mock_server_requests(worker.server), 1);
    worker_end(&worker);
}

static void workers_that_meet_at_the_lease_look_again(void)
{
    const struct mock_step step = {.text = TOKEN_ANSWER};
    struct worker worker;
    struct str token;

    worker_begin(&worker, &step);
    conflicts_begin(2, "NEW.lease_owner IS NOT NULL");
    CU_ASSERT_EQUAL(token_get(&worker, &token), ERR_OK);
    ASSERT_STR(token, "token-1");
    conflicts_end();
    worker_end(&worker);
}

/* It has ended the token before it: lost, it would leave everybody without one. */
static void a_token_that_was_fetched_is_written_in_spite_of_others(void)
{
    const struct mock_step step = {.text = TOKEN_ANSWER};
    struct worker worker;
    struct str token;

    worker_begin(&worker, &step);
    conflicts_begin(2, "NEW.generation <> OLD.generation");
    CU_ASSERT_EQUAL(token_get(&worker, &token), ERR_OK);
    ASSERT_STR(token, "token-1");
    CU_ASSERT_EQUAL(mock_server_requests(worker.server), 1);
    CU_ASSERT_EQUAL(testdb_number("SELECT generation FROM daraja_token"), 1);
    conflicts_end();
    worker_end(&worker);
}

static void a_check_leaves_the_workers_token_alone(void)
{
    const struct mock_step step = {.text = TOKEN_ANSWER};
    struct worker worker;
    struct daraja_answer answer;

    worker_begin(&worker, &step);
    CU_ASSERT_EQUAL(check(&worker, &answer), ERR_OK);
    CU_ASSERT_EQUAL(answer.status, 200);
    CU_ASSERT_EQUAL(check(&worker, &answer), ERR_OK);
    CU_ASSERT_EQUAL(answer.status, 0);
    CU_ASSERT_EQUAL(mock_server_requests(worker.server), 1);
    CU_ASSERT_EQUAL(testdb_number("SELECT generation FROM daraja_token"), 1);
    worker_end(&worker);
}

/* Another process is about to get one: a second would end it. */
static void a_check_asks_for_no_token_while_another_does(void)
{
    const struct mock_step step = {.text = TOKEN_ANSWER};
    const struct sha256 hash = hash_of("key");
    const struct uuid other = new_owner();
    struct worker worker;
    struct daraja_answer answer;

    worker_begin(&worker, &step);
    CU_ASSERT_TRUE(lease(testdb_db(), &hash, 0, &other));
    CU_ASSERT_EQUAL(check(&worker, &answer), ERR_DARAJA_AUTH);
    CU_ASSERT_EQUAL(answer.status, 0);
    CU_ASSERT_PTR_NULL(answer.why);
    CU_ASSERT_EQUAL(mock_server_requests(worker.server), 0);
    worker_end(&worker);
}

static void a_check_has_darajas_own_words(void)
{
    const struct mock_step step = {
        .text = MOCK_JSON(
            "400 Bad Request", 69,
            "{\"errorCode\":\"400.008.01\",\"errorMessage\":\"Invalid Authentication\"}   ")};
    struct worker worker;
    struct daraja_answer answer;

    worker_begin(&worker, &step);
    CU_ASSERT_EQUAL(check(&worker, &answer), ERR_DARAJA_AUTH);
    CU_ASSERT_EQUAL(answer.status, 400);
    ASSERT_STR(answer.message, "Invalid Authentication");
    CU_ASSERT_EQUAL(mock_server_requests(worker.server), 1);
    worker_end(&worker);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_lease_is_taken_again_by_its_owner_alone),
    TAP_TEST(a_lease_whose_answer_is_lost_is_known_to_its_owner),
    TAP_TEST(one_token_serves_until_it_ends),
    TAP_TEST(workers_that_meet_at_the_lease_look_again),
    TAP_TEST(a_token_that_was_fetched_is_written_in_spite_of_others),
    TAP_TEST(a_check_leaves_the_workers_token_alone),
    TAP_TEST(a_check_asks_for_no_token_while_another_does),
    TAP_TEST(a_check_has_darajas_own_words),
};
TESTDB_MAIN("oauth", tests)
