/* Deadlines in milliseconds: whatever a connection waits for returns. */
#include "risiti/base/base.h"

#include <sys/socket.h>
#include <unistd.h>

#include "risiti/base/clock.h"
#include "testdb.h"
#include "testproxy.h"

#define LIMIT_MS 400
/* Far above the limit on a busy machine, far below what the library itself waits. */
#define PATIENCE_MS 2500

static const struct db_statement sleep_long = {"sleep long", "SELECT SLEEP(4)"};
static const struct db_statement sleep_short = {"sleep short", "SELECT SLEEP(0.8)"};
static const struct db_statement one = {"one", "SELECT 1"};
static const struct db_statement mark_add = {"mark add", "INSERT INTO limited (id) VALUES (?)"};
static const struct db_statement mark_has = {"mark has", "SELECT 1 FROM limited WHERE id = ?"};

static enum err ask(struct db *db, const struct db_statement *statement)
{
    const struct db_rows *rows;

    return db_query(db, statement, DB_NO_VALUES, testdb_arena(), 1, &rows);
}

static void a_statement_that_hangs_ends_at_the_deadline(void)
{
    struct db *db = testdb_open();
    int64_t started_ms;

    CU_ASSERT_EQUAL(ask(db, &one), ERR_OK);
    started_ms = clock_monotonic_ms();
    db_deadline_begin(db, LIMIT_MS);
    CU_ASSERT_EQUAL(ask(db, &sleep_long), ERR_DB_AWAY);
    CU_ASSERT_TRUE(db_deadline_end(db));
    CU_ASSERT_TRUE(clock_monotonic_ms() - started_ms >= LIMIT_MS);
    CU_ASSERT_TRUE(clock_monotonic_ms() - started_ms < PATIENCE_MS);
    CU_ASSERT_EQUAL(ask(db, &one), ERR_OK);
    db_free(db);
}

static void what_is_in_time_is_left_alone(void)
{
    struct db *db = testdb_open();

    db_deadline_begin(db, 20000);
    CU_ASSERT_EQUAL(ask(db, &one), ERR_OK);
    CU_ASSERT_FALSE(db_deadline_end(db));
    CU_ASSERT_TRUE(db_is_connected(db));
    db_deadline_begin(db, LIMIT_MS);
    CU_ASSERT_EQUAL(ask(db, &one), ERR_OK);
    CU_ASSERT_FALSE(db_deadline_end(db));
    /* After its end a statement may take longer than it would have let it. */
    CU_ASSERT_EQUAL(ask(db, &sleep_short), ERR_OK);
    db_free(db);
}

static void after_the_deadline_nothing_is_sent(void)
{
    struct testproxy *proxy = testproxy_start();
    const struct db_options options = testproxy_options(proxy);
    struct db *db = db_new(&options);
    int commands, connections;

    ASSERT(db != NULL);
    CU_ASSERT_EQUAL(ask(db, &one), ERR_OK);
    db_deadline_begin(db, 1);
    clock_sleep_ms(5);
    commands = testproxy_commands(proxy);
    connections = testproxy_connections(proxy);
    CU_ASSERT_EQUAL(ask(db, &one), ERR_DB_AWAY);
    CU_ASSERT_EQUAL(testproxy_commands(proxy), commands);
    CU_ASSERT_EQUAL(testproxy_connections(proxy), connections);
    CU_ASSERT_TRUE(db_deadline_end(db));
    CU_ASSERT_EQUAL(ask(db, &one), ERR_OK);
    db_free(db);
    testproxy_stop(proxy);
}

static void a_server_that_says_nothing_is_given_up_at_the_deadline(void)
{
    struct testproxy *proxy = testproxy_start();
    struct db_options options = testproxy_options(proxy);
    struct db *db;
    int64_t started_ms;

    options.connect_timeout_s = 10;
    db = db_new(&options);
    ASSERT(db != NULL);
    testproxy_door(proxy, TESTPROXY_SILENT);
    started_ms = clock_monotonic_ms();
    db_deadline_begin(db, LIMIT_MS);
    CU_ASSERT_EQUAL(ask(db, &one), ERR_DB_AWAY);
    CU_ASSERT_TRUE(db_deadline_end(db));
    CU_ASSERT_TRUE(clock_monotonic_ms() - started_ms < PATIENCE_MS);
    db_free(db);
    testproxy_stop(proxy);
}

