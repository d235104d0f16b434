/* What this program sets up about its own process, before it serves anything. */
#ifndef RISITI_FCGI_PROCESS_H
#define RISITI_FCGI_PROCESS_H

#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/base/err.h"

#include <sys/types.h>

/* /dev/null for each of descriptors 0 to 2 that is closed, so that no socket gets its number. */
RISITI_CHECKED enum err process_fill_standard_descriptors(void);
/* No core file and no attaching: memory holds keys. Call it again after a change of user. */
RISITI_CHECKED enum err process_harden(void);
/* A serving process cannot take more address space than this, whatever a peer announces. */
RISITI_CHECKED enum err process_limit_memory(void);
/* In a child: SIGTERM when the master dies. ERR_STATE when it has died already. */
RISITI_CHECKED enum err process_follow(pid_t master);
/* Opens the log as the configuration says. */
RISITI_CHECKED enum err process_open_log(const struct config *config);

/*
 * Tells the service manager, when there is one ($NOTIFY_SOCKET), such as "READY=1". Failures are
 * ignored: serving matters more.
 */
void process_notify(const char *state);

#endif
