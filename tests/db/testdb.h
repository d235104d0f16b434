/*
 * A database for one test program: made fresh, migrated, dropped at the end. The server is the one
 * that RISITI_TEST_DB_SOCKET names (scripts/test-db starts one); without it the program's tests
 * are skipped.
 */
#ifndef RISITI_TESTS_TESTDB_H
#define RISITI_TESTS_TESTDB_H

#include "risiti/base/base.h"

#include "risiti/db/db.h"
#include "tap.h"

/* Runs the tests with a database around them. Returns main's result. */
int testdb_run(const char *suite, const struct tap_test *tests, size_t test_count);

#define TESTDB_MAIN(suite, table) \
    int main(void) \
    { \
        return testdb_run(suite, table, ARRAY_LENGTH(table)); \
    }

/* Where the program's database is. */
const struct db_options *testdb_options(void);
/* The connection that the tests share; made on first use. */
struct db *testdb_db(void);
/* One more connection to the same database: db_free it. */
RISITI_CHECKED struct db *testdb_open(void);
/* An arena that every call of this function resets. */
struct arena *testdb_arena(void);

/* Runs text on a connection of testdb's own and drops what it answers; aborts when it fails. */
RISITI_PRINTF(1, 2) void testdb_sql(const char *format, ...);
/* The same, and returns the whole number that is its answer; -1 for NULL or no row. */
RISITI_PRINTF(1, 2) int64_t testdb_number(const char *format, ...);
/* Connects testdb's own connection again, after a test has ended the server; waits until it can. */
void testdb_reconnect(void);

#endif
