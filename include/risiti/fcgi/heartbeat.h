/*
 * One slot a worker, in memory that the master shares with them: what the worker is doing and
 * when it last said so. Atomics only: a killed worker can hold no lock.
 */
#ifndef RISITI_FCGI_HEARTBEAT_H
#define RISITI_FCGI_HEARTBEAT_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"

#include <stdatomic.h>

enum heartbeat_state {
    HEARTBEAT_STARTING, /* forked, not serving yet */
    HEARTBEAT_IDLE,     /* waits for a connection; beats at least every HEARTBEAT_IDLE_MS */
    HEARTBEAT_BUSY,     /* with one request; its beat is the time it was accepted */
};

#define HEARTBEAT_IDLE_MS 500

struct heartbeat {
    _Atomic int32_t state;
    _Atomic int64_t beat_ms; /* clock_monotonic_ms() */
};

/* `count` slots, zeroed, shared with all later children. ERR_NOMEM. */
RISITI_CHECKED enum err heartbeats_new(size_t count, struct heartbeat **ret_slots);
/* NULL is fine. */
void heartbeats_free(struct heartbeat *slots, size_t count);
/* The slot may be NULL: a process that serves by itself has none. */
void heartbeat_set(struct heartbeat *slot, enum heartbeat_state state);
enum heartbeat_state heartbeat_state(const struct heartbeat *slot);
/* Milliseconds since the last beat. */
int64_t heartbeat_age_ms(const struct heartbeat *slot);

#endif
