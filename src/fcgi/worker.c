/*
 * The accept loop: see worker.h. Signals get in while it waits for a connection and nowhere else,
 * so a request is never cut by one; stalled peers are cut by a deadline (deadline.h), and a
 * request that takes too long here by the master, or by the kernel when the master is gone.
 */
#include "risiti/base/base.h"

#include "risiti/fcgi/worker.h"

#include <errno.h>
#include <fcgiapp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "risiti/api/gateway.h"
#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/fcgi/connection.h"
#include "risiti/fcgi/deadline.h"
#include "risiti/fcgi/signals.h"

/* After SIGTERM, connections that wait on a socket of our own are still served for this long. */
#define WORKER_BACKLOG_MS 2000
#define WORKER_ACCEPT_PAUSE_MS 100
/* How long after request_timeout a worker ends by itself: the master, which logs it, is first. */
#define WORKER_MASTER_GRACE_MS 2000
/* How long libfcgi waits for the peer to close after an answer; its own default is 2 s. */
#define WORKER_CLOSE_POLL_MS "200"

struct worker {
    const struct worker_options *options;
    struct gateway *gateway;
    int64_t read_timeout_ms;
    int64_t last_resort_ms;
    int64_t requests_left;
};

/* About max_requests: workers that start together must not all be replaced together. */
static int64_t worker_request_limit(const struct config *config)
{
    int64_t spread = config->service_max_requests / 10;
    int64_t mixed = (int64_t)((uint32_t)getpid() * UINT32_C(2654435761) >> 8);

    return config->service_max_requests - spread + mixed % (2 * spread + 1);
}

static void worker_log_dropped(const char *event, const char *why)
{
    log_write(LOG_LEVEL_DEBUG, event, LOG_FIELDS(LOG_TEXT("why", why)));
}

static void worker_serve(struct worker *worker, int socket)
{
    struct connection connection;

    heartbeat_set(worker->options->heartbeat, HEARTBEAT_BUSY);
    deadline_last_resort(worker->last_resort_ms);
    if (connection_begin(&connection, socket, worker->read_timeout_ms)) {
        struct body_source body = {.read = connection_read, .stream = &connection};
        struct str answer =
            gateway_handle(worker->gateway, connection_environment(&connection), &body);

        if (!connection_answer(&connection, answer))
            worker_log_dropped("answer_not_taken", "the web server closed or stalled");
    } else {
        worker_log_dropped("request_incomplete", "the web server closed or stalled");
    }
    connection_end(&connection);
    gateway_after(worker->gateway);
    gateway_idle(worker->gateway);
    deadline_last_resort(0);
    worker->requests_left--;
}

/* Whether there was one to serve. Another worker may have been first, or the peer may be gone. */
static bool worker_accept(struct worker *worker, int listening)
{
    int socket = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

    if (socket >= 0) {
        worker_serve(worker, socket);
        return true;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        log_write(LOG_LEVEL_ERROR, "accept_failed",
                  LOG_FIELDS(LOG_TEXT("reason", strerror(errno))));
        clock_sleep_ms(WORKER_ACCEPT_PAUSE_MS);
    }
    return false;
}

/* One connection from each socket. False when none waited. */
static bool worker_accept_any(struct worker *worker)
{
    const struct listener *listener = worker->options->listener;
    bool served = false;

    for (size_t i = 0; i < listener->count && worker->requests_left > 0; i++)
        if (worker_accept(worker, listener->sockets[i]))
            served = true;
    return served;
}

/* False when the master has gone. */
static bool worker_wait(const struct worker *worker)
{
    const struct listener *listener = worker->options->listener;
    struct pollfd waiting[LISTENER_SOCKETS_MAX + 1];
    size_t ready;

    for (size_t i = 0; i < listener->count; i++)
        waiting[i] = (struct pollfd){.fd = listener->sockets[i], .events = POLLIN};
    /* A negative descriptor is ignored by poll. */
    waiting[listener->count] = (struct pollfd){.fd = worker->options->master_pipe};
    heartbeat_set(worker->options->heartbeat, HEARTBEAT_IDLE);
    ready = signals_poll(waiting, listener->count + 1, HEARTBEAT_IDLE_MS);
    return ready == 0 || waiting[listener->count].revents == 0;
}

static void worker_serve_backlog(struct worker *worker)
{
    int64_t end_ms = clock_monotonic_ms() + WORKER_BACKLOG_MS;

    while (clock_monotonic_ms() < end_ms && worker_accept_any(worker))
        ;
}

/* Without a master SIGHUP means to leave, too: the spawner starts us anew with a new config. */
static bool worker_must_leave(const struct worker *worker)
{
    return signals_want_stop() || (worker->options->heartbeat == NULL && signals_take_reload());
}

static void worker_loop(struct worker *worker)
{
    while (worker->requests_left > 0 && worker_wait(worker)) {
        if (signals_take_reopen() && log_reopen() != ERR_OK)
            log_write(LOG_LEVEL_ERROR, "log_reopen_failed", LOG_NO_FIELDS);
        if (worker_must_leave(worker)) {
            /* Sockets that we were given stay open for the next program; ours do not. */
            if (worker->options->listener->is_own)
                worker_serve_backlog(worker);
            return;
        }
        (void)worker_accept_any(worker); /* none is fine: another worker was faster */
    }
}

static bool worker_prepare(struct worker *worker)
{
    const struct config *config = worker->options->config;
    enum err err = deadline_init();

    if (err == ERR_OK && setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", WORKER_CLOSE_POLL_MS, 1) != 0)
        err = ERR_NOMEM;
    if (err == ERR_OK && FCGX_Init() != 0)
        err = ERR_INTERNAL;
    if (err == ERR_OK)
        err = gateway_new(config, &worker->gateway);
    if (err != ERR_OK) {
        log_write(LOG_LEVEL_ERROR, "worker_cannot_start", LOG_FIELDS(LOG_ERROR_NAME("error", err)));
        return false;
    }
    return true;
}

int worker_run(const struct worker_options *options)
{
    const struct config *config = options->config;
    struct worker worker = {
        .options = options,
        .read_timeout_ms = config->service_read_timeout * 1000,
        .last_resort_ms = config->service_request_timeout * 1000,
        .requests_left = worker_request_limit(config),
    };

    if (options->heartbeat != NULL)
        worker.last_resort_ms += WORKER_MASTER_GRACE_MS;
    if (!worker_prepare(&worker))
        return EXIT_FAILURE;
    if (options->only_backlog)
        worker_serve_backlog(&worker);
    else
        worker_loop(&worker);
    gateway_free(worker.gateway);
    return EXIT_SUCCESS;
}
