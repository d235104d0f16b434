/* Units of work: conflicts, broken connections, and commits whose answer is lost. */
#include "risiti/base/base.h"

#include "testdb.h"

#include <pthread.h>

#include "risiti/base/clock.h"
#include "testproxy.h"

#define CUTS_PER_KIND 30

static const struct db_statement add_mark = {"add mark", "INSERT INTO mark (id) VALUES (?)"};
static const struct db_statement count_mark = {"count mark",
                                               "SELECT COUNT(*) FROM mark WHERE id = ?"};
static const struct db_statement bump = {"bump",
                                         "UPDATE counter SET value = value + 1 WHERE id = ?"};
static const struct db_statement own_id = {"own id", "SELECT CONNECTION_ID()"};

/* A unit that adds a mark and bumps a counter; what it was asked is counted. */
struct marking {
    int mark;
    int works, settles;
    int lies;              /* how often settle says "absent", whatever is true */
    int kills;             /* how often the connection is killed in the middle */
    enum err work_returns; /* at its end */
};

static void make_tables(void)
{
    testdb_sql("CREATE OR REPLACE TABLE mark (id INT PRIMARY KEY)");
    testdb_sql("CREATE OR REPLACE TABLE counter (id INT PRIMARY KEY, value INT NOT NULL)");
    testdb_sql("INSERT INTO counter VALUES (1, 0), (2, 0)");
}

static void kill_connection(struct db *db)
{
    const struct db_rows *rows = NULL;

    CU_ASSERT_EQUAL_FATAL(db_query(db, &own_id, DB_NO_VALUES, testdb_arena(), 1, &rows), ERR_OK);
    testdb_sql("KILL %lld", (long long)db_int(rows, 0, 0));
}

static enum err marking_work(struct db *db, void *context)
{
    struct marking *marking = context;
    enum err err = db_execute(db, &add_mark, DB_VALUES(DB_INT(marking->mark)), NULL);

    marking->works++;
    if (err == ERR_OK && marking->works <= marking->kills)
        kill_connection(db);
    if (err == ERR_OK)
        err = db_execute(db, &bump, DB_VALUES(DB_INT(1)), NULL);
    return err == ERR_OK ? marking->work_returns : err;
}

static enum err marking_settle(struct db *db, void *context, bool *ret_committed)
{
    struct marking *marking = context;
    const struct db_rows *rows = NULL;
    const enum err err =
        db_query(db, &count_mark, DB_VALUES(DB_INT(marking->mark)), testdb_arena(), 1, &rows);

    if (err != ERR_OK)
        return err;
    marking->settles++;
    *ret_committed = db_int(rows, 0, 0) == 1 && marking->settles > marking->lies;
    return ERR_OK;
}

static struct db_unit unit_of(struct marking *marking)
{
    return (struct db_unit){.work = marking_work, .settle = marking_settle, .context = marking};
}

/* The marks and the counter agree, and are what is expected. */
static void assert_effects(int64_t expected)
{
    CU_ASSERT_EQUAL(testdb_number("SELECT COUNT(*) FROM mark"), expected);
    CU_ASSERT_EQUAL(testdb_number("SELECT value FROM counter WHERE id = 1"), expected);
}

static void a_unit_commits_what_its_work_did(void)
{
    struct marking marking = {.mark = 1};
    const struct db_unit unit = unit_of(&marking);

    make_tables();
    CU_ASSERT_EQUAL(db_run_unit(testdb_db(), &unit), ERR_OK);
    CU_ASSERT_EQUAL(marking.works, 1);
    CU_ASSERT_EQUAL(marking.settles, 0);
    CU_ASSERT_FALSE(db_in_unit(testdb_db()));
    assert_effects(1);
}

static void a_unit_whose_work_refuses_leaves_nothing(void)
{
    struct marking marking = {.mark = 1, .work_returns = ERR_STATE};
    const struct db_unit unit = unit_of(&marking);

    make_tables();
    CU_ASSERT_EQUAL(db_run_unit(testdb_db(), &unit), ERR_STATE);
    CU_ASSERT_EQUAL(marking.works, 1);
    assert_effects(0);
}

static enum err bump_work(struct db *db, void *context)
{
    (void)context; /* it needs none */
    CU_ASSERT_TRUE(db_in_unit(db));
    return db_execute(db, &bump, DB_VALUES(DB_INT(1)), NULL);
}

