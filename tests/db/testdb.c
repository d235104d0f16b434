/* A database for one test program: see testdb.h. */
#include "build-config.h"

#include <mysql.h>

#include "risiti/base/base.h"

#include "testdb.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "risiti/base/clock.h"
#include "risiti/base/number.h"
#include "risiti/db/migrate.h"

#define SQL_MAX 4096
#define ARENA_MAX ((size_t)8 << 20)
#define RECONNECT_TRIES_MAX 600
#define RECONNECT_PAUSE_MS 50

static struct {
    char name[64];
    struct db_options options;
    MYSQL *admin;
    struct db *db;
    struct arena *arena;
} testdb;

static const char *environment_or(const char *name, const char *fallback)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : fallback;
}

const struct db_options *testdb_options(void)
{
    return &testdb.options;
}

struct db *testdb_open(void)
{
    struct db *db = db_new(&testdb.options);

    ASSERT(db != NULL);
    return db;
}

struct db *testdb_db(void)
{
    if (testdb.db == NULL)
        testdb.db = testdb_open();
    return testdb.db;
}

struct arena *testdb_arena(void)
{
    arena_reset(testdb.arena);
    return testdb.arena;
}

__attribute__((noreturn)) static void admin_failed(const char *sql)
{
    (void)fprintf(stderr, "testdb: %s: %s\n", sql, mysql_error(testdb.admin));
    abort();
}

static bool admin_connect(void)
{
    testdb.admin = mysql_init(NULL);
    ASSERT(testdb.admin != NULL);
    return mysql_real_connect(testdb.admin, NULL, testdb.options.user, NULL, NULL, 0,
                              testdb.options.socket, 0) != NULL;
}

RISITI_PRINTF(1, 0) static int64_t admin_run(const char *format, va_list values)
{
    char sql[SQL_MAX];
    const int length = vsnprintf(sql, sizeof(sql), format, values);
    int64_t number = -1;
    uint64_t digits;
    MYSQL_RES *rows;
    MYSQL_ROW row;

    ASSERT(length > 0 && (size_t)length < sizeof(sql));
    if (mysql_real_query(testdb.admin, sql, (unsigned long)length) != 0)
        admin_failed(sql);
    rows = mysql_store_result(testdb.admin);
    row = rows != NULL ? mysql_fetch_row(rows) : NULL;
    if (row != NULL && row[0] != NULL &&
        number_parse(str_from(row[0]), 0, INT64_MAX, &digits) == ERR_OK)
        number = (int64_t)digits;
    mysql_free_result(rows);
    return number;
}

void testdb_sql(const char *format, ...)
{
    va_list values;

    va_start(values, format);
    (void)admin_run(format, values);
    va_end(values);
}

int64_t testdb_number(const char *format, ...)
{
    va_list values;
    int64_t number;

    va_start(values, format);
    number = admin_run(format, values);
    va_end(values);
    return number;
}

void testdb_reconnect(void)
{
    mysql_close(testdb.admin);
    for (int tries = 0; !admin_connect(); tries++) {
        if (tries == RECONNECT_TRIES_MAX)
            admin_failed("connect again");
        mysql_close(testdb.admin);
        clock_sleep_ms(RECONNECT_PAUSE_MS);
    }
    testdb_sql("USE %s", testdb.name);
}

static void testdb_make(void)
{
    const int length = snprintf(testdb.name, sizeof(testdb.name), "risiti_test_%s_%ld",
                                program_invocation_short_name, (long)getpid());

    ASSERT(length > 0 && (size_t)length < sizeof(testdb.name));
    testdb.options = (struct db_options){
        .socket = environment_or("RISITI_TEST_DB_SOCKET", ""),
        .name = testdb.name,
        .user = environment_or("RISITI_TEST_DB_USER", "root"),
        .password = "",
    };
    testdb.arena = arena_new(ARENA_MAX);
    ASSERT(testdb.arena != NULL);
    if (!admin_connect())
        admin_failed("connect");
    testdb_sql("CREATE DATABASE %s", testdb.name);
    testdb_sql("USE %s", testdb.name);
}

static void testdb_end(void)
{
    db_free(testdb.db);
    testdb_sql("DROP DATABASE %s", testdb.name);
    mysql_close(testdb.admin);
    arena_free(testdb.arena);
    mysql_library_end();
}

int testdb_run(const char *suite, const struct tap_test *tests, size_t test_count)
{
    int result;

    if (environment_or("RISITI_TEST_DB_SOCKET", NULL) == NULL) {
        printf("1..0 # SKIP no database: run it through scripts/test-db\n");
        return EXIT_SUCCESS;
    }
    testdb_make();
    if (migrate_run(testdb_db(), NULL) != ERR_OK) {
        printf("Bail out! migrating: %s\n", db_last_error(testdb_db()));
        testdb_end();
        return EXIT_FAILURE;
    }
    result = tap_run(suite, tests, test_count);
    testdb_end();
    return result;
}
