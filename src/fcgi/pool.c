/* Starting, watching and replacing workers: see pool.h. */
#include "risiti/base/base.h"

#include "risiti/fcgi/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/fcgi/jobs_process.h"
#include "risiti/fcgi/process.h"
#include "risiti/fcgi/signals.h"
#include "risiti/fcgi/worker.h"

#define POOL_YOUNG_MS 5000 /* a worker that dies before this has lived too short */
#define POOL_DELAY_MIN_MS 100
#define POOL_DELAY_MAX_MS 30000
#define POOL_ALARM_DELAY_MS 1600 /* the fifth early death in a row */
#define POOL_TELL_AGAIN_MS 1000
/* After a pause this long everything stood still, the workers too: they get time to beat again. */
#define POOL_PAUSE_MS 2000
#define POOL_RECOVERY_MS 1000

enum err pool_init(struct pool *ret_pool, const struct config *config, struct listener *listener)
{
    enum err err;

    *ret_pool = (struct pool){.config = config,
                              .listener = listener,
                              .pipe = {-1, -1},
                              .master = getpid(),
                              .ticked_ms = clock_monotonic_ms()};
    ASSERT(config->service_workers <= POOL_WORKERS_MAX);
    err = heartbeats_new(POOL_SLOTS, &ret_pool->heartbeats);
    if (err == ERR_OK && pipe2(ret_pool->pipe, O_CLOEXEC) != 0)
        err = ERR_IO;
    if (err != ERR_OK)
        pool_release(ret_pool);
    return err;
}

void pool_release(struct pool *pool)
{
    heartbeats_free(pool->heartbeats, POOL_SLOTS);
    pool->heartbeats = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(pool->pipe); i++) {
        if (pool->pipe[i] >= 0)
            (void)close(pool->pipe[i]); /* nothing is ever written to it */
        pool->pipe[i] = -1;
    }
}

__attribute__((noreturn)) static void pool_run_child(const struct pool *pool, bool is_jobs,
                                                     const struct worker_options *options)
{
    int status = EXIT_FAILURE;

    signals_forget();
    (void)close(pool->pipe[1]); /* so that the master's is the only one */
    if (is_jobs)
        listener_leave(pool->listener);
    else
        listener_enter_worker(pool->listener);
    if (process_follow(pool->master) == ERR_OK && process_limit_memory() == ERR_OK)
        status = is_jobs ? jobs_process_run(options) : worker_run(options);
    log_close();
    _exit(status);
}

static void pool_start(struct pool *pool, size_t index, bool only_backlog)
{
    struct pool_slot *slot = &pool->slots[index];
    const struct worker_options options = {
        .config = pool->config,
        .listener = pool->listener,
        .heartbeat = &pool->heartbeats[index],
        .master_pipe = pool->pipe[0],
        .only_backlog = only_backlog,
    };
    int64_t now_ms = clock_monotonic_ms();
    pid_t pid;

    heartbeat_set(&pool->heartbeats[index], HEARTBEAT_STARTING);
    pid = fork();
    if (pid == 0)
        pool_run_child(pool, index == POOL_JOBS, &options);
    if (pid < 0) {
        log_write(LOG_LEVEL_ERROR, "fork_failed", LOG_FIELDS(LOG_TEXT("reason", strerror(errno))));
        slot->start_at_ms = now_ms + POOL_TELL_AGAIN_MS;
        return;
    }
    slot->pid = pid;
    slot->started_ms = now_ms;
    slot->told_ms = 0;
    slot->is_killed = false;
    slot->generation = pool->generation;
}

static struct pool_slot *pool_find(struct pool *pool, pid_t pid)
{
    for (size_t i = 0; i < POOL_SLOTS; i++)
        if (pool->slots[i].pid == pid)
            return &pool->slots[i];
    return NULL;
}

