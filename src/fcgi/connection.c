/*
 * One request over libfcgi: see connection.h.
 *
 * The connection is accepted here and handed to FCGX_Accept_r in `ipcFd`, with no listening socket
 * behind it. So FCGX_Accept_r serves this one connection and returns, instead of going on to the
 * next peer under the deadline of the last; the socket is close-on-exec; and the deadline knows
 * which socket to cut.
 */
#include "risiti/base/base.h"

#include "risiti/fcgi/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include "risiti/fcgi/deadline.h"

/* A peer that connects has its request at hand; one that is silent for this long is dropped. */
#define CONNECTION_SILENCE_MS 2000
#define CONNECTION_NO_LISTENER (-1)
#define CONNECTION_ROLE_RESPONDER 1 /* as in the FastCGI specification; fcgiapp.h has no name */
#define CONNECTION_PIECE_BYTES_MAX 65536
#define CONNECTION_REST_BYTES 4096
/* For reading out what follows a request that was answered before its body was read. */
#define CONNECTION_END_MS 1000

static bool connection_is_silent(int socket, int64_t timeout_ms)
{
    struct pollfd peer = {.fd = socket, .events = POLLIN};
    int64_t wait_ms = timeout_ms < CONNECTION_SILENCE_MS ? timeout_ms : CONNECTION_SILENCE_MS;

    return poll(&peer, 1, (int)wait_ms) <= 0;
}

bool connection_begin(struct connection *ret_connection, int socket, int64_t timeout_ms)
{
    FCGX_Request *request = &ret_connection->request;
    int result;

    *ret_connection = (struct connection){.socket = socket, .answer_ms = timeout_ms};
    result = FCGX_InitRequest(request, CONNECTION_NO_LISTENER, /* flags= */ 0);
    ASSERT(result == 0);
    request->ipcFd = socket;
    if (connection_is_silent(socket, timeout_ms))
        return false;
    request->keepConnection = 1; /* else FCGX_Accept_r closes the socket before it reads */
    deadline_start(socket, timeout_ms);
    result = FCGX_Accept_r(request);
    ret_connection->left_ms = deadline_stop();
    request->keepConnection = 0; /* whatever the web server asked for */
    /* A request that breaks off among its variables is a success to FCGX_Accept_r. */
    return result == 0 && ret_connection->left_ms > 0 && FCGX_GetError(request->in) == 0 &&
           request->role == CONNECTION_ROLE_RESPONDER;
}

const char *const *connection_environment(const struct connection *connection)
{
    return (const char *const *)connection->request.envp;
}

ptrdiff_t connection_read(void *connection, char *bytes, size_t count)
{
    struct connection *self = connection;
    int wanted = count < CONNECTION_PIECE_BYTES_MAX ? (int)count : CONNECTION_PIECE_BYTES_MAX;
    int got;

    if (self->left_ms == 0)
        return -1;
    deadline_start(self->socket, self->left_ms);
    got = FCGX_GetStr(bytes, wanted, self->request.in);
    self->left_ms = deadline_stop();
    if (got > 0)
        return got;
    return self->left_ms == 0 || FCGX_GetError(self->request.in) != 0 ? -1 : 0;
}

/*
 * Sends what is buffered and the end of the request in one write, and closes our direction at
 * once: a peer that means to use the connection again must see that it cannot. False when the
 * peer did not take it all.
 */
static bool connection_send_end(FCGX_Request *request)
{
    int err_failed = FCGX_FClose(request->err);
    int out_failed = FCGX_FClose(request->out);

    (void)shutdown(request->ipcFd, SHUT_WR); /* fails when the peer has gone */
    return err_failed == 0 && out_failed == 0;
}

bool connection_answer(struct connection *connection, struct str answer)
{
    FCGX_Stream *out = connection->request.out;
    bool written = true;

    deadline_start(connection->socket, connection->answer_ms);
    while (answer.length > 0 && written) {
        struct str piece = str_first(answer, CONNECTION_PIECE_BYTES_MAX);

        written = FCGX_PutStr(piece.data, (int)piece.length, out) == (int)piece.length;
        answer = str_skip(answer, piece.length);
    }
    if (!connection_send_end(&connection->request))
        written = false;
    connection->answer_ms = deadline_stop();
    return connection->answer_ms > 0 && written;
}

/*
 * Reads what the peer still sends, up to the end of its request: a socket that is closed with
 * unread bytes looks like a failure to the other side, although the answer was sent.
 */
static void connection_read_out(FCGX_Stream *in)
{
    char rest[CONNECTION_REST_BYTES];

    while (!deadline_has_passed() && FCGX_HasSeenEOF(in) == 0)
        (void)FCGX_GetStr(rest, sizeof(rest), in); /* nobody wants them */
}

void connection_end(struct connection *connection)
{
    FCGX_Request *request = &connection->request;
    int64_t left_ms = connection->answer_ms;

    deadline_start(request->ipcFd, left_ms < CONNECTION_END_MS ? left_ms : CONNECTION_END_MS);
    if (request->in != NULL) {
        (void)connection_send_end(request); /* for a request that was not answered */
        connection_read_out(request->in);
        /* All was said by both: libfcgi need not wait for a peer that would keep the connection. */
        (void)shutdown(request->ipcFd, SHUT_RDWR);
    }
    FCGX_Finish_r(request);
    (void)deadline_stop(); /* either way it is closed now */
}
