/*
 * Deadlines for calls that have none of their own. libfcgi reads and writes without a limit; when
 * the deadline passes, the connection is shut down from a signal handler, so that whatever read,
 * write or drain is stuck on it returns at once and every later one does too. One deadline at a
 * time, for one process with one connection.
 */
#ifndef RISITI_FCGI_DEADLINE_H
#define RISITI_FCGI_DEADLINE_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"

/* Installs the handler of SIGALRM and makes the last resort. Once a process, after the fork. */
RISITI_CHECKED enum err deadline_init(void);
/*
 * From now on `connection` has this long. It may be -1: then a blocked system call is interrupted
 * (EINTR), again and again until deadline_stop.
 */
void deadline_start(int connection, int64_t duration_ms);
/* Ends it. The milliseconds that were left, 0 when it has passed. */
int64_t deadline_stop(void);
/* Whether the deadline that was started last has passed. */
bool deadline_has_passed(void);

/*
 * The last resort: the kernel kills this process without warning after `duration_ms`, whatever it
 * is doing and also when its master is gone. 0 takes it back.
 */
void deadline_last_resort(int64_t duration_ms);

#endif
