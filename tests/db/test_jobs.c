/* The runner of background tasks: turns, leases, outages, and when deadlines count. */
#include "risiti/base/base.h"

#include "risiti/jobs/jobs.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "risiti/base/clock.h"
#include "testproxy.h"

#define LIMIT 10
#define RACE_MS 600
#define RACE_PROCESSES 3
#define WAITS_MAX 2000

/* What the tasks of this program see and do. */
static struct {
    unsigned rows_left, turns;
    bool may_expire;
} work;

static enum err rows_do(struct service *service, const struct turn *turn, unsigned *ret_done)
{
    (void)service; /* the rows are only a number */
    work.turns++;
    work.may_expire = turn->may_expire;
    *ret_done = work.rows_left < turn->limit ? work.rows_left : turn->limit;
    work.rows_left -= *ret_done;
    return ERR_OK;
}

static enum err failing_do(struct service *service, const struct turn *turn, unsigned *ret_done)
{
    (void)service;
    (void)turn;
    *ret_done = 0;
    return ERR_DB_QUERY;
}

static bool host_waits(void *context, int64_t duration_ms)
{
    (void)context;
    clock_sleep_ms(duration_ms);
    return true;
}

static void host_beats(void *context)
{
    (void)context;
}

static const struct jobs_host patient = {.wait = host_waits, .beat = host_beats};
static const struct job_task rows_task[] = {{"rows", 10, LIMIT, false, rows_do}};

static enum err run_until_idle(const struct job_task *tasks, size_t count, uint64_t *ret_done)
{
    const struct jobs_options options = {.service = fixture(),
                                         .tasks = tasks,
                                         .task_count = count,
                                         .host = &patient,
                                         .until_idle = true};

    return jobs_run(&options, ret_done);
}

static void leases_forget(void)
{
    testdb_sql("DELETE FROM job_lease");
}

static void a_task_has_turns_until_nothing_is_left(void)
{
    uint64_t done;

    work.rows_left = 3 * LIMIT + 1;
    work.turns = 0;
    CU_ASSERT_EQUAL(run_until_idle(rows_task, 1, &done), ERR_OK);
    CU_ASSERT_EQUAL(done, 3 * LIMIT + 1);
    CU_ASSERT_EQUAL(work.rows_left, 0);
    CU_ASSERT_TRUE(work.turns >= 4);
    CU_ASSERT_EQUAL(count_rows("job_lease", "owner IS NULL AND until IS NULL"), 1);
}

static void a_task_that_fails_does_not_stop_the_others(void)
{
    const struct job_task tasks[] = {{"failing", 10, LIMIT, false, failing_do},
                                     {"rows", 10, LIMIT, false, rows_do}};
    uint64_t done;

    work.rows_left = LIMIT + 1;
    CU_ASSERT_EQUAL(run_until_idle(tasks, 2, &done), ERR_OK);
    CU_ASSERT_EQUAL(done, LIMIT + 1);
}

static void a_task_that_another_runner_has_is_left_to_it(void)
{
    uint64_t done;

    testdb_sql("UPDATE job_lease SET owner = UNHEX(REPEAT('07', 16)), "
               "until = UTC_TIMESTAMP(6) + INTERVAL 20 SECOND WHERE task = 'rows'");
    work.rows_left = 1;
    CU_ASSERT_EQUAL(run_until_idle(rows_task, 1, &done), ERR_OK);
    CU_ASSERT_EQUAL(work.rows_left, 1);
    CU_ASSERT_EQUAL(count_rows("job_lease", "owner = UNHEX(REPEAT('07', 16))"), 1);
    testdb_sql("UPDATE job_lease SET until = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND");
    CU_ASSERT_EQUAL(run_until_idle(rows_task, 1, &done), ERR_OK);
    CU_ASSERT_EQUAL(work.rows_left, 0);
}

/* Runners that are at work at once, and who was in the task. */
struct board {
    atomic_int inside, turns, meetings;
};

static struct board *board;

static enum err board_do(struct service *service, const struct turn *turn, unsigned *ret_done)
{
    (void)service;
    (void)turn;
    if (atomic_fetch_add(&board->inside, 1) > 0)
        (void)atomic_fetch_add(&board->meetings, 1);
    clock_sleep_ms(5);
    (void)atomic_fetch_add(&board->turns, 1);
    (void)atomic_fetch_sub(&board->inside, 1);
    *ret_done = 0;
    return ERR_OK;
}

static const struct job_task board_task[] = {{"board", 5, LIMIT, false, board_do}};

static int race_runners(struct service *service, int index, void *shared)
{
    const struct jobs_options options = {.service = service,
                                         .tasks = board_task,
                                         .task_count = 1,
                                         .host = &patient,
                                         .duration_ms = RACE_MS};

    (void)index; /* all do the same */
    board = shared;
    return jobs_run(&options, NULL) == ERR_OK ? 0 : 1;
}

static void runners_at_once_do_a_task_one_at_a_time(void)
{
    board = race_memory(sizeof(*board));
    CU_ASSERT_EQUAL(race_run(&(struct race){race_runners, board, RACE_PROCESSES}), 0);
    CU_ASSERT_EQUAL(atomic_load(&board->meetings), 0);
    CU_ASSERT_TRUE(atomic_load(&board->turns) > 10);
    race_memory_free(board, sizeof(*board));
}

