/* The runner of background tasks: see jobs.h. */
#include "risiti/base/base.h"

#include "risiti/jobs/jobs.h"

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/base/uuid.h"
#include "risiti/db/job_store.h"
#include "risiti/domain/health.h"
#include "risiti/domain/spool.h"

/* A lease is renewed by each turn; a runner that was killed is followed after this long. */
#define LEASE_SECONDS 30
/* When no runner was there for this long, nobody knows what has happened meanwhile. */
#define GAP_SECONDS 180
/* How often a runner says that it is there, and looks whether deadlines count. */
#define TOUCH_MS 5000
/* The longest wait at a time, so that the host is asked and beats are seen. */
#define WAIT_MS_MAX 500
/* While the database is away. */
#define AWAY_MS 1000
#define ARENA_BYTES_MAX ((size_t)16 * 1024 * 1024)

struct runner {
    const struct jobs_options *options;
    struct uuid owner;
    int64_t due_ms[JOBS_TASKS_MAX]; /* monotonic */
    int64_t end_ms;                 /* 0: never */
    int64_t touched_ms;             /* 0: not yet */
    bool may_expire;
    bool is_away;    /* the database; said once */
    bool saw_outage; /* to be written when it is back */
    uint64_t done;
    enum err last_err;
};

static void runner_away(struct runner *runner, enum err err)
{
    if (!runner->is_away)
        log_write(LOG_LEVEL_ERROR, "jobs_wait",
                  LOG_FIELDS(LOG_ERROR_NAME("error", err),
                             LOG_TEXT("database", db_last_error(runner->options->service->db))));
    runner->is_away = true;
    runner->saw_outage = true;
    runner->touched_ms = 0;
    runner->may_expire = false;
    for (size_t i = 0; i < runner->options->task_count; i++)
        runner->due_ms[i] = clock_monotonic_ms() + AWAY_MS;
}

static void runner_back(struct runner *runner)
{
    if (runner->is_away)
        log_write(LOG_LEVEL_INFO, "jobs_go_on", LOG_NO_FIELDS);
    runner->is_away = false;
}

/* Says that it is there; finds out whether deadlines count. */
static enum err runner_touch(struct runner *runner)
{
    struct service *service = runner->options->service;
    unsigned quiet_seconds = (unsigned)service->config->jobs_quiet_seconds;
    int64_t now_ms = clock_monotonic_ms();
    bool is_quiet = true;
    enum err err;

    if (runner->touched_ms != 0 && now_ms - runner->touched_ms < TOUCH_MS)
        return ERR_OK;
    err = health_schema(service);
    if (err == ERR_OK)
        err = job_store_touch(service->db, GAP_SECONDS, runner->saw_outage, quiet_seconds);
    if (err == ERR_OK)
        err = job_store_is_quiet(service->db, service->arena, quiet_seconds, &is_quiet);
    if (err != ERR_OK)
        return err;
    runner->saw_outage = false;
    runner->touched_ms = now_ms;
    runner->may_expire =
        !is_quiet && (service->spool == NULL || !spool_may_have_files(service->spool));
    return ERR_OK;
}

/* One turn of one task, if its lease is to be had. */
static enum err task_turn(struct runner *runner, const struct job_task *task, unsigned *ret_done)
{
    struct service *service = runner->options->service;
    const struct turn turn = {.limit = task->limit, .may_expire = runner->may_expire};
    bool taken = task->is_local;
    unsigned done = 0;
    enum err err = ERR_OK;

    if (!task->is_local)
        err = job_store_lease(service->db, str_from(task->name), &runner->owner, LEASE_SECONDS,
                              &taken);
    if (err == ERR_OK && taken)
        err = task->run(service, &turn, &done);
    *ret_done = done;
    if (err != ERR_OK && err != ERR_DB_AWAY)
        log_write(LOG_LEVEL_ERROR, "job_failed",
                  LOG_FIELDS(LOG_TEXT("task", task->name), LOG_ERROR_NAME("error", err),
                             LOG_TEXT("database", db_last_error(service->db))));
    return err;
}

