/*
 * The listener: libmicrohttpd with one thread and epoll. A held answer suspends its connection, so
 * that it costs no thread; the courier resumes it.
 */
#include "risiti/base/base.h"

#include "risiti/sandbox/server.h"

#include <microhttpd.h>
#include <unistd.h>

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/base/mem.h"
#include "risiti/base/number.h"
#include "risiti/sandbox/lock.h"

#define CONNECTION_IDLE_SECONDS 60
/* What is read beyond EXCHANGE_BODY_MAX, so that the refusal arrives; then the peer is cut off. */
#define BODY_IGNORED_MAX 1048576

/* A request of the listener's: the exchange and what only the listener needs. */
struct visit {
    struct exchange exchange; /* first: exchange_header and others cast back */
    struct MHD_Connection *connection;
    struct server *server;
    struct buffer body;
    size_t ignored;
    int64_t started_ms;
    bool handled;
    struct visit *held_previous, *held_next;
};

struct server {
    struct sandbox *sandbox;
    struct MHD_Daemon *daemon;
    struct visit *held; /* under the sandbox's lock, like `stopping` */
    bool stopping;
};

static struct MHD_Connection *connection_of(const struct exchange *exchange)
{
    return ((const struct visit *)exchange)->connection;
}

struct str exchange_header(const struct exchange *exchange, const char *name)
{
    return str_from(MHD_lookup_connection_value(connection_of(exchange), MHD_HEADER_KIND, name));
}

struct str exchange_parameter(const struct exchange *exchange, const char *name)
{
    return str_from(
        MHD_lookup_connection_value(connection_of(exchange), MHD_GET_ARGUMENT_KIND, name));
}

/* ---- held answers ---- */

static void visit_hold(struct visit *visit)
{
    struct server *server = visit->server;

    visit->held_next = server->held;
    if (server->held != NULL)
        server->held->held_previous = visit;
    server->held = visit;
    MHD_suspend_connection(visit->connection);
}

static void visit_resume(struct visit *visit)
{
    if (visit->held_previous != NULL)
        visit->held_previous->held_next = visit->held_next;
    else
        visit->server->held = visit->held_next;
    if (visit->held_next != NULL)
        visit->held_next->held_previous = visit->held_previous;
    visit->held_previous = visit->held_next = NULL;
    visit->exchange.held = false;
    MHD_resume_connection(visit->connection);
}

void exchange_release(struct exchange *exchange)
{
    visit_resume((struct visit *)exchange);
}

/* ---- one request ---- */

static void visit_free(struct visit *visit)
{
    if (visit == NULL)
        return;
    buffer_release(&visit->body);
    buffer_release(&visit->exchange.answer);
    arena_free(visit->exchange.arena);
    mem_free(visit);
}

static struct visit *visit_new(struct server *server, struct MHD_Connection *connection)
{
    struct visit *visit = mem_alloc(1, sizeof(*visit));

    if (visit == NULL)
        return NULL;
    visit->server = server;
    visit->connection = connection;
    visit->started_ms = clock_monotonic_ms();
    buffer_init(&visit->body, EXCHANGE_BODY_MAX);
    buffer_init(&visit->exchange.answer, EXCHANGE_ANSWER_MAX);
    visit->exchange.arena = arena_new(EXCHANGE_ARENA_MAX);
    if (visit->exchange.arena == NULL) {
        visit_free(visit);
        return NULL;
    }
    return visit;
}

static void visit_log(const struct visit *visit, const char *method, const char *path)
{
    const struct exchange *exchange = &visit->exchange;

    log_write(LOG_LEVEL_INFO, "request",
              LOG_FIELDS(LOG_TEXT("method", method), LOG_TEXT("path", path),
                         LOG_INT("status", exchange->cut ? 0 : exchange->status),
                         LOG_TEXT("code", exchange->error),
                         LOG_INT("ms", clock_monotonic_ms() - visit->started_ms)));
}

