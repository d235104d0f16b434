/* The child of the master that runs the background tasks. */
#ifndef RISITI_FCGI_JOBS_PROCESS_H
#define RISITI_FCGI_JOBS_PROCESS_H

#include "risiti/base/base.h"
#include "risiti/fcgi/worker.h"

/*
 * Runs the background tasks until it is told to leave or the master has gone. Of the options the
 * configuration, heartbeat and master_pipe count. An exit status, as of worker_run.
 */
int jobs_process_run(const struct worker_options *options);

#endif
