/* The connection: its session, how it ends and is opened again, and a database that is away. */
#include "risiti/base/base.h"

#include "testdb.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "risiti/base/clock.h"
#include "testproxy.h"

#define DESCRIPTORS_MAX 256
#define REFUSED_MS 250

static const struct db_statement own_id = {"own id", "SELECT CONNECTION_ID()"};
static const struct db_statement add_row = {"add row", "INSERT INTO line (word) VALUES (?)"};
static const struct db_statement count_rows = {"count rows", "SELECT COUNT(*) FROM line"};

static void make_table(void)
{
    testdb_sql("CREATE OR REPLACE TABLE line (id INT AUTO_INCREMENT PRIMARY KEY, word TEXT)");
}

static enum err add(struct db *db)
{
    return db_execute(db, &add_row, DB_VALUES(DB_TEXT(STR("x"))), NULL);
}

static int64_t ask(struct db *db, const struct db_statement *statement)
{
    const struct db_rows *rows = NULL;

    CU_ASSERT_EQUAL_FATAL(db_query(db, statement, DB_NO_VALUES, testdb_arena(), 1, &rows), ERR_OK);
    return db_int(rows, 0, 0);
}

/* Returns when the server has closed the connection, which it does a little later. */
static void kill_connection(int64_t id)
{
    testdb_sql("KILL %lld", (long long)id);
    while (testdb_number("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = %lld",
                         (long long)id) > 0)
        clock_sleep_ms(1);
}

static struct db *open_at(const struct db_options *options)
{
    struct db *db = db_new(options);

    CU_ASSERT_PTR_NOT_NULL_FATAL(db);
    return db;
}

