/*
 * The master's children, the workers and the runner of background tasks: starts them, restarts
 * those that die (with a growing delay when they die young), kills those that are stuck, replaces
 * them one by one when the configuration changes.
 */
#ifndef RISITI_FCGI_POOL_H
#define RISITI_FCGI_POOL_H

#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/base/err.h"
#include "risiti/fcgi/heartbeat.h"
#include "risiti/fcgi/listener.h"

#include <sys/types.h>

#define POOL_WORKERS_MAX 256 /* the limit of service.workers */
/* The slot behind the workers' is that of the runner of background tasks. */
#define POOL_JOBS POOL_WORKERS_MAX
#define POOL_SLOTS (POOL_WORKERS_MAX + 1)

struct pool_slot {
    pid_t pid; /* 0: no worker */
    int64_t started_ms;
    int64_t start_at_ms; /* without a worker: when the next one is due */
    int64_t delay_ms;    /* of the last start after an early death; 0 after a long life */
    int64_t told_ms;     /* when it was last told to leave; 0: not */
    unsigned generation; /* of the configuration that it runs with */
    bool is_killed;
};

struct pool {
    const struct config *config;
    struct listener *listener;
    struct heartbeat *heartbeats; /* POOL_SLOTS of them */
    int pipe[2];                  /* closes with the master; the workers watch the read end */
    pid_t master;
    unsigned generation;
    bool is_stopping;
    int64_t ticked_ms;
    int64_t judge_from_ms; /* no worker is taken for stuck before */
    struct pool_slot slots[POOL_SLOTS];
};

/* Starts nothing yet. Config and listener outlive the pool. ERR_NOMEM, ERR_IO. */
RISITI_CHECKED enum err pool_init(struct pool *ret_pool, const struct config *config,
                                  struct listener *listener);
void pool_release(struct pool *pool);

/* Collects all dead workers, logs those that should not have died, plans their successors. */
void pool_reap(struct pool *pool);
/* Starts what is due, kills what is stuck, goes on replacing. Call it several times a second. */
void pool_tick(struct pool *pool);
/* From now on workers run with `config`; those of before are replaced one after the other. */
void pool_set_config(struct pool *pool, const struct config *config);
/* No more starts; every worker is told to leave, again each second by pool_tick. */
void pool_stop(struct pool *pool);
/* Kills all that are left. */
void pool_kill(struct pool *pool);
/* While stopping: one worker that serves the connections which wait, and leaves. */
void pool_serve_backlog(struct pool *pool);
/* Sends a signal to every worker. */
void pool_signal(const struct pool *pool, int signal_number);
size_t pool_live_count(const struct pool *pool);
/* Whether some worker is serving. */
bool pool_is_serving(const struct pool *pool);

#endif
