/* A serving process: takes one connection after the other until it is told to leave. */
#ifndef RISITI_FCGI_WORKER_H
#define RISITI_FCGI_WORKER_H

#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/fcgi/heartbeat.h"
#include "risiti/fcgi/listener.h"

struct worker_options {
    const struct config *config;
    const struct listener *listener;
    struct heartbeat *heartbeat; /* NULL without a master */
    int master_pipe;             /* read end of a pipe that only the master writes to; -1: none */
    bool only_backlog;           /* serve the connections that wait already, then leave */
};

/*
 * Serves. The result is an exit status: EXIT_SUCCESS when it left as it should (told to, after
 * max_requests, or since its master has gone), EXIT_FAILURE when it could not start. Call
 * signals_init before.
 */
int worker_run(const struct worker_options *options);

#endif