static void pool_log_death(const struct pool_slot *slot, int status, int64_t lived_ms)
{
    bool by_signal = WIFSIGNALED(status);

    log_write(LOG_LEVEL_WARNING, "worker_died",
              LOG_FIELDS(LOG_INT("worker", slot->pid),
                         LOG_TEXT("by", by_signal ? "signal" : "exit"),
                         LOG_INT("number", by_signal ? WTERMSIG(status) : WEXITSTATUS(status)),
                         LOG_INT("lived_ms", lived_ms), LOG_INT("restart_ms", slot->delay_ms)));
    if (slot->delay_ms >= POOL_ALARM_DELAY_MS)
        log_write(LOG_LEVEL_ERROR, "workers_die_early",
                  LOG_FIELDS(LOG_INT("restart_ms", slot->delay_ms)));
}

/*
 * How long its successor waits. A worker that was killed from outside while it served is no sign of
 * a fault that a restart would meet again; one that ends by itself soon after its start is.
 */
static int64_t pool_delay(const struct pool_slot *slot, int status, int64_t lived_ms,
                          bool has_served)
{
    bool was_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;

    if (lived_ms >= POOL_YOUNG_MS)
        return 0;
    if ((was_killed && has_served) || slot->delay_ms == 0)
        return POOL_DELAY_MIN_MS;
    return slot->delay_ms < POOL_DELAY_MAX_MS / 2 ? slot->delay_ms * 2 : POOL_DELAY_MAX_MS;
}

static void pool_bury(struct pool *pool, struct pool_slot *slot, int status)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t lived_ms = now_ms - slot->started_ms;
    bool has_served = heartbeat_state(&pool->heartbeats[slot - pool->slots]) != HEARTBEAT_STARTING;

    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) {
        slot->delay_ms = 0;
        log_write(LOG_LEVEL_DEBUG, "worker_left", LOG_FIELDS(LOG_INT("worker", slot->pid)));
    } else {
        slot->delay_ms = pool_delay(slot, status, lived_ms, has_served);
        pool_log_death(slot, status, lived_ms);
    }
    slot->pid = 0;
    slot->start_at_ms = now_ms + slot->delay_ms;
    /* A slot that has no successor starts from nothing when it is used again. */
    if (pool->is_stopping)
        slot->delay_ms = 0;
}

void pool_reap(struct pool *pool)
{
    int status;
    pid_t pid;

    /* Until none is left: one SIGCHLD may stand for many. 0 and -1 both mean none. */
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct pool_slot *slot = pool_find(pool, pid);

        if (slot != NULL)
            pool_bury(pool, slot, status);
    }
}

static void pool_tell(struct pool_slot *slot, int64_t now_ms)
{
    slot->told_ms = now_ms;
    (void)kill(slot->pid, SIGTERM); /* it is our child, so the number is its own */
}

/* Whether the slot is to have a process now. */
static bool pool_wants(const struct pool *pool, size_t index)
{
    if (pool->is_stopping)
        return false;
    return index == POOL_JOBS ? pool->config->jobs_enabled
                              : index < (size_t)pool->config->service_workers;
}

/* A worker says where it is at least every request_timeout, idle or busy, or it is stuck. */
static void pool_kill_stuck(const struct pool *pool, size_t index, struct pool_slot *slot)
{
    const struct heartbeat *heartbeat = &pool->heartbeats[index];
    int64_t age_ms = heartbeat_age_ms(heartbeat);

    if (slot->is_killed || age_ms <= pool->config->service_request_timeout * 1000)
        return;
    slot->is_killed = true;
    log_write(
        LOG_LEVEL_ERROR, "worker_stuck",
        LOG_FIELDS(LOG_INT("worker", slot->pid), LOG_INT("ms", age_ms),
                   LOG_TEXT("doing",
                            heartbeat_state(heartbeat) == HEARTBEAT_BUSY ? "request" : "nothing")));
    (void)kill(slot->pid, SIGKILL); /* SIGTERM would wait for the request */
}