static void the_session_has_what_it_needs(void)
{
    static const struct db_statement session = {
        "session", "SELECT @@sql_mode, @@time_zone, @@tx_isolation, @@collation_connection, "
                   "@@character_set_client, @@innodb_lock_wait_timeout, @@lock_wait_timeout, "
                   "CAST(@@max_statement_time AS INT), @@idle_transaction_timeout, @@autocommit"};
    struct db_options options = *testdb_options();
    const struct db_rows *rows = NULL;
    struct db *db;

    options.statement_timeout_s = 9;
    db = open_at(&options);
    CU_ASSERT_EQUAL_FATAL(db_query(db, &session, DB_NO_VALUES, testdb_arena(), 1, &rows), ERR_OK);
    ASSERT_STR(db_text(rows, 0, 0), "ONLY_FULL_GROUP_BY,STRICT_ALL_TABLES,"
                                    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION");
    ASSERT_STR(db_text(rows, 0, 1), "+00:00");
    ASSERT_STR(db_text(rows, 0, 2), "READ-COMMITTED");
    ASSERT_STR(db_text(rows, 0, 3), "utf8mb4_nopad_bin");
    ASSERT_STR(db_text(rows, 0, 4), "utf8mb4");
    CU_ASSERT_EQUAL(db_int(rows, 0, 5), 3);
    CU_ASSERT_EQUAL(db_int(rows, 0, 6), 9);
    CU_ASSERT_EQUAL(db_int(rows, 0, 7), 9);
    CU_ASSERT_EQUAL(db_int(rows, 0, 8), 10);
    CU_ASSERT_EQUAL(db_int(rows, 0, 9), 1);
    db_free(db);
}

static void settings_that_are_not_taken_are_noticed(void)
{
    struct db_options options = *testdb_options();
    struct db *db;

    /* A year and a second: above the server's maximum for this variable, which it cuts. */
    options.statement_timeout_s = 31536001;
    db = open_at(&options);
    CU_ASSERT_EQUAL(db_connect(db), ERR_DB_AWAY);
    CU_ASSERT_PTR_NOT_NULL(strstr(db_last_error(db), "session"));
    db_free(db);
}

static void a_connection_killed_while_idle_is_opened_again(void)
{
    struct db *db = testdb_open();
    const int64_t first = ask(db, &own_id);

    make_table();
    kill_connection(first);
    CU_ASSERT_EQUAL(add(db), ERR_OK);
    CU_ASSERT_NOT_EQUAL(ask(db, &own_id), first);
    kill_connection(ask(db, &own_id));
    CU_ASSERT_EQUAL(ask(db, &count_rows), 1);
    db_free(db);
}

static void a_connection_that_idled_out_is_opened_again(void)
{
    static const struct db_statement impatient = {"impatient", "SET SESSION wait_timeout = 1"};
    struct db *db = testdb_open();

    make_table();
    CU_ASSERT_EQUAL(db_execute(db, &impatient, DB_NO_VALUES, NULL), ERR_OK);
    clock_sleep_ms(1500);
    CU_ASSERT_EQUAL(add(db), ERR_OK);
    CU_ASSERT_EQUAL(testdb_number("SELECT COUNT(*) FROM line"), 1);
    db_free(db);
}

static void a_server_that_hung_up_is_noticed_before_a_write(void)
{
    struct testproxy *proxy = testproxy_start();
    const struct db_options options = testproxy_options(proxy);
    struct db *db = open_at(&options);

    make_table();
    CU_ASSERT_EQUAL(add(db), ERR_OK);
    testproxy_hang_up(proxy);
    CU_ASSERT_EQUAL(add(db), ERR_OK);
    CU_ASSERT_EQUAL(testdb_number("SELECT COUNT(*) FROM line"), 2);
    db_free(db);
    testproxy_stop(proxy);
}

static void a_write_whose_answer_is_lost_is_unknown_and_not_repeated(void)
{
    struct testproxy *proxy = testproxy_start();
    const struct db_options options = testproxy_options(proxy);
    struct db *db = open_at(&options);

    make_table();
    CU_ASSERT_EQUAL(add(db), ERR_OK);
    testproxy_cut(proxy, TESTPROXY_EXECUTE, TESTPROXY_ANSWER, 1);
    CU_ASSERT_EQUAL(add(db), ERR_DB_COMMIT_UNKNOWN);
    CU_ASSERT_EQUAL(testdb_number("SELECT COUNT(*) FROM line"), 2);
    CU_ASSERT_EQUAL(add(db), ERR_OK);
    db_free(db);
    testproxy_stop(proxy);
}

static void a_read_whose_answer_is_lost_is_repeated_once(void)
{
    struct testproxy *proxy = testproxy_start();
    const struct db_options options = testproxy_options(proxy);
    struct db *db = open_at(&options);
    const struct db_rows *rows = NULL;

    make_table();
    testproxy_cut(proxy, TESTPROXY_EXECUTE, TESTPROXY_ANSWER, 1);
    CU_ASSERT_EQUAL(ask(db, &count_rows), 0);
    CU_ASSERT_EQUAL(testproxy_connections(proxy), 2);
    testproxy_cut(proxy, TESTPROXY_EXECUTE, TESTPROXY_BEFORE, 2);
    CU_ASSERT_EQUAL(db_query(db, &count_rows, DB_NO_VALUES, testdb_arena(), 1, &rows), ERR_DB_AWAY);
    CU_ASSERT_PTR_NULL(rows);
    db_free(db);
    testproxy_stop(proxy);
}

static void a_database_that_is_away_is_refused_fast(void)
{
    struct testproxy *proxy = testproxy_start();
    const struct db_options options = testproxy_options(proxy);
    struct db *db = open_at(&options);
    const int64_t start_ms = clock_monotonic_ms();

    make_table();
    testproxy_door(proxy, TESTPROXY_SHUT);
    CU_ASSERT_EQUAL(db_connect(db), ERR_DB_AWAY);
    for (int i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL(add(db), ERR_DB_AWAY);
    if (clock_monotonic_ms() - start_ms < REFUSED_MS)
        CU_ASSERT_EQUAL(testproxy_connections(proxy), 1);
    clock_sleep_ms(REFUSED_MS + 10);
    testproxy_door(proxy, TESTPROXY_OPEN);
    CU_ASSERT_EQUAL(add(db), ERR_OK);
    db_free(db);
    testproxy_stop(proxy);
}

static void a_server_that_does_not_answer_is_given_up_in_time(void)
{
    struct testproxy *proxy = testproxy_start();
    struct db_options options = testproxy_options(proxy);
    int64_t start_ms;
    struct db *db;

    options.connect_timeout_s = 1;
    db = open_at(&options);
    testproxy_door(proxy, TESTPROXY_SILENT);
    start_ms = clock_monotonic_ms();
    CU_ASSERT_EQUAL(db_connect(db), ERR_DB_AWAY);
    CU_ASSERT_TRUE(clock_monotonic_ms() - start_ms < 2500);
    db_free(db);
    testproxy_stop(proxy);
}

static void nobody_there_and_no_entry_are_away(void)
{
    struct db_options options = *testdb_options();
    struct db *db;

    options.socket = "/nonexistent/socket";
    db = open_at(&options);
    CU_ASSERT_EQUAL(db_connect(db), ERR_DB_AWAY);
    CU_ASSERT_EQUAL(db_last_errno(db), 2002);
    db_free(db);
    options = *testdb_options();
    options.name = "risiti_test_no_such_database";
    db = open_at(&options);
    CU_ASSERT_EQUAL(db_connect(db), ERR_DB_AWAY);
    CU_ASSERT_EQUAL(db_last_errno(db), 1049);
    db_free(db);
    options = *testdb_options();
    options.user = "nobody_of_ours";
    db = open_at(&options);
    CU_ASSERT_EQUAL(db_connect(db), ERR_DB_AWAY);
    CU_ASSERT_EQUAL(db_last_errno(db), 1045);
    db_free(db);
}

static void the_socket_is_closed_on_exec(void)
{
    bool was_open[DESCRIPTORS_MAX];
    struct db *db = testdb_open();
    int opened = 0;

    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
        was_open[fd] = fcntl(fd, F_GETFD) >= 0;
    CU_ASSERT_EQUAL(db_connect(db), ERR_OK);
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++) {
        const int flags = fcntl(fd, F_GETFD);

        if (flags < 0 || was_open[fd])
            continue;
        opened++;
        CU_ASSERT_TRUE((flags & FD_CLOEXEC) != 0);
    }
    CU_ASSERT_EQUAL(opened, 1);
    db_free(db);
}

static void dropping_and_connecting_again_works(void)
{
    struct db *db = testdb_open();
    const int64_t first = ask(db, &own_id);

    CU_ASSERT_EQUAL(db_connect(db), ERR_OK);
    CU_ASSERT_EQUAL(ask(db, &own_id), first);
    db_disconnect(db);
    db_disconnect(db);
    CU_ASSERT_NOT_EQUAL(ask(db, &own_id), first);
    db_free(db);
    db_free(NULL);
}

static const struct tap_test tests[] = {
    TAP_TEST(the_session_has_what_it_needs),
    TAP_TEST(settings_that_are_not_taken_are_noticed),
    TAP_TEST(a_connection_killed_while_idle_is_opened_again),
    TAP_TEST(a_connection_that_idled_out_is_opened_again),
    TAP_TEST(a_server_that_hung_up_is_noticed_before_a_write),
    TAP_TEST(a_write_whose_answer_is_lost_is_unknown_and_not_repeated),
    TAP_TEST(a_read_whose_answer_is_lost_is_repeated_once),
    TAP_TEST(a_database_that_is_away_is_refused_fast),
    TAP_TEST(a_server_that_does_not_answer_is_given_up_in_time),
    TAP_TEST(nobody_there_and_no_entry_are_away),
    TAP_TEST(the_socket_is_closed_on_exec),
    TAP_TEST(dropping_and_connecting_again_works),
};
TESTDB_MAIN("connection", tests)
