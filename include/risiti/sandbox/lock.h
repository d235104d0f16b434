/* The sandbox's one lock: whoever holds it may touch everything but the listener and libcurl. */
#ifndef RISITI_SANDBOX_LOCK_H
#define RISITI_SANDBOX_LOCK_H

#include "risiti/base/base.h"

#include <pthread.h>

/* A plain mutex fails only when it is used wrongly, which would be our mistake. */
static inline void lock_take(pthread_mutex_t *lock)
{
    int failed = pthread_mutex_lock(lock);

    ASSERT(failed == 0);
}

static inline void lock_give(pthread_mutex_t *lock)
{
    int failed = pthread_mutex_unlock(lock);

    ASSERT(failed == 0);
}

#endif