static bool pool_may_replace(const struct pool *pool)
{
    for (size_t i = 0; i < (size_t)pool->config->service_workers; i++)
        if (pool->slots[i].pid == 0 || pool->slots[i].told_ms != 0 ||
            heartbeat_state(&pool->heartbeats[i]) == HEARTBEAT_STARTING)
            return false;
    return true;
}

static bool slot_is_outdated(const struct pool *pool, const struct pool_slot *slot)
{
    return slot->pid != 0 && slot->told_ms == 0 && slot->generation != pool->generation;
}

/*
 * The first worker that runs with an older configuration, once the one before is at work. Nobody
 * waits for the runner of background tasks, so it is replaced at once.
 */
static void pool_replace_next(struct pool *pool, int64_t now_ms)
{
    if (slot_is_outdated(pool, &pool->slots[POOL_JOBS]))
        pool_tell(&pool->slots[POOL_JOBS], now_ms);
    if (!pool_may_replace(pool))
        return;
    for (size_t i = 0; i < (size_t)pool->config->service_workers; i++)
        if (slot_is_outdated(pool, &pool->slots[i])) {
            pool_tell(&pool->slots[i], now_ms);
            return;
        }
}

void pool_tick(struct pool *pool)
{
    int64_t now_ms = clock_monotonic_ms();

    if (now_ms - pool->ticked_ms > POOL_PAUSE_MS)
        pool->judge_from_ms = now_ms + POOL_RECOVERY_MS;
    pool->ticked_ms = now_ms;
    for (size_t i = 0; i < POOL_SLOTS; i++) {
        struct pool_slot *slot = &pool->slots[i];
        bool is_wanted = pool_wants(pool, i);

        if (slot->pid == 0) {
            if (is_wanted && now_ms >= slot->start_at_ms)
                pool_start(pool, i, /* only_backlog= */ false);
            continue;
        }
        if (now_ms >= pool->judge_from_ms)
            pool_kill_stuck(pool, i, slot);
        if ((!is_wanted || slot->told_ms != 0) && now_ms - slot->told_ms >= POOL_TELL_AGAIN_MS)
            pool_tell(slot, now_ms);
    }
    if (!pool->is_stopping)
        pool_replace_next(pool, now_ms);
}

void pool_set_config(struct pool *pool, const struct config *config)
{
    ASSERT(config->service_workers <= POOL_WORKERS_MAX);
    pool->config = config;
    pool->generation++;
}

void pool_stop(struct pool *pool)
{
    pool->is_stopping = true;
    pool_tick(pool);
}

void pool_kill(struct pool *pool)
{
    for (size_t i = 0; i < POOL_SLOTS; i++)
        if (pool->slots[i].pid != 0 && !pool->slots[i].is_killed) {
            pool->slots[i].is_killed = true;
            (void)kill(pool->slots[i].pid, SIGKILL); /* it is our child */
        }
}

void pool_serve_backlog(struct pool *pool)
{
    if (pool_live_count(pool) == 0)
        pool_start(pool, 0, /* only_backlog= */ true);
}

void pool_signal(const struct pool *pool, int signal_number)
{
    for (size_t i = 0; i < POOL_SLOTS; i++)
        if (pool->slots[i].pid != 0)
            (void)kill(pool->slots[i].pid, signal_number); /* it is our child */
}

size_t pool_live_count(const struct pool *pool)
{
    size_t count = 0;

    for (size_t i = 0; i < POOL_SLOTS; i++)
        if (pool->slots[i].pid != 0)
            count++;
    return count;
}

bool pool_is_serving(const struct pool *pool)
{
    for (size_t i = 0; i < POOL_WORKERS_MAX; i++)
        if (pool->slots[i].pid != 0 && heartbeat_state(&pool->heartbeats[i]) != HEARTBEAT_STARTING)
            return true;
    return false;
}
