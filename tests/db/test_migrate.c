/* Migrations: once each, by one migrator at a time, whatever is killed. */
#include "risiti/base/base.h"

#include "testdb.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "risiti/base/clock.h"
#include "risiti/db/migrate.h"

#define KILLS 12
#define KILLS_MAX 100 /* until one hit the middle, on a slow machine */
#define FAILED 99     /* an exit code that no number of migrations is */

static unsigned reported;

static void count_report(const struct migration *migration)
{
    CU_ASSERT_TRUE(migration->number > 0);
    reported++;
}

/* As before the first migration. */
static void make_empty(void)
{
    testdb_sql("DROP DATABASE %s", testdb_options()->name);
    testdb_sql("CREATE DATABASE %s", testdb_options()->name);
    testdb_sql("USE %s", testdb_options()->name);
    db_disconnect(testdb_db());
}

static int64_t count_tables(void)
{
    return testdb_number("SELECT COUNT(*) FROM information_schema.TABLES "
                         "WHERE TABLE_SCHEMA = '%s'",
                         testdb_options()->name);
}

/* A process that migrates and ends with the number of migrations that it ran. */
static pid_t start_migrator(void)
{
    const pid_t pid = fork();
    struct db *db;

    CU_ASSERT_TRUE_FATAL(pid >= 0);
    if (pid > 0)
        return pid;
    reported = 0;
    db = testdb_open();
    _exit(migrate_run(db, count_report) == ERR_OK ? (int)reported : FAILED);
}

static int end_of(pid_t pid)
{
    int status = 0;

    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;
}

static void migrations_are_sorted_and_named(void)
{
    CU_ASSERT_TRUE_FATAL(migration_count > 0);
    for (size_t i = 0; i < migration_count; i++) {
        CU_ASSERT_TRUE(migrations[i].sql_bytes > 0);
        CU_ASSERT_TRUE(migrations[i].name[0] != '\0');
        CU_ASSERT_TRUE(migrations[i].oldest_level <= migrations[i].number);
        CU_ASSERT_TRUE(i == 0 || migrations[i].number > migrations[i - 1].number);
    }
    CU_ASSERT_STRING_EQUAL(migrations[0].name, "initial");
}

static void an_empty_database_is_told_and_filled(void)
{
    struct migrate_status status = {.applied = 99};

    make_empty();
    CU_ASSERT_EQUAL(migrate_status(testdb_db(), &status), ERR_OK);
    CU_ASSERT_EQUAL(status.applied, 0);
    CU_ASSERT_EQUAL(status.known, migrations[migration_count - 1].number);
    CU_ASSERT_EQUAL(migrate_check(testdb_db()), ERR_DB_SCHEMA);
    reported = 0;
    CU_ASSERT_EQUAL(migrate_run(testdb_db(), count_report), ERR_OK);
    CU_ASSERT_EQUAL(reported, migration_count);
    CU_ASSERT_EQUAL(migrate_check(testdb_db()), ERR_OK);
    CU_ASSERT_EQUAL(migrate_status(testdb_db(), &status), ERR_OK);
    CU_ASSERT_EQUAL(status.applied, status.known);
    CU_ASSERT_TRUE(status.oldest_level <= status.known);
    CU_ASSERT_FALSE(status.checksum_differs);
    CU_ASSERT_EQUAL(testdb_number("SELECT COUNT(*) FROM app WHERE name = 'ADMIN_SHOP'"), 1);
}

static void migrating_again_does_nothing(void)
{
    make_empty();
    CU_ASSERT_EQUAL(migrate_run(testdb_db(), NULL), ERR_OK);
    reported = 0;
    CU_ASSERT_EQUAL(migrate_run(testdb_db(), count_report), ERR_OK);
    CU_ASSERT_EQUAL(reported, 0);
    CU_ASSERT_EQUAL(testdb_number("SELECT COUNT(*) FROM schema_migration"),
                    (int64_t)migration_count);
    CU_ASSERT_EQUAL(testdb_number("SELECT COUNT(*) FROM schema_lease WHERE owner IS NULL"), 1);
}

static void two_migrators_at_once_share_the_work(void)
{
    pid_t first, second;
    int first_end, second_end;

    make_empty();
    first = start_migrator();
    second = start_migrator();
    first_end = end_of(first);
    second_end = end_of(second);
    CU_ASSERT_NOT_EQUAL(first_end, FAILED);
    CU_ASSERT_NOT_EQUAL(second_end, FAILED);
    CU_ASSERT_EQUAL(first_end + second_end, (int)migration_count);
    CU_ASSERT_EQUAL(migrate_check(testdb_db()), ERR_OK);
}