static void a_unit_of_one_statement_costs_three_round_trips(void)
{
    static const struct db_unit unit = {.work = bump_work};
    struct testproxy *proxy = testproxy_start();
    const struct db_options options = testproxy_options(proxy);
    struct db *db = db_new(&options);
    int before;

    make_tables();
    CU_ASSERT_PTR_NOT_NULL_FATAL(db);
    CU_ASSERT_EQUAL(db_run_unit(db, &unit), ERR_OK);
    before = testproxy_commands(proxy);
    CU_ASSERT_EQUAL(db_run_unit(db, &unit), ERR_OK);
    CU_ASSERT_EQUAL(testproxy_commands(proxy) - before, 3);
    before = testproxy_commands(proxy);
    CU_ASSERT_EQUAL(db_execute(db, &bump, DB_VALUES(DB_INT(1)), NULL), ERR_OK);
    CU_ASSERT_EQUAL(testproxy_commands(proxy) - before, 1);
    CU_ASSERT_EQUAL(testproxy_connections(proxy), 1);
    db_free(db);
    testproxy_stop(proxy);
}

static enum err dropping_work(struct db *db, void *context)
{
    ++*(int *)context;
    CU_ASSERT_EQUAL(db_execute(db, &bump, DB_VALUES(DB_INT(1)), NULL), ERR_OK);
    db_disconnect(db);
    CU_ASSERT_EQUAL(db_connect(db), ERR_DB_AWAY);
    CU_ASSERT_EQUAL(db_execute(db, &bump, DB_VALUES(DB_INT(1)), NULL), ERR_DB_AWAY);
    return ERR_OK;
}

static void a_unit_does_not_go_on_with_another_connection(void)
{
    int works = 0;
    const struct db_unit unit = {.work = dropping_work, .context = &works};

    make_tables();
    CU_ASSERT_EQUAL(db_run_unit(testdb_db(), &unit), ERR_DB_AWAY);
    CU_ASSERT_EQUAL(works, 2);
    assert_effects(0);
}

/* Two threads that lock the same two rows, in opposite order. */
struct crossing {
    struct db *db;
    pthread_barrier_t *both;
    int first, second;
    int works;
    enum err result;
};

static enum err crossing_work(struct db *db, void *context)
{
    struct crossing *crossing = context;
    enum err err = db_execute(db, &bump, DB_VALUES(DB_INT(crossing->first)), NULL);

    if (++crossing->works == 1)
        (void)pthread_barrier_wait(crossing->both);
    if (err == ERR_OK)
        err = db_execute(db, &bump, DB_VALUES(DB_INT(crossing->second)), NULL);
    return err;
}

static void *crossing_run(void *context)
{
    struct crossing *crossing = context;
    const struct db_unit unit = {.work = crossing_work, .context = crossing};

    crossing->result = db_run_unit(crossing->db, &unit);
    return NULL;
}

static void the_loser_of_a_deadlock_is_redone(void)
{
    pthread_barrier_t both;
    struct crossing one = {.db = testdb_open(), .both = &both, .first = 1, .second = 2};
    struct crossing other = {.db = testdb_open(), .both = &both, .first = 2, .second = 1};
    pthread_t thread;

    make_tables();
    CU_ASSERT_EQUAL_FATAL(pthread_barrier_init(&both, NULL, 2), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, crossing_run, &other), 0);
    (void)crossing_run(&one);
    CU_ASSERT_EQUAL(pthread_join(thread, NULL), 0);
    CU_ASSERT_EQUAL(one.result, ERR_OK);
    CU_ASSERT_EQUAL(other.result, ERR_OK);
    CU_ASSERT_EQUAL(one.works + other.works, 3);
    CU_ASSERT_EQUAL(testdb_number("SELECT SUM(value) FROM counter WHERE value = 2"), 4);
    db_free(one.db);
    db_free(other.db);
    (void)pthread_barrier_destroy(&both);
}

/* Work that does not look at errors: the unit must do it in its place. */
static enum err careless_work(struct db *db, void *context)
{
    struct marking *marking = context;
    enum err err;

