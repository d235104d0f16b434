/* Cutting stalled peers, and as a last resort ourselves: see deadline.h. */
#include "risiti/base/base.h"

#include "risiti/fcgi/deadline.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

/* Repeated, since a signal may come just before the call that it is meant to interrupt. */
#define DEADLINE_REPEAT_MS 100

/* Written and read by the signal handler: the one reason why they are not in a struct. */
static volatile sig_atomic_t deadline_passed;
static volatile sig_atomic_t deadline_connection = -1;
static timer_t last_resort;

static void deadline_on_alarm(int signal_number)
{
    int errno_before = errno;

    (void)signal_number;
    deadline_passed = 1;
    /* shutdown() may be called in a handler; its failure means that the peer has gone already. */
    if (deadline_connection >= 0)
        (void)shutdown((int)deadline_connection, SHUT_RDWR);
    errno = errno_before;
}

enum err deadline_init(void)
{
    struct sigaction action = {.sa_handler = deadline_on_alarm}; /* no SA_RESTART: reads return */
    struct sigevent kill_self = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
    sigset_t alarm_only;

    if (sigemptyset(&alarm_only) != 0 || sigaddset(&alarm_only, SIGALRM) != 0 ||
        sigaction(SIGALRM, &action, NULL) != 0 || sigprocmask(SIG_UNBLOCK, &alarm_only, NULL) != 0)
        return ERR_INTERNAL;
    if (timer_create(CLOCK_MONOTONIC, &kill_self, &last_resort) != 0)
        return ERR_INTERNAL;
    return ERR_OK;
}

static struct timeval timeval_of_ms(int64_t duration_ms)
{
    return (struct timeval){.tv_sec = (time_t)(duration_ms / 1000),
                            .tv_usec = (suseconds_t)(duration_ms % 1000 * 1000)};
}

void deadline_start(int connection, int64_t duration_ms)
{
    struct itimerval timer = {.it_value = timeval_of_ms(duration_ms > 0 ? duration_ms : 1),
                              .it_interval = timeval_of_ms(DEADLINE_REPEAT_MS)};

    int failed;

    deadline_passed = 0;
    deadline_connection = connection;
    failed = setitimer(ITIMER_REAL, &timer, NULL);
    ASSERT(failed == 0);
}

int64_t deadline_stop(void)
{
    const struct itimerval never = {{0, 0}, {0, 0}};
    struct itimerval left = never;
    int64_t left_ms;
    int failed = setitimer(ITIMER_REAL, &never, &left);

    ASSERT(failed == 0);
    deadline_connection = -1;
    if (deadline_passed)
        return 0;
    left_ms = (int64_t)left.it_value.tv_sec * 1000 + left.it_value.tv_usec / 1000;
    return left_ms > 0 ? left_ms : 1;
}

bool deadline_has_passed(void)
{
    return deadline_passed != 0;
}

void deadline_last_resort(int64_t duration_ms)
{
    struct itimerspec timer = {.it_value = {.tv_sec = (time_t)(duration_ms / 1000),
                                            .tv_nsec = (long)(duration_ms % 1000 * 1000000)}};
    int failed = timer_settime(last_resort, 0, &timer, NULL);

    ASSERT(failed == 0);
}