static void what_was_killed_in_its_middle_is_completed(void)
{
    int64_t tables;
    int interrupted = 0;

    make_empty();
    CU_ASSERT_EQUAL(migrate_run(testdb_db(), NULL), ERR_OK);
    tables = count_tables();
    for (int i = 0; i < KILLS || (interrupted == 0 && i < KILLS_MAX); i++) {
        pid_t pid;

        make_empty();
        pid = start_migrator();
        clock_sleep_ms(5 * (i + 1));
        CU_ASSERT_EQUAL(kill(pid, SIGKILL), 0);
        (void)end_of(pid);
        interrupted += count_tables() > 0 && count_tables() < tables;
        /* The dead one's lease would end by itself: nobody here waits for that. */
        if (count_tables() > 1)
            testdb_sql("UPDATE schema_lease SET until = UTC_TIMESTAMP(6) WHERE owner IS NOT NULL");
        CU_ASSERT_EQUAL(migrate_run(testdb_db(), NULL), ERR_OK);
        CU_ASSERT_EQUAL(migrate_check(testdb_db()), ERR_OK);
        CU_ASSERT_EQUAL(count_tables(), tables);
    }
    CU_ASSERT_TRUE(interrupted > 0);
}

static void a_lease_that_is_held_is_waited_for_until_it_ends(void)
{
    const int64_t start_ms = clock_monotonic_ms();

    make_empty();
    CU_ASSERT_EQUAL(migrate_run(testdb_db(), NULL), ERR_OK);
    testdb_sql("UPDATE schema_lease SET owner = UNHEX(REPEAT('01', 16)), "
               "until = UTC_TIMESTAMP(6) + INTERVAL 1 SECOND");
    CU_ASSERT_EQUAL(migrate_run(testdb_db(), NULL), ERR_OK);
    CU_ASSERT_TRUE(clock_monotonic_ms() - start_ms >= 900);
}

static void a_statement_of_a_killed_migrator_is_waited_for(void)
{
    int status;
    pid_t pid;

    make_empty();
    testdb_sql("DO GET_LOCK(CONCAT('risiti.', MD5('%s')), 0)", testdb_options()->name);
    pid = start_migrator();
    clock_sleep_ms(500);
    CU_ASSERT_EQUAL(waitpid(pid, &status, WNOHANG), 0);
    testdb_sql("DO RELEASE_ALL_LOCKS()");
    CU_ASSERT_EQUAL(end_of(pid), (int)migration_count);
}

static void a_changed_file_is_refused(void)
{
    struct migrate_status status = {0};

    make_empty();
    CU_ASSERT_EQUAL(migrate_run(testdb_db(), NULL), ERR_OK);
    testdb_sql("UPDATE schema_migration SET checksum = REPEAT('x', 32) WHERE number = 1");
    CU_ASSERT_EQUAL(migrate_status(testdb_db(), &status), ERR_OK);
    CU_ASSERT_TRUE(status.checksum_differs);
    CU_ASSERT_EQUAL(migrate_run(testdb_db(), NULL), ERR_DB_SCHEMA);
}

static void a_newer_database_is_served_only_if_it_admits_us(void)
{
    make_empty();
    CU_ASSERT_EQUAL(migrate_run(testdb_db(), NULL), ERR_OK);
    testdb_sql("INSERT INTO schema_migration VALUES (9998, 'later', REPEAT('x', 32), 1, NOW(6))");
    CU_ASSERT_EQUAL(migrate_check(testdb_db()), ERR_OK);
    CU_ASSERT_EQUAL(migrate_run(testdb_db(), NULL), ERR_OK);
    testdb_sql("INSERT INTO schema_migration VALUES (9999, 'last', REPEAT('x', 32), 9999, NOW(6))");
    CU_ASSERT_EQUAL(migrate_check(testdb_db()), ERR_DB_SCHEMA);
    CU_ASSERT_EQUAL(migrate_run(testdb_db(), NULL), ERR_DB_SCHEMA);
}

static const struct tap_test tests[] = {
    TAP_TEST(migrations_are_sorted_and_named),
    TAP_TEST(an_empty_database_is_told_and_filled),
    TAP_TEST(migrating_again_does_nothing),
    TAP_TEST(two_migrators_at_once_share_the_work),
    TAP_TEST(what_was_killed_in_its_middle_is_completed),
    TAP_TEST(a_lease_that_is_held_is_waited_for_until_it_ends),
    TAP_TEST(a_statement_of_a_killed_migrator_is_waited_for),
    TAP_TEST(a_changed_file_is_refused),
    TAP_TEST(a_newer_database_is_served_only_if_it_admits_us),
};
TESTDB_MAIN("migrate", tests)
