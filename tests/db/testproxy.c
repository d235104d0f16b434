/*
 * The cutting proxy: see testproxy.h. A client's packet has three bytes of length, one of sequence,
 * which is 0 for a command, and its body. Clients here send one command at a time.
 */
#include "risiti/base/base.h"

#include "testproxy.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "risiti/base/mem.h"
#include "testdb.h"

#define PAIRS_MAX 16
#define CHUNK_BYTES 65536
#define HEADER_BYTES 4
#define TICK_MS 5

struct pair {
    int client, server; /* -1: free */
    bool cut_at_answer;
    size_t body_left; /* of the packet under way */
};

struct testproxy {
    char folder[64], path[96];
    int listener;
    pthread_t thread;
    pthread_mutex_t lock; /* for what follows */
    bool is_ending;
    enum testproxy_door door;
    const char *cut_command;
    enum testproxy_cut cut_where;
    int cuts_left, commands, connections;
    struct pair pairs[PAIRS_MAX];
    unsigned char chunk[CHUNK_BYTES];
};

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const bool fits = str_copy(str_from(path), address.sun_path, sizeof(address.sun_path));

    ASSERT(fits);
    return address;
}

static int socket_or_abort(void)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ASSERT(fd >= 0);
    return fd;
}

static void pair_end(struct pair *pair)
{
    if (pair->client >= 0)
        (void)close(pair->client);
    if (pair->server >= 0)
        (void)close(pair->server);
    *pair = (struct pair){.client = -1, .server = -1};
}

static bool send_all(int fd, const unsigned char *bytes, size_t count)
{
    while (count > 0) {
        const ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        bytes += sent;
        count -= (size_t)sent;
    }
    return true;
}

static void client_accept(struct testproxy *proxy)
{
    const struct sockaddr_un address = address_of(testdb_options()->socket);
    const int client = accept(proxy->listener, NULL, NULL);
    struct pair *pair = proxy->pairs;

    if (client < 0)
        return;
    proxy->connections++;
    if (proxy->door == TESTPROXY_SHUT) {
        (void)close(client);
        return;
    }
    while (pair->client >= 0)
        pair++;
    ASSERT(pair < proxy->pairs + PAIRS_MAX);
    *pair = (struct pair){.client = client, .server = -1};
    if (proxy->door == TESTPROXY_SILENT)
        return;
    pair->server = socket_or_abort();
    if (connect(pair->server, (const struct sockaddr *)&address, sizeof(address)) != 0)
        pair_end(pair);
}

/* Whether the packet that starts here is the command to cut at. */
static bool is_cut(const struct testproxy *proxy, const unsigned char *body, size_t length)
{
    return proxy->cuts_left > 0 && length >= strlen(proxy->cut_command) &&
           memcmp(body, proxy->cut_command, strlen(proxy->cut_command)) == 0;
}

/* Looks at what the client sent; true when it has to be cut at it. */
static bool client_look(struct testproxy *proxy, struct pair *pair, size_t count)
{
    size_t at = pair->body_left < count ? pair->body_left : count;
    bool cut = false;

    pair->body_left -= at;
    while (at + HEADER_BYTES < count) {
        const unsigned char *header = proxy->chunk + at;
        const size_t length = (size_t)header[0] | (size_t)header[1] << 8 | (size_t)header[2] << 16;
        const size_t here = count - at - HEADER_BYTES;

        if (header[3] == 0) {
            proxy->commands++;
            cut = cut || is_cut(proxy, header + HEADER_BYTES, here < length ? here : length);
        }
        pair->body_left = here < length ? length - here : 0;
        at += HEADER_BYTES + (here < length ? here : length);
    }
    return cut;
}

static void client_forward(struct testproxy *proxy, struct pair *pair)
{
    const ssize_t count = recv(pair->client, proxy->chunk, sizeof(proxy->chunk), 0);
    bool cut;

    if (count <= 0) {
        pair_end(pair);
        return;
    }
    cut = client_look(proxy, pair, (size_t)count);
    if (cut)
        proxy->cuts_left--;
    if ((cut && proxy->cut_where == TESTPROXY_BEFORE) ||
        !send_all(pair->server, proxy->chunk, (size_t)count) ||
        (cut && proxy->cut_where == TESTPROXY_DURING))
        pair_end(pair);
    else
        pair->cut_at_answer = cut;
}

static void server_forward(struct testproxy *proxy, struct pair *pair)
{
    const ssize_t count = recv(pair->server, proxy->chunk, sizeof(proxy->chunk), 0);

    if (count <= 0 || pair->cut_at_answer || !send_all(pair->client, proxy->chunk, (size_t)count))
        pair_end(pair);
}

