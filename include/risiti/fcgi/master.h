/* The process that stands over the workers: signals, configuration, the end. It serves nothing. */
#ifndef RISITI_FCGI_MASTER_H
#define RISITI_FCGI_MASTER_H

#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/fcgi/listener.h"

#define MASTER_WORKERS_AS_CONFIGURED (-1)

struct master_options {
    const char *config_path;
    struct config *config; /* taken over; freed at the end */
    struct listener *listener;
    int64_t workers; /* --workers, also after a reload; or MASTER_WORKERS_AS_CONFIGURED */
};

/* Runs until SIGTERM or SIGINT. The result is an exit status. Call signals_init before. */
int master_run(const struct master_options *options);

#endif