    marking->works++;
    err = db_execute(db, &add_mark, DB_VALUES(DB_INT(marking->mark)), NULL);
    CU_ASSERT_EQUAL(err, ERR_OK);
    err = db_execute(db, &bump, DB_VALUES(DB_INT(1)), NULL);
    if (marking->works == 1) {
        CU_ASSERT_EQUAL(err, ERR_DB_CONFLICT);
        testdb_sql("ROLLBACK");
        err = db_execute(db, &add_mark, DB_VALUES(DB_INT(marking->mark + 1)), NULL);
        CU_ASSERT_EQUAL(err, ERR_DB_CONFLICT);
    }
    return ERR_OK;
}

static void a_lock_wait_that_is_overlooked_is_redone_as_a_whole(void)
{
    struct marking marking = {.mark = 1};
    const struct db_unit unit = {.work = careless_work, .context = &marking};

    make_tables();
    testdb_sql("START TRANSACTION");
    testdb_sql("UPDATE counter SET value = 7 WHERE id = 1");
    CU_ASSERT_EQUAL(db_run_unit(testdb_db(), &unit), ERR_OK);
    CU_ASSERT_EQUAL(marking.works, 2);
    assert_effects(1);
}

static enum err always_conflict(struct db *db, void *context)
{
    (void)db; /* it does nothing */
    ++*(int *)context;
    return ERR_DB_CONFLICT;
}

static void tries_are_limited(void)
{
    int works = 0;
    const struct db_unit unit = {.work = always_conflict, .context = &works};

    CU_ASSERT_EQUAL(db_run_unit(testdb_db(), &unit), ERR_DB_CONFLICT);
    CU_ASSERT_EQUAL(works, DB_UNIT_TRIES_MAX);
}

static void a_connection_killed_in_a_unit_is_one_redo(void)
{
    struct marking marking = {.mark = 1, .kills = 1};
    const struct db_unit unit = unit_of(&marking);

    make_tables();
    CU_ASSERT_EQUAL(db_run_unit(testdb_db(), &unit), ERR_OK);
    CU_ASSERT_EQUAL(marking.works, 2);
    CU_ASSERT_EQUAL(marking.settles, 0);
    assert_effects(1);
}

static void a_connection_that_keeps_breaking_is_given_up(void)
{
    struct marking marking = {.mark = 1, .kills = 99};
    const struct db_unit unit = unit_of(&marking);

    make_tables();
    CU_ASSERT_EQUAL(db_run_unit(testdb_db(), &unit), ERR_DB_AWAY);
    CU_ASSERT_EQUAL(marking.works, 2);
    assert_effects(0);
}

static enum err slow_work(struct db *db, void *context)
{
    static const struct db_statement slow = {
        "slow", "UPDATE counter SET value = value + SLEEP(5) WHERE id = 2"};

    ++*(int *)context;
    return db_execute(db, &slow, DB_NO_VALUES, NULL);
}

static void a_statement_beyond_its_time_is_tried_twice(void)
{
    struct db_options options = *testdb_options();
    int works = 0;
    const struct db_unit unit = {.work = slow_work, .context = &works};
    struct db *db;

    make_tables();
    options.statement_timeout_s = 1;
    db = db_new(&options);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db);
    CU_ASSERT_EQUAL(db_run_unit(db, &unit), ERR_DB_CONFLICT);
    CU_ASSERT_EQUAL(works, 2);
    CU_ASSERT_EQUAL(db_last_errno(db), 1969);
    db_free(db);
}

/* Runs the marking through a proxy that cuts at COMMIT. */
static enum err run_cut(struct marking *marking, const struct db_unit *unit,
                        enum testproxy_cut where, int times)
{
    struct testproxy *proxy = testproxy_start();
    const struct db_options options = testproxy_options(proxy);
    struct db *db = db_new(&options);
    enum err err;

    CU_ASSERT_PTR_NOT_NULL_FATAL(db);
    testproxy_cut(proxy, TESTPROXY_COMMIT, where, times);
    err = db_run_unit(db, unit);
    CU_ASSERT_EQUAL(testproxy_cuts_left(proxy), 0);
    CU_ASSERT_TRUE(marking->works > 0);
    db_free(db);
    testproxy_stop(proxy);
    return err;
}

static void a_commit_that_was_done_but_not_heard_of_is_settled(void)
{
    struct marking marking = {.mark = 1};
    const struct db_unit unit = unit_of(&marking);

    make_tables();
    CU_ASSERT_EQUAL(run_cut(&marking, &unit, TESTPROXY_ANSWER, 1), ERR_OK);
    CU_ASSERT_EQUAL(marking.works, 1);
    CU_ASSERT_EQUAL(marking.settles, 1);
    assert_effects(1);
}

