/* Flags that signals set, and the one place where they get in: see signals.h. */
#include "risiti/base/base.h"

#include "risiti/fcgi/signals.h"

#include <signal.h>

/* Written by signal handlers: the one reason why they are not in a struct. */
static volatile sig_atomic_t stop_seen;
static volatile sig_atomic_t reopen_seen;
static volatile sig_atomic_t reload_seen;

static const int signals_handled[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP, SIGCHLD};

static void signals_on_arrival(int signal_number)
{
    switch (signal_number) {
    case SIGTERM:
    case SIGINT:
        stop_seen = 1;
        break;
    case SIGUSR1:
        reopen_seen = 1;
        break;
    case SIGHUP:
        reload_seen = 1;
        break;
    default: /* SIGCHLD only ends a wait, SIGPIPE does nothing */
        break;
    }
}

enum err signals_init(void)
{
    /* No SA_RESTART: waits end. A child that is only stopped is no news. */
    struct sigaction action = {.sa_handler = signals_on_arrival, .sa_flags = SA_NOCLDSTOP};
    sigset_t blocked;

    if (sigemptyset(&blocked) != 0)
        return ERR_INTERNAL;
    for (size_t i = 0; i < ARRAY_LENGTH(signals_handled); i++)
        if (sigaddset(&blocked, signals_handled[i]) != 0)
            return ERR_INTERNAL;
    /* The whole mask: a spawner may have left us with others blocked. */
    if (sigprocmask(SIG_SETMASK, &blocked, NULL) != 0)
        return ERR_INTERNAL;
    for (size_t i = 0; i < ARRAY_LENGTH(signals_handled); i++)
        if (sigaction(signals_handled[i], &action, NULL) != 0)
            return ERR_INTERNAL;
    if (sigaction(SIGPIPE, &action, NULL) != 0)
        return ERR_INTERNAL;
    return ERR_OK;
}

void signals_forget(void)
{
    stop_seen = 0;
    reopen_seen = 0;
    reload_seen = 0;
}

size_t signals_poll(struct pollfd *descriptors, size_t count, int64_t timeout_ms)
{
    const struct timespec timeout = {.tv_sec = (time_t)(timeout_ms / 1000),
                                     .tv_nsec = (long)(timeout_ms % 1000 * 1000000)};
    sigset_t none;
    int ready;

    (void)sigemptyset(&none); /* cannot fail with this argument */
    ready = ppoll(descriptors, count, &timeout, &none);
    if (ready > 0)
        return (size_t)ready;
    for (size_t i = 0; i < count; i++)
        descriptors[i].revents = 0;
    return 0;
}

bool signals_want_stop(void)
{
    return stop_seen != 0;
}

bool signals_take_reopen(void)
{
    bool seen = reopen_seen != 0;

    reopen_seen = 0;
    return seen;
}

bool signals_take_reload(void)
{
    bool seen = reload_seen != 0;

    reload_seen = 0;
    return seen;
}