/* Every task that is due has one turn. Whether any of them has done something. */
static bool runner_round(struct runner *runner)
{
    const struct jobs_options *options = runner->options;
    bool has_worked = false;

    for (size_t i = 0; i < options->task_count; i++) {
        const struct job_task *task = &options->tasks[i];
        unsigned done = 0;
        enum err err;

        if (clock_monotonic_ms() < runner->due_ms[i])
            continue;
        options->host->beat(options->host->context);
        arena_reset(options->service->arena);
        err = runner_touch(runner);
        if (err == ERR_OK)
            err = task_turn(runner, task, &done);
        runner->last_err = err;
        runner->done += done;
        has_worked = has_worked || done > 0;
        if (err == ERR_DB_AWAY || err == ERR_DB_SCHEMA) {
            runner_away(runner, err);
            return false;
        }
        runner_back(runner);
        /* As long as there is more, it goes on at once, after the others' turns. */
        runner->due_ms[i] =
            clock_monotonic_ms() + (err == ERR_OK && done >= task->limit ? 0 : task->pause_ms);
    }
    return has_worked;
}

/* How long until something is due; 0 when something is. */
static int64_t runner_pause_ms(const struct runner *runner)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t pause_ms = WAIT_MS_MAX;

    for (size_t i = 0; i < runner->options->task_count; i++)
        if (runner->due_ms[i] - now_ms < pause_ms)
            pause_ms = runner->due_ms[i] - now_ms;
    return pause_ms > 0 ? pause_ms : 0;
}

static bool runner_goes_on(const struct runner *runner, bool has_worked)
{
    const struct jobs_host *host = runner->options->host;

    if (runner->end_ms != 0 && clock_monotonic_ms() >= runner->end_ms)
        return false;
    if (runner->options->until_idle && !has_worked)
        return false;
    return host->wait(host->context, runner->options->until_idle ? 0 : runner_pause_ms(runner));
}

enum err jobs_run(const struct jobs_options *options, uint64_t *ret_done)
{
    struct runner runner = {.options = options};
    bool has_worked;
    enum err err = uuid_new(&runner.owner);

    ASSERT(options->task_count <= JOBS_TASKS_MAX);
    if (err != ERR_OK)
        return err;
    if (options->duration_ms > 0)
        runner.end_ms = clock_monotonic_ms() + options->duration_ms;
    do {
        if (options->until_idle)
            memset(runner.due_ms, 0, sizeof(runner.due_ms));
        has_worked = runner_round(&runner);
    } while (runner_goes_on(&runner, has_worked));
    arena_reset(options->service->arena);
    /* Without this the leases end by themselves. */
    if (!runner.is_away && job_store_release(options->service->db, &runner.owner) != ERR_OK)
        log_write(LOG_LEVEL_WARNING, "job_leases_kept", LOG_NO_FIELDS);
    if (ret_done != NULL)
        *ret_done = runner.done;
    return runner.last_err;
}

int jobs_serve(const struct config *config, const struct jobs_host *host)
{
    struct service service = {.config = NULL};
    const struct jobs_options options = {
        .service = &service, .tasks = job_tasks, .task_count = job_task_count, .host = host};
    enum err err = service_open(&service, config, ARENA_BYTES_MAX);

    if (err == ERR_OK) {
        service.request_id = STR("jobs");
        log_write(LOG_LEVEL_INFO, "jobs_started", LOG_NO_FIELDS);
        /* What the last turn met was logged, and is no reason for another exit code. */
        if (jobs_run(&options, NULL) != ERR_OK)
            log_write(LOG_LEVEL_INFO, "jobs_left_in_trouble", LOG_NO_FIELDS);
    } else {
        log_write(LOG_LEVEL_ERROR, "jobs_cannot_start", LOG_FIELDS(LOG_ERROR_NAME("error", err)));
    }
    service_close(&service);
    return err == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
