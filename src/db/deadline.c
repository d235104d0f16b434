/*
 * A limit in milliseconds for everything that one connection does: see db.h. The library knows
 * whole seconds only, so a timer's signal shuts its socket down, and whatever is stuck on it
 * returns. The timer fires again and again: a signal may come just before the call that it is meant
 * to end.
 */
#include "library.h"

#include "risiti/db/db.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"
#include "risiti/base/clock.h"

#define DEADLINE_SIGNAL SIGRTMIN
#define DEADLINE_REPEAT_MS 50

/* Read by the signal handler: the one reason why it is not in a struct. */
static volatile sig_atomic_t deadline_socket = -1;

static void deadline_on_signal(int signal_number)
{
    int errno_before = errno;

    (void)signal_number;
    /* shutdown() may be called in a handler; it fails on what is no socket, or is none yet. */
    if (deadline_socket >= 0)
        (void)shutdown((int)deadline_socket, SHUT_RDWR);
    errno = errno_before;
}

static struct timespec timespec_of_ms(int64_t duration_ms)
{
    return (struct timespec){.tv_sec = (time_t)(duration_ms / 1000),
                             .tv_nsec = (long)(duration_ms % 1000 * 1000000)};
}

/* Made anew each time: a timer does not go over to a child. */
static bool timer_start(timer_t *timer, int64_t duration_ms)
{
    struct sigaction action = {.sa_handler = deadline_on_signal, .sa_flags = SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = DEADLINE_SIGNAL};
    struct itimerspec when = {.it_value = timespec_of_ms(duration_ms),
                              .it_interval = timespec_of_ms(DEADLINE_REPEAT_MS)};
    sigset_t only;

    if (sigemptyset(&only) != 0 || sigaddset(&only, DEADLINE_SIGNAL) != 0 ||
        sigaction(DEADLINE_SIGNAL, &action, NULL) != 0 ||
        pthread_sigmask(SIG_UNBLOCK, &only, NULL) != 0 ||
        timer_create(CLOCK_MONOTONIC, &event, timer) != 0)
        return false;
    if (timer_settime(*timer, 0, &when, NULL) == 0)
        return true;
    (void)timer_delete(*timer); /* it is ours */
    return false;
}

void db_deadline_begin(struct db *db, int64_t duration_ms)
{
    ASSERT(db->deadline_at_ms == 0 && duration_ms > 0);
    db->deadline_at_ms = clock_monotonic_ms() + duration_ms;
    db_deadline_watch(db->mysql != NULL ? mysql_get_socket(db->mysql) : -1);
    /* Without a timer the library's own limits are what remains. */
    db->has_deadline_timer = timer_start(&db->deadline_timer, duration_ms);
}

bool db_deadline_end(struct db *db)
{
    bool passed = db_deadline_has_passed(db);

    ASSERT(db->deadline_at_ms != 0);
    if (db->has_deadline_timer)
        (void)timer_delete(db->deadline_timer); /* it is ours */
    db->has_deadline_timer = false;
    db_deadline_watch(-1);
    db->deadline_at_ms = 0;
    /* The socket may have been shut down a moment ago, with nobody to notice. */
    if (passed)
        db_disconnect(db);
    return passed;
}

bool db_deadline_has_passed(const struct db *db)
{
    return db->deadline_at_ms != 0 && clock_monotonic_ms() >= db->deadline_at_ms;
}

int64_t db_deadline_left_ms(const struct db *db)
{
    int64_t left_ms = db->deadline_at_ms - clock_monotonic_ms();

    if (db->deadline_at_ms == 0)
        return INT64_MAX;
    return left_ms > 0 ? left_ms : 0;
}

void db_deadline_watch(int socket)
{
    deadline_socket = socket;
}

void db_deadline_watch_next(void)
{
    int next = open("/", O_PATH | O_CLOEXEC);

    deadline_socket = next;
    if (next >= 0)
        (void)close(next); /* its number is what was asked for */
}