static void turn(struct testproxy *proxy)
{
    struct pollfd fds[1 + 2 * PAIRS_MAX];

    fds[0] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        fds[1 + 2 * i] = (struct pollfd){.fd = proxy->pairs[i].client, .events = POLLIN};
        fds[2 + 2 * i] = (struct pollfd){.fd = proxy->pairs[i].server, .events = POLLIN};
    }
    (void)poll(fds, ARRAY_LENGTH(fds), TICK_MS); /* errors show as nothing to do */
    (void)pthread_mutex_lock(&proxy->lock);
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        struct pair *pair = &proxy->pairs[i];

        if (fds[2 + 2 * i].revents != 0 && pair->server == fds[2 + 2 * i].fd)
            server_forward(proxy, pair);
        if (fds[1 + 2 * i].revents == 0 || pair->client != fds[1 + 2 * i].fd)
            continue;
        if (pair->server >= 0)
            client_forward(proxy, pair);
        else
            pair_end(pair);
    }
    if (fds[0].revents != 0)
        client_accept(proxy);
    (void)pthread_mutex_unlock(&proxy->lock);
}

static bool is_ending(struct testproxy *proxy)
{
    bool ending;

    (void)pthread_mutex_lock(&proxy->lock);
    ending = proxy->is_ending;
    (void)pthread_mutex_unlock(&proxy->lock);
    return ending;
}

static void *serve(void *proxy)
{
    while (!is_ending(proxy))
        turn(proxy);
    return NULL;
}

struct testproxy *testproxy_start(void)
{
    struct testproxy *proxy = mem_alloc(1, sizeof(*proxy));
    struct sockaddr_un address;
    bool ok;

    ASSERT(proxy != NULL);
    ok = str_copy(STR("/tmp/risiti-proxy.XXXXXX"), proxy->folder, sizeof(proxy->folder)) &&
         mkdtemp(proxy->folder) != NULL &&
         snprintf(proxy->path, sizeof(proxy->path), "%s/sock", proxy->folder) > 0;
    ASSERT(ok);
    for (size_t i = 0; i < PAIRS_MAX; i++)
        proxy->pairs[i] = (struct pair){.client = -1, .server = -1};
    address = address_of(proxy->path);
    proxy->listener = socket_or_abort();
    ok = bind(proxy->listener, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
         listen(proxy->listener, PAIRS_MAX) == 0 && pthread_mutex_init(&proxy->lock, NULL) == 0 &&
         pthread_create(&proxy->thread, NULL, serve, proxy) == 0;
    ASSERT(ok);
    return proxy;
}

void testproxy_stop(struct testproxy *proxy)
{
    (void)pthread_mutex_lock(&proxy->lock);
    proxy->is_ending = true;
    (void)pthread_mutex_unlock(&proxy->lock);
    (void)pthread_join(proxy->thread, NULL);
    for (size_t i = 0; i < PAIRS_MAX; i++)
        pair_end(&proxy->pairs[i]);
    (void)close(proxy->listener);
    (void)unlink(proxy->path);
    (void)rmdir(proxy->folder);
    (void)pthread_mutex_destroy(&proxy->lock);
    mem_free(proxy);
}

struct db_options testproxy_options(const struct testproxy *proxy)
{
    struct db_options options = *testdb_options();

    options.socket = proxy->path;
    return options;
}

void testproxy_cut(struct testproxy *proxy, const char *command, enum testproxy_cut where,
                   int times)
{
    (void)pthread_mutex_lock(&proxy->lock);
    proxy->cut_command = command;
    proxy->cut_where = where;
    proxy->cuts_left = times;
    (void)pthread_mutex_unlock(&proxy->lock);
}

void testproxy_hang_up(struct testproxy *proxy)
{
    (void)pthread_mutex_lock(&proxy->lock);
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        struct pair *pair = &proxy->pairs[i];

        if (pair->server < 0)
            continue;
        (void)close(pair->server);
        pair->server = -1;
        /* What the client sends still arrives, as it does over TCP. */
        (void)shutdown(pair->client, SHUT_WR);
    }
    (void)pthread_mutex_unlock(&proxy->lock);
}

void testproxy_door(struct testproxy *proxy, enum testproxy_door door)
{
    (void)pthread_mutex_lock(&proxy->lock);
    proxy->door = door;
    (void)pthread_mutex_unlock(&proxy->lock);
}

static int read_locked(struct testproxy *proxy, const int *number)
{
    int value;

    (void)pthread_mutex_lock(&proxy->lock);
    value = *number;
    (void)pthread_mutex_unlock(&proxy->lock);
    return value;
}

int testproxy_cuts_left(struct testproxy *proxy)
{
    return read_locked(proxy, &proxy->cuts_left);
}

int testproxy_commands(struct testproxy *proxy)
{
    return read_locked(proxy, &proxy->commands);
}

int testproxy_connections(struct testproxy *proxy)
{
    return read_locked(proxy, &proxy->connections);
}
