/* An HTTP server that misbehaves as it is told: see mock_server.h. */
#include "risiti/base/base.h"

#include "mock_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "risiti/base/clock.h"
#include "risiti/base/mem.h"
#include "risiti/base/number.h"
#include "risiti/base/str.h"

#define CONNECTIONS_MAX 8

struct mock_connection {
    int socket; /* -1: free */
    char data[MOCK_REQUEST_SIZE];
    size_t length;
};

struct mock_server {
    const struct mock_step *steps;
    size_t step_count;
    int listener, stop_reader, stop_writer;
    unsigned port;
    pthread_t thread;
    atomic_uint requests, connections;
    atomic_bool stopping;
    struct mock_connection peers[CONNECTIONS_MAX];
    char texts[MOCK_REQUESTS_MAX][MOCK_REQUEST_SIZE];
};

/* A test cannot go on without its server. */
static void must(bool done)
{
    ASSERT(done);
}

static void send_all(int socket, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(socket, bytes, length, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        bytes += sent;
        length -= (size_t)sent;
    }
}

static void peer_close(struct mock_connection *peer)
{
    (void)close(peer->socket);
    peer->socket = -1;
    peer->length = 0;
}

static void peer_reset(struct mock_connection *peer)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    (void)setsockopt(peer->socket, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    peer_close(peer);
}

static void flood(int socket, size_t bytes)
{
    char block[65536];

    memset(block, 'x', sizeof(block));
    for (size_t sent = 0; sent < bytes; sent += sizeof(block))
        send_all(socket, block, sizeof(block));
}

static void trickle(struct mock_server *server, int socket)
{
    while (!server->stopping && send(socket, "x", 1, MSG_NOSIGNAL) == 1)
        clock_sleep_ms(50);
}

static void step_run(struct mock_server *server, struct mock_connection *peer,
                     const struct mock_step *step)
{
    int64_t until_ms = clock_monotonic_ms() + step->delay_ms;

    while (!server->stopping && clock_monotonic_ms() < until_ms)
        clock_sleep_ms(10);
    if (step->text != NULL)
        send_all(peer->socket, step->text, strlen(step->text));
    if (step->action == MOCK_FLOOD)
        flood(peer->socket, step->flood_bytes);
    if (step->action == MOCK_TRICKLE)
        trickle(server, peer->socket);
    if (step->action == MOCK_RESET)
        peer_reset(peer);
    else if (step->action != MOCK_ANSWER_AND_KEEP)
        peer_close(peer);
    else
        peer->length = 0;
}

/* Bytes of the whole request, or 0 while it is not complete. */
static size_t request_length(const struct mock_connection *peer)
{
    const char *end = memmem(peer->data, peer->length, "\r\n\r\n", 4);
    const char *field = memmem(peer->data, peer->length, "Content-Length: ", 16);
    uint64_t body_bytes = 0;
    size_t head_bytes;

    if (end == NULL)
        return 0;
    head_bytes = (size_t)(end - peer->data) + 4;
    if (field != NULL && field < end) {
        struct str digits = str_skip((struct str){field, (size_t)(end - field)}, 16);

        if (number_parse(str_first(digits, str_find(digits, '\r')), 0, MOCK_REQUEST_SIZE,
                         &body_bytes) != ERR_OK)
            return 0;
    }
    return peer->length >= head_bytes + body_bytes ? head_bytes + body_bytes : 0;
}

static void peer_read(struct mock_server *server, struct mock_connection *peer)
{
    ssize_t count =
        recv(peer->socket, peer->data + peer->length, sizeof(peer->data) - 1 - peer->length, 0);
    size_t index = server->requests;

    if (count <= 0) {
        peer_close(peer);
        return;
    }
    peer->length += (size_t)count;
    if (request_length(peer) == 0)
        return;
    if (index < MOCK_REQUESTS_MAX)
        memcpy(server->texts[index], peer->data, peer->length);
    server->requests++;
    step_run(server, peer,
             &server->steps[index < server->step_count ? index : server->step_count - 1]);
}

static void peer_accept(struct mock_server *server)
{
    int socket = accept(server->listener, NULL, NULL);

    if (socket < 0)
        return;
    server->connections++;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (server->peers[i].socket < 0) {
            server->peers[i].socket = socket;
            server->peers[i].length = 0;
            if (server->steps[0].action == MOCK_RESET_AT_ONCE)
                peer_reset(&server->peers[i]);
            return;
        }
    }
    (void)close(socket);
}

static void *serve(void *context)
{
    struct mock_server *server = context;

    while (!server->stopping) {
        struct pollfd polls[CONNECTIONS_MAX + 2];

        for (size_t i = 0; i < CONNECTIONS_MAX; i++)
            polls[i] = (struct pollfd){.fd = server->peers[i].socket, .events = POLLIN};
        polls[CONNECTIONS_MAX] = (struct pollfd){.fd = server->listener, .events = POLLIN};
        polls[CONNECTIONS_MAX + 1] = (struct pollfd){.fd = server->stop_reader, .events = POLLIN};
        if (poll(polls, ARRAY_LENGTH(polls), -1) < 0)
            continue;
        for (size_t i = 0; i < CONNECTIONS_MAX; i++)
            if (polls[i].revents != 0)
                peer_read(server, &server->peers[i]);
        if (polls[CONNECTIONS_MAX].revents != 0)
            peer_accept(server);
    }
    return NULL;
}

static bool server_listen(struct mock_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t address_length = sizeof(address);
    int ends[2];

    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 || pipe(ends) != 0)
        return false;
    server->stop_reader = ends[0];
    server->stop_writer = ends[1];
    if (bind(server->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(server->listener, CONNECTIONS_MAX) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &address_length) != 0)
        return false;
    server->port = ntohs(address.sin_port);
    return true;
}

struct mock_server *mock_server_start(const struct mock_step *steps, size_t step_count)
{
    struct mock_server *server = mem_alloc(1, sizeof(*server));

    must(server != NULL);
    server->steps = steps;
    server->step_count = step_count;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        server->peers[i].socket = -1;
    must(server_listen(server));
    must(pthread_create(&server->thread, NULL, serve, server) == 0);
    return server;
}

void mock_server_stop(struct mock_server *server)
{
    server->stopping = true;
    must(write(server->stop_writer, "", 1) == 1);
    must(pthread_join(server->thread, NULL) == 0);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (server->peers[i].socket >= 0)
            (void)close(server->peers[i].socket);
    (void)close(server->listener);
    (void)close(server->stop_reader);
    (void)close(server->stop_writer);
    mem_free(server);
}

unsigned mock_server_port(const struct mock_server *server)
{
    return server->port;
}

unsigned mock_server_requests(struct mock_server *server)
{
    return server->requests;
}

unsigned mock_server_connections(struct mock_server *server)
{
    return server->connections;
}

const char *mock_server_request(struct mock_server *server, size_t index)
{
    return index < MOCK_REQUESTS_MAX && index < server->requests ? server->texts[index] : "";
}