/* Hands the answer to the library; MHD_NO cuts the connection. */
static enum MHD_Result visit_answer(struct visit *visit, const char *method, const char *path)
{
    struct exchange *exchange = &visit->exchange;
    struct MHD_Response *response;
    enum MHD_Result queued;

    visit_log(visit, method, path);
    if (exchange->cut || exchange->status == 0 || exchange->answer.err != ERR_OK)
        return MHD_NO;
    /* The bytes live until the request is completed, which is after they were sent. */
    response = MHD_create_response_from_buffer(exchange->answer.length, exchange->answer.data,
                                               MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        return MHD_NO;
    queued = MHD_YES;
    if (exchange->content_type != NULL)
        queued = MHD_add_response_header(response, "Content-Type", exchange->content_type);
    if (queued == MHD_YES)
        queued = MHD_queue_response(visit->connection, exchange->status, response);
    MHD_destroy_response(response);
    return queued;
}

static void answer_too_large(struct visit *visit)
{
    struct sandbox *sandbox = visit->server->sandbox;

    lock_take(&sandbox->lock);
    exchange_answer_error(sandbox, &visit->exchange, 413, "400.002.05", "Invalid Request Payload");
    lock_give(&sandbox->lock);
}

/* Lets the endpoint answer. True when it holds the answer: the connection is suspended then. */
static bool visit_handle(struct visit *visit, const char *method, const char *path)
{
    struct sandbox *sandbox = visit->server->sandbox;
    bool held;

    visit->handled = true;
    visit->exchange.body = buffer_str(&visit->body);
    if (visit->body.err != ERR_OK) {
        answer_too_large(visit);
        return false;
    }
    lock_take(&sandbox->lock);
    sandbox_routes_dispatch(sandbox, &visit->exchange, str_from(method), str_from(path));
    held = visit->exchange.held && !visit->server->stopping;
    if (held)
        visit_hold(visit);
    lock_give(&sandbox->lock);
    return held;
}

static enum MHD_Result visit_read(struct visit *visit, const char *bytes, size_t *count)
{
    if (visit->body.err == ERR_OK)
        buffer_append(&visit->body, (struct str){bytes, *count});
    else
        visit->ignored += *count;
    *count = 0;
    return visit->ignored > BODY_IGNORED_MAX ? MHD_NO : MHD_YES;
}

/* The library's way in: once without the body, then for each piece of it, then once at its end. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *bytes, size_t *byte_count, void **visit_address)
{
    struct visit *visit = *visit_address;

    (void)version; /* 1.0 and 1.1 are served alike */
    if (visit == NULL) {
        *visit_address = visit_new(context, connection);
        return *visit_address != NULL ? MHD_YES : MHD_NO;
    }
    if (*byte_count > 0)
        return visit_read(visit, bytes, byte_count);
    if (!visit->handled && visit_handle(visit, method, path))
        return MHD_YES;
    return visit_answer(visit, method, path);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **visit_address,
                         enum MHD_RequestTerminationCode why)
{
    (void)context;
    (void)connection;
    (void)why; /* whether the answer arrived or not: Daraja would not know either */
    visit_free(*visit_address);
    *visit_address = NULL;
}

/* ---- start and stop ---- */

enum err server_start(struct sandbox *sandbox, int listener, size_t connections_max,
                      struct server **ret_server)
{
    struct server *server = mem_alloc(1, sizeof(*server));

    if (server == NULL)
        return ERR_NOMEM;
    server->sandbox = sandbox;
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, server,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT, (unsigned)connections_max,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_IDLE_SECONDS,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
        MHD_OPTION_END);
    if (server->daemon == NULL) {
        mem_free(server);
        return ERR_IO;
    }
    *ret_server = server;
    return ERR_OK;
}

void server_stop(struct server *server)
{
    if (server == NULL)
        return;
    lock_take(&server->sandbox->lock);
    server->stopping = true;
    while (server->held != NULL) {
        server->held->exchange.cut = true;
        visit_resume(server->held);
    }
    lock_give(&server->sandbox->lock);
    MHD_stop_daemon(server->daemon);
    mem_free(server);
}
