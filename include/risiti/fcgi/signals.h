/*
 * Signals of a serving process. They are blocked all the time but inside signals_poll, so that
 * nothing is ever interrupted in its middle and none can slip between a check and the wait.
 * SIGPIPE does nothing: writing to a peer that has gone is an ordinary error.
 */
#ifndef RISITI_FCGI_SIGNALS_H
#define RISITI_FCGI_SIGNALS_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"

#include <poll.h>

/* Blocks and installs everything; call it before FCGX_Init, which leaves handlers alone. */
RISITI_CHECKED enum err signals_init(void);
/* In a new child: forgets what was meant for its parent. */
void signals_forget(void);
/*
 * Like poll(2) with signals let in meanwhile. A signal that is already pending ends the wait at
 * once. The number of ready descriptors; 0 after the time, after a signal, or on failure.
 */
size_t signals_poll(struct pollfd *descriptors, size_t count, int64_t timeout_ms);

/* SIGTERM or SIGINT has come; stays true. */
bool signals_want_stop(void);
/* SIGUSR1 has come since the last call: open the log anew. */
bool signals_take_reopen(void);
/* SIGHUP has come since the last call. */
bool signals_take_reload(void);

#endif
