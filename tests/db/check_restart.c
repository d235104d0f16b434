/* Kills the server under open connections and starts it again: run by test_restart.sh. */
#include "risiti/base/base.h"

#include "testdb.h"

#include <signal.h>
#include <unistd.h>

#include "risiti/base/clock.h"
#include "risiti/base/number.h"

#define PATH_SIZE 128
#define WAIT_TRIES_MAX 300
#define WAIT_MS 100

static const struct db_statement add_row = {"add row", "INSERT INTO line (id) VALUES (?)"};
static const struct db_statement count_rows = {"count rows", "SELECT COUNT(*) FROM line"};

static void path_in_folder(const char *name, char path[PATH_SIZE])
{
    const char *folder = getenv("RISITI_TEST_DB_DIR");
    const int length = snprintf(path, PATH_SIZE, "%s/%s", folder != NULL ? folder : "", name);

    ASSERT(length > 0 && length < PATH_SIZE);
}

static pid_t server_pid(void)
{
    char path[PATH_SIZE], line[32] = "";
    uint64_t pid = 0;
    FILE *file;

    path_in_folder("mariadbd.pid", path);
    file = fopen(path, "re");
    ASSERT(file != NULL);
    CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof(line), file));
    CU_ASSERT_EQUAL_FATAL(number_parse(str_trim(str_from(line)), 2, INT32_MAX, &pid), ERR_OK);
    (void)fclose(file);
    return (pid_t)pid;
}

static void server_kill(void)
{
    char path[PATH_SIZE];

    CU_ASSERT_EQUAL_FATAL(kill(server_pid(), SIGKILL), 0);
    path_in_folder("mariadbd.pid", path);
    CU_ASSERT_EQUAL(unlink(path), 0);
    path_in_folder("db.sock", path);
    (void)unlink(path); /* the next one makes its own */
}

static void server_start(void)
{
    char path[PATH_SIZE];
    pid_t pid;

    path_in_folder("start", path);
    pid = fork();
    CU_ASSERT_TRUE_FATAL(pid >= 0);
    if (pid == 0) {
        (void)execl(path, path, (char *)NULL);
        _exit(127);
    }
    testdb_reconnect();
}

static void make_table(void)
{
    testdb_sql("CREATE OR REPLACE TABLE line (id INT PRIMARY KEY)");
}

static enum err add(struct db *db, int id)
{
    return db_execute(db, &add_row, DB_VALUES(DB_INT(id)), NULL);
}

static void a_server_that_was_killed_is_away_and_then_found_again(void)
{
    struct db *db = testdb_open();
    int tries = 0;

    make_table();
    CU_ASSERT_EQUAL(add(db, 1), ERR_OK);
    server_kill();
    /* A server that is just dying may still take it, and then the outcome is unknown. */
    CU_ASSERT_NOT_EQUAL(add(db, 2), ERR_OK);
    CU_ASSERT_EQUAL(add(db, 2), ERR_DB_AWAY);
    server_start();
    while (add(db, 3) != ERR_OK && tries++ < WAIT_TRIES_MAX)
        clock_sleep_ms(WAIT_MS);
    CU_ASSERT_EQUAL(testdb_number("SELECT COUNT(*) FROM line"), 2);
    db_free(db);
}

static void a_server_restarted_between_statements_goes_unnoticed(void)
{
    struct db *db = testdb_open();
    const struct db_rows *rows = NULL;

    make_table();
    CU_ASSERT_EQUAL(add(db, 1), ERR_OK);
    server_kill();
    server_start();
    CU_ASSERT_EQUAL(add(db, 2), ERR_OK);
    server_kill();
    server_start();
    CU_ASSERT_EQUAL_FATAL(db_query(db, &count_rows, DB_NO_VALUES, testdb_arena(), 1, &rows),
                          ERR_OK);
    CU_ASSERT_EQUAL(db_int(rows, 0, 0), 2);
    db_free(db);
}

static enum err work_over_a_restart(struct db *db, void *context)
{
    int *works = context;
    enum err err = add(db, 1);

    if (err == ERR_OK && ++*works == 1) {
        server_kill();
        server_start();
    }
    return err == ERR_OK ? add(db, 2) : err;
}

static void a_server_restarted_inside_a_unit_is_one_redo(void)
{
    struct db *db = testdb_open();
    int works = 0;
    const struct db_unit unit = {.work = work_over_a_restart, .context = &works};

    make_table();
    CU_ASSERT_EQUAL(db_run_unit(db, &unit), ERR_OK);
    CU_ASSERT_EQUAL(works, 2);
    CU_ASSERT_EQUAL(testdb_number("SELECT COUNT(*) FROM line"), 2);
    db_free(db);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_server_that_was_killed_is_away_and_then_found_again),
    TAP_TEST(a_server_restarted_between_statements_goes_unnoticed),
    TAP_TEST(a_server_restarted_inside_a_unit_is_one_redo),
};
TESTDB_MAIN("restart", tests)