static enum err mark_work(struct db *db, void *context)
{
    int *id = context;

    return db_execute(db, &mark_add, DB_VALUES(DB_INT(*id)), NULL);
}

static enum err mark_settle(struct db *db, void *context, bool *ret_committed)
{
    const struct db_rows *rows;
    int *id = context;
    enum err err = db_query(db, &mark_has, DB_VALUES(DB_INT(*id)), testdb_arena(), 1, &rows);

    if (err == ERR_OK)
        *ret_committed = db_row_count(rows) == 1;
    return err;
}

static void a_commit_that_is_not_answered_is_unknown_at_the_deadline(void)
{
    static const enum testproxy_door doors[] = {TESTPROXY_SHUT, TESTPROXY_SILENT};
    struct testproxy *proxy = testproxy_start();
    struct db_options options = testproxy_options(proxy);

    options.connect_timeout_s = 10;
    testdb_sql("CREATE TABLE limited (id INT PRIMARY KEY)");
    for (int i = 0; i < (int)ARRAY_LENGTH(doors); i++) {
        const struct db_unit unit = {.work = mark_work, .settle = mark_settle, .context = &i};
        struct db *db = db_new(&options);
        int64_t started_ms;

        ASSERT(db != NULL);
        testproxy_door(proxy, TESTPROXY_OPEN);
        CU_ASSERT_EQUAL(ask(db, &one), ERR_OK);
        testproxy_door(proxy, doors[i]);
        testproxy_cut(proxy, TESTPROXY_COMMIT, TESTPROXY_ANSWER, 1);
        started_ms = clock_monotonic_ms();
        db_deadline_begin(db, LIMIT_MS);
        CU_ASSERT_EQUAL(db_run_unit(db, &unit), ERR_DB_COMMIT_UNKNOWN);
        CU_ASSERT_TRUE(db_deadline_end(db));
        CU_ASSERT_TRUE(clock_monotonic_ms() - started_ms < PATIENCE_MS);
        CU_ASSERT_EQUAL(testdb_number("SELECT COUNT(*) FROM limited WHERE id = %d", i), 1);
        db_free(db);
    }
    testproxy_stop(proxy);
}

static void a_unit_that_waits_for_a_lock_ends_at_the_deadline(void)
{
    struct db *db = testdb_open();
    int id = 100;
    const struct db_unit unit = {.work = mark_work, .settle = mark_settle, .context = &id};
    int64_t started_ms;

    testdb_sql("BEGIN");
    testdb_sql("INSERT INTO limited VALUES (100)");
    CU_ASSERT_EQUAL(ask(db, &one), ERR_OK);
    started_ms = clock_monotonic_ms();
    db_deadline_begin(db, LIMIT_MS);
    CU_ASSERT_EQUAL(db_run_unit(db, &unit), ERR_DB_AWAY);
    CU_ASSERT_TRUE(db_deadline_end(db));
    CU_ASSERT_TRUE(clock_monotonic_ms() - started_ms < PATIENCE_MS);
    testdb_sql("ROLLBACK");
    CU_ASSERT_EQUAL(db_run_unit(db, &unit), ERR_OK);
    db_free(db);
}

static void no_other_socket_is_shut_down(void)
{
    struct db *db = testdb_open();
    int pair[2];
    char byte = 'x';

    ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    CU_ASSERT_EQUAL(ask(db, &one), ERR_OK);
    db_deadline_begin(db, LIMIT_MS);
    CU_ASSERT_EQUAL(ask(db, &sleep_long), ERR_DB_AWAY);
    CU_ASSERT_TRUE(db_deadline_end(db));
    CU_ASSERT_EQUAL(write(pair[0], &byte, 1), 1);
    CU_ASSERT_EQUAL(read(pair[1], &byte, 1), 1);
    (void)close(pair[0]);
    (void)close(pair[1]);
    db_free(db);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_statement_that_hangs_ends_at_the_deadline),
    TAP_TEST(what_is_in_time_is_left_alone),
    TAP_TEST(after_the_deadline_nothing_is_sent),
    TAP_TEST(a_server_that_says_nothing_is_given_up_at_the_deadline),
    TAP_TEST(a_commit_that_is_not_answered_is_unknown_at_the_deadline),
    TAP_TEST(a_unit_that_waits_for_a_lock_ends_at_the_deadline),
    TAP_TEST(no_other_socket_is_shut_down),
};
TESTDB_MAIN("deadline", tests)
