/* Binding the listener's socket, to loopback and to nothing else. */
#include "risiti/base/base.h"

#include "risiti/sandbox/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "risiti/base/number.h"

#define PORT_MAX 65535
#define BACKLOG 1024
#define HOST_SIZE 64
#define LOOPBACK_NETWORK 127

union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* A numeric loopback address, or localhost. */
static enum err address_fill(const char *host, uint16_t port, union socket_address *ret_address)
{
    union socket_address address;

    memset(&address, 0, sizeof(address));
    if (inet_pton(AF_INET, host, &address.v4.sin_addr) == 1) {
        if (ntohl(address.v4.sin_addr.s_addr) >> 24 != LOOPBACK_NETWORK)
            return ERR_FORBIDDEN;
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons(port);
    } else if (inet_pton(AF_INET6, host, &address.v6.sin6_addr) == 1) {
        if (!IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr))
            return ERR_FORBIDDEN;
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons(port);
    } else {
        return ERR_FORBIDDEN; /* names other than localhost could be anything */
    }
    *ret_address = address;
    return ERR_OK;
}

static enum err address_parse(struct str text, union socket_address *ret_address)
{
    struct str rest = text, host;
    char host_text[HOST_SIZE];
    uint64_t port;

    if (str_starts_with(text, STR("["))) {
        rest = str_skip(text, 1);
        host = str_cut(&rest, ']');
        if (!str_starts_with(rest, STR(":")))
            return ERR_INVALID;
        rest = str_skip(rest, 1);
    } else {
        host = str_cut(&rest, ':');
    }
    if (number_parse(rest, 0, PORT_MAX, &port) != ERR_OK || host.length == 0)
        return ERR_INVALID;
    if (str_equal(host, STR("localhost")))
        host = STR("127.0.0.1");
    if (!str_copy(host, host_text, sizeof(host_text)))
        return ERR_INVALID;
    return address_fill(host_text, (uint16_t)port, ret_address);
}

static socklen_t address_length(const union socket_address *address)
{
    return address->any.sa_family == AF_INET ? sizeof(address->v4) : sizeof(address->v6);
}

static enum err url_write(int bound, char ret_url[SERVER_URL_SIZE])
{
    union socket_address address = {0};
    socklen_t size = sizeof(address);
    char host[INET6_ADDRSTRLEN];
    int length;

    if (getsockname(bound, &address.any, &size) != 0)
        return ERR_IO;
    if (address.any.sa_family == AF_INET) {
        if (inet_ntop(AF_INET, &address.v4.sin_addr, host, sizeof(host)) == NULL)
            return ERR_IO;
        length = snprintf(ret_url, SERVER_URL_SIZE, "http://%s:%u", host,
                          (unsigned)ntohs(address.v4.sin_port));
    } else {
        length = snprintf(ret_url, SERVER_URL_SIZE, "http://[::1]:%u",
                          (unsigned)ntohs(address.v6.sin6_port));
    }
    return length > 0 && length < SERVER_URL_SIZE ? ERR_OK : ERR_IO;
}

enum err server_bind(struct str address_text, int *ret_socket, char ret_url[SERVER_URL_SIZE])
{
    static const int yes = 1;
    union socket_address address = {0};
    enum err err = address_parse(address_text, &address);
    int bound;

    if (err != ERR_OK)
        return err;
    bound = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bound < 0)
        return ERR_IO;
    if (setsockopt(bound, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
        bind(bound, &address.any, address_length(&address)) != 0 || listen(bound, BACKLOG) != 0 ||
        url_write(bound, ret_url) != ERR_OK) {
        (void)close(bound); /* nothing was written to it */
        return ERR_IO;
    }
    *ret_socket = bound;
    return ERR_OK;
}