static void a_killed_runner_keeps_its_lease_for_seconds_only(void)
{
    uint64_t done;
    int status;
    pid_t child;

    leases_forget();
    (void)fflush(NULL);
    child = fork();
    ASSERT(child >= 0);
    if (child == 0) {
        board = race_memory(sizeof(*board));
        (void)race_runners(fixture_open(testdb_options()), 0, board);
        _exit(0);
    }
    for (int i = 0; i < WAITS_MAX && count_rows("job_lease", "owner IS NOT NULL") == 0; i++)
        clock_sleep_ms(2);
    CU_ASSERT_EQUAL(kill(child, SIGKILL), 0);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_EQUAL(count_rows("job_lease", "owner IS NOT NULL AND until < UTC_TIMESTAMP(6) + "
                                            "INTERVAL 60 SECOND"),
                    1);
    testdb_sql("UPDATE job_lease SET until = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND");
    board = race_memory(sizeof(*board));
    CU_ASSERT_EQUAL(run_until_idle(board_task, 1, &done), ERR_OK);
    CU_ASSERT_EQUAL(atomic_load(&board->turns), 1);
    race_memory_free(board, sizeof(*board));
}

/* One run with one row to do; whether deadlines counted in it. */
static bool deadlines_count(void)
{
    uint64_t done;

    work.rows_left = 1;
    CU_ASSERT_EQUAL(run_until_idle(rows_task, 1, &done), ERR_OK);
    return work.may_expire;
}

static void deadlines_count_from_the_first_run_on(void)
{
    testdb_sql("DELETE FROM jobs_state");
    CU_ASSERT_TRUE(deadlines_count());
    CU_ASSERT_TRUE(deadlines_count());
}

static void deadlines_do_not_count_after_a_gap(void)
{
    fixture_config()->jobs_quiet_seconds = 1;
    testdb_sql("UPDATE jobs_state SET last_seen_at = UTC_TIMESTAMP(6) - INTERVAL 170 SECOND");
    CU_ASSERT_TRUE(deadlines_count());
    testdb_sql("UPDATE jobs_state SET last_seen_at = UTC_TIMESTAMP(6) - INTERVAL 190 SECOND");
    CU_ASSERT_FALSE(deadlines_count());
    CU_ASSERT_FALSE(deadlines_count());
    testdb_sql("UPDATE jobs_state SET quiet_until = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND");
    CU_ASSERT_TRUE(deadlines_count());
    fixture_config()->jobs_quiet_seconds = 0;
}

static void deadlines_do_not_count_while_the_server_is_young(void)
{
    fixture_config()->jobs_quiet_seconds = 86400;
    CU_ASSERT_FALSE(deadlines_count());
    fixture_config()->jobs_quiet_seconds = 0;
    CU_ASSERT_TRUE(deadlines_count());
}

/* A host that opens the database's door after a while, and leaves when the row is done. */
static bool host_opens(void *context, int64_t duration_ms)
{
    static int waits;

    if (++waits == 2)
        testproxy_door(context, TESTPROXY_OPEN);
    clock_sleep_ms(duration_ms);
    return work.rows_left > 0 && waits < WAITS_MAX;
}

static void a_database_that_is_away_is_waited_for(void)
{
    struct testproxy *proxy = testproxy_start();
    const struct db_options db_options = testproxy_options(proxy);
    struct service *service = fixture_open(&db_options);
    const struct jobs_host host = {.wait = host_opens, .beat = host_beats, .context = proxy};
    const struct jobs_options options = {
        .service = service, .tasks = rows_task, .task_count = 1, .host = &host};

    fixture_config()->jobs_quiet_seconds = 1;
    testdb_sql("UPDATE jobs_state SET quiet_until = NULL, last_seen_at = UTC_TIMESTAMP(6)");
    testproxy_door(proxy, TESTPROXY_SHUT);
    work.rows_left = 1;
    CU_ASSERT_EQUAL(jobs_run(&options, NULL), ERR_OK);
    CU_ASSERT_EQUAL(work.rows_left, 0);
    CU_ASSERT_FALSE(work.may_expire);
    fixture_config()->jobs_quiet_seconds = 0;
    fixture_close(service);
    testproxy_stop(proxy);
}

static void the_programs_own_tasks_run(void)
{
    uint64_t done;

    CU_ASSERT_EQUAL(run_until_idle(job_tasks, job_task_count, &done), ERR_OK);
    for (size_t i = 0; i < job_task_count; i++)
        CU_ASSERT_EQUAL(count_rows("job_lease", "task = '%s'", job_tasks[i].name),
                        job_tasks[i].is_local ? 0 : 1);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_task_has_turns_until_nothing_is_left),
    TAP_TEST(a_task_that_fails_does_not_stop_the_others),
    TAP_TEST(a_task_that_another_runner_has_is_left_to_it),
    TAP_TEST(runners_at_once_do_a_task_one_at_a_time),
    TAP_TEST(a_killed_runner_keeps_its_lease_for_seconds_only),
    TAP_TEST(deadlines_count_from_the_first_run_on),
    TAP_TEST(deadlines_do_not_count_after_a_gap),
    TAP_TEST(deadlines_do_not_count_while_the_server_is_young),
    TAP_TEST(a_database_that_is_away_is_waited_for),
    TAP_TEST(the_programs_own_tasks_run),
};

TESTDB_MAIN("jobs", tests)
