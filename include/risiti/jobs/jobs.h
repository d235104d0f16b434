/*
 * Background tasks: retrying, asking, releasing, draining. Any number of runners may be at work on
 * any number of hosts; each task is done by the one that holds its lease, so that they do not all
 * do the same. What money relies on is in the tasks themselves: two runners at once are safe, and
 * one that is killed at any point is followed by another when its lease ends.
 */
#ifndef RISITI_JOBS_JOBS_H
#define RISITI_JOBS_JOBS_H

#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/base/err.h"
#include "risiti/domain/service.h"
#include "risiti/domain/turn.h"

/* One task. It does at most `limit` rows a turn, and has its next turn after `pause_ms`. */
struct job_task {
    const char *name;
    int64_t pause_ms;
    unsigned limit;
    bool is_local; /* it is about this host: every host's runner does it, without a lease */
    enum err (*run)(struct service *service, const struct turn *turn, unsigned *ret_done);
};

/* All tasks of this program. */
extern const struct job_task job_tasks[];
extern const size_t job_task_count;

#define JOBS_TASKS_MAX 16

/* The process that runs them. */
struct jobs_host {
    /* Waits, at most this long; false when it is time to leave. */
    bool (*wait)(void *context, int64_t duration_ms);
    /* Before each turn: the runner is alive. */
    void (*beat)(void *context);
    void *context;
};

struct jobs_options {
    struct service *service;
    const struct job_task *tasks; /* at most JOBS_TASKS_MAX */
    size_t task_count;
    const struct jobs_host *host;
    bool until_idle;     /* leave when no task has anything to do any more, */
    int64_t duration_ms; /* and in any case after this long; 0: never */
};

/*
 * Runs the tasks until the host, the time or idleness ends it. A database that is away is waited
 * for. `ret_done` (may be NULL) counts what the tasks have done. ERR_DB_AWAY and other errors only
 * when the last turn failed and it was to run until idle or for a time; ERR_CRYPTO, ERR_NOMEM.
 */
RISITI_CHECKED enum err jobs_run(const struct jobs_options *options, uint64_t *ret_done);

/* A whole process's work: opens a service, runs all tasks until the host ends it. An exit code. */
int jobs_serve(const struct config *config, const struct jobs_host *host);

#endif