static void a_commit_that_never_arrived_is_redone(void)
{
    struct marking marking = {.mark = 1};
    const struct db_unit unit = unit_of(&marking);

    make_tables();
    CU_ASSERT_EQUAL(run_cut(&marking, &unit, TESTPROXY_BEFORE, 1), ERR_OK);
    CU_ASSERT_EQUAL(marking.works, 2);
    CU_ASSERT_EQUAL(marking.settles, 1);
    assert_effects(1);
}

static void a_commit_that_comes_late_is_found_by_the_redo(void)
{
    struct marking marking = {.mark = 1, .lies = 1};
    const struct db_unit unit = unit_of(&marking);

    make_tables();
    CU_ASSERT_EQUAL(run_cut(&marking, &unit, TESTPROXY_ANSWER, 1), ERR_OK);
    CU_ASSERT_EQUAL(marking.works, 2);
    CU_ASSERT_EQUAL(marking.settles, 2);
    assert_effects(1);
}

static void without_settling_a_lost_commit_stays_unknown(void)
{
    struct marking marking = {.mark = 1};
    struct db_unit unit = unit_of(&marking);

    make_tables();
    unit.settle = NULL;
    CU_ASSERT_EQUAL(run_cut(&marking, &unit, TESTPROXY_ANSWER, 1), ERR_DB_COMMIT_UNKNOWN);
    CU_ASSERT_EQUAL(marking.works, 1);
    assert_effects(1);
}

static void commits_that_are_always_lost_end_as_unknown(void)
{
    struct marking marking = {.mark = 1};
    const struct db_unit unit = unit_of(&marking);

    make_tables();
    CU_ASSERT_EQUAL(run_cut(&marking, &unit, TESTPROXY_BEFORE, DB_UNIT_TRIES_MAX),
                    ERR_DB_COMMIT_UNKNOWN);
    CU_ASSERT_EQUAL(marking.works, DB_UNIT_TRIES_MAX);
    assert_effects(0);
}

static void many_cuts_lose_and_double_nothing(void)
{
    static const enum testproxy_cut kinds[] = {TESTPROXY_BEFORE, TESTPROXY_DURING,
                                               TESTPROXY_ANSWER};
    struct testproxy *proxy = testproxy_start();
    const struct db_options options = testproxy_options(proxy);
    struct db *db = db_new(&options);
    int mark = 0;

    make_tables();
    CU_ASSERT_PTR_NOT_NULL_FATAL(db);
    for (int i = 0; i < CUTS_PER_KIND; i++)
        for (size_t kind = 0; kind < ARRAY_LENGTH(kinds); kind++) {
            struct marking marking = {.mark = ++mark};
            const struct db_unit unit = unit_of(&marking);

            testproxy_cut(proxy, TESTPROXY_COMMIT, kinds[kind], 1);
            CU_ASSERT_EQUAL(db_run_unit(db, &unit), ERR_OK);
            CU_ASSERT_EQUAL(testproxy_cuts_left(proxy), 0);
        }
    assert_effects(mark);
    db_free(db);
    testproxy_stop(proxy);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_unit_commits_what_its_work_did),
    TAP_TEST(a_unit_whose_work_refuses_leaves_nothing),
    TAP_TEST(a_unit_of_one_statement_costs_three_round_trips),
    TAP_TEST(a_unit_does_not_go_on_with_another_connection),
    TAP_TEST(the_loser_of_a_deadlock_is_redone),
    TAP_TEST(a_lock_wait_that_is_overlooked_is_redone_as_a_whole),
    TAP_TEST(tries_are_limited),
    TAP_TEST(a_connection_killed_in_a_unit_is_one_redo),
    TAP_TEST(a_connection_that_keeps_breaking_is_given_up),
    TAP_TEST(a_statement_beyond_its_time_is_tried_twice),
    TAP_TEST(a_commit_that_was_done_but_not_heard_of_is_settled),
    TAP_TEST(a_commit_that_never_arrived_is_redone),
    TAP_TEST(a_commit_that_comes_late_is_found_by_the_redo),
    TAP_TEST(without_settling_a_lost_commit_stays_unknown),
    TAP_TEST(commits_that_are_always_lost_end_as_unknown),
    TAP_TEST(many_cuts_lose_and_double_nothing),
};
TESTDB_MAIN("unit", tests)
