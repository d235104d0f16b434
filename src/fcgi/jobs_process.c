/* The child of the master that runs the background tasks: see jobs_process.h. */
#include "risiti/base/base.h"

#include "risiti/fcgi/jobs_process.h"

#include "risiti/base/log.h"
#include "risiti/fcgi/signals.h"
#include "risiti/jobs/jobs.h"

/* Between two turns: signals get in here and nowhere else. False when it is time to leave. */
static bool jobs_process_wait(void *context, int64_t duration_ms)
{
    const struct worker_options *options = context;
    struct pollfd master = {.fd = options->master_pipe};

    heartbeat_set(options->heartbeat, HEARTBEAT_IDLE);
    if (signals_poll(&master, 1, duration_ms) > 0)
        return false; /* the master has gone */
    if (signals_take_reopen() && log_reopen() != ERR_OK)
        log_write(LOG_LEVEL_ERROR, "log_reopen_failed", LOG_NO_FIELDS);
    return !signals_want_stop();
}

static void jobs_process_beat(void *context)
{
    const struct worker_options *options = context;

    heartbeat_set(options->heartbeat, HEARTBEAT_BUSY);
}

int jobs_process_run(const struct worker_options *options)
{
    struct worker_options copy = *options;
    const struct jobs_host host = {
        .wait = jobs_process_wait, .beat = jobs_process_beat, .context = &copy};

    return jobs_serve(options->config, &host);
}
