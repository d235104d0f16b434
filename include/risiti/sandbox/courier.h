/*
 * What happens later, and the callbacks to the outside: one thread with one libcurl multi handle,
 * so that any number of customers think and any number of receivers answer side by side.
 *
 * Everything that the courier runs, it runs holding the sandbox's lock, and every function here but
 * those of start and end is called holding it. A context is a block of mem_alloc's or NULL; the
 * courier frees it after its function has run, or unrun at the end.
 */
#ifndef RISITI_SANDBOX_COURIER_H
#define RISITI_SANDBOX_COURIER_H

#include "risiti/base/base.h"

#include <pthread.h>

#include "risiti/base/err.h"
#include "risiti/base/str.h"

/* Tasks and callbacks that wait, together. */
#define COURIER_TASKS_MAX 16384
/* Callbacks under way at once; more wait for their turn. */
#define COURIER_IN_FLIGHT_MAX 1024
/* Of an answer no more than this is read. */
#define COURIER_ANSWER_MAX 65536
#define COURIER_TIMEOUT_MS 30000
#define COURIER_AGAIN_MS 1000
#define COURIER_TRIES_MAX 10
/* How long a letter that is to be overtaken waits for another. */
#define COURIER_OVERTAKEN_MS 5000

struct courier;

struct courier_answer {
    unsigned status; /* 0: no answer came */
    struct str body;
};

struct courier_letter {
    const char *kind; /* static text for the log: "result", "confirmation", "validation" */
    const char *url;
    struct str body; /* JSON; copied */
    int64_t timeout_ms;
    bool is_callback;  /* it overtakes, and is subject to courier_set_again */
    bool is_overtaken; /* it waits until the next callback was answered; one does at a time */
    /*
     * NULL when nobody cares. Also called when no answer came, but not at the end, and only for the
     * first of several tries.
     */
    void (*answered)(void *context, const struct courier_answer *answer);
    void *context;
};

/* Starts the thread; `lock` outlives it. ERR_NOMEM or ERR_IO. */
RISITI_CHECKED enum err courier_start(pthread_mutex_t *lock, size_t in_flight_max,
                                      struct courier **ret_courier);
/* Ends the thread at once; what comes later is taken and never run. Called without the lock. */
void courier_stop(struct courier *courier);
/* Drops what waits, after courier_stop. NULL is fine. */
void courier_free(struct courier *courier);
/*
 * From now on a callback that is not answered 200 is sent again when `again` says so: after
 * COURIER_AGAIN_MS, COURIER_TRIES_MAX times in all. NULL: never.
 */
void courier_set_again(struct courier *courier, bool (*again)(void *context), void *context);
/* Tasks and callbacks that wait or are under way. */
size_t courier_count(const struct courier *courier);
/* Whether `count` more tasks and letters would be taken now. */
bool courier_has_room(const struct courier *courier, size_t count);
/*
 * Calls run(context) after `delay_ms`. ERR_TOO_LARGE when full, ERR_NOMEM; the context is freed
 * then, too.
 */
RISITI_CHECKED enum err courier_later(struct courier *courier, int64_t delay_ms,
                                      void (*run)(void *context), void *context);
/* Posts a letter after `delay_ms`. Errors and context as with courier_later. */
RISITI_CHECKED enum err courier_post(struct courier *courier, int64_t delay_ms,
                                     const struct courier_letter *letter);

#endif
