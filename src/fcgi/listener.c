/* Listening sockets, given or made: see listener.h. */
#include "risiti/base/base.h"

#include "risiti/fcgi/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "risiti/base/number.h"
#include "risiti/base/str.h"

#define LISTENER_BACKLOG 1024 /* the kernel cuts it at net.core.somaxconn */
#define LISTENER_LOCK_TRIES_MAX 10
#define LISTENER_HOST_SIZE 64

RISITI_PRINTF(3, 4)
static enum err listener_fail(struct listener *listener, enum err err, const char *format, ...)
{
    va_list values;
    int length;

    va_start(values, format);
    length = vsnprintf(listener->why, sizeof(listener->why), format, values);
    va_end(values);
    if (length < 0)
        listener->why[0] = '\0';
    return err;
}

static void listener_init(struct listener *listener)
{
    *listener = (struct listener){.lock = -1, .owner = getpid()};
}

static bool listener_set_flags(int descriptor)
{
    int status = fcntl(descriptor, F_GETFL);

    return status >= 0 && fcntl(descriptor, F_SETFL, status | O_NONBLOCK) == 0 &&
           fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0;
}

static int socket_option(int descriptor, int option)
{
    int value = -1;
    socklen_t size = sizeof(value);

    return getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

bool listener_is_listening(int descriptor)
{
    return socket_option(descriptor, SO_ACCEPTCONN) == 1 &&
           socket_option(descriptor, SO_TYPE) == SOCK_STREAM;
}

static bool address_is_local(const struct sockaddr_storage *address)
{
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;

    switch (address->ss_family) {
    case AF_UNIX:
        return true;
    case AF_INET:
        memcpy(&ipv4, address, sizeof(ipv4));
        return ntohl(ipv4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    case AF_INET6:
        memcpy(&ipv6, address, sizeof(ipv6));
        return IN6_IS_ADDR_LOOPBACK(&ipv6.sin6_addr);
    default:
        return false;
    }
}

/* Frees descriptor 0 for /dev/null: whatever reads standard input must not take connections. */
static int listener_move_from_stdin(void)
{
    int moved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool replaced = null >= 0 && dup2(null, STDIN_FILENO) == STDIN_FILENO;

    if (null > STDERR_FILENO)
        (void)close(null); /* nothing can be lost on it */
    if (moved >= 0 && !replaced) {
        (void)close(moved); /* the caller fails */
        return -1;
    }
    return moved;
}

enum err listener_adopt(struct listener *ret_listener, int first, size_t count)
{
    listener_init(ret_listener);
    if (count > LISTENER_SOCKETS_MAX)
        return listener_fail(ret_listener, ERR_INVALID,
                             "%zu sockets were handed over, at most %d "
                             "can be served",
                             count, LISTENER_SOCKETS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct sockaddr_storage address = {0};
        socklen_t size = sizeof(address);
        int descriptor = first + (int)i;

        if (!listener_is_listening(descriptor))
            return listener_fail(ret_listener, ERR_INVALID,
                                 "descriptor %d was handed over as a "
                                 "socket, but it does not listen",
                                 descriptor);
        if (getsockname(descriptor, (struct sockaddr *)&address, &size) != 0 ||
            !address_is_local(&address))
            return listener_fail(ret_listener, ERR_INVALID,
                                 "the socket on descriptor %d is open "
                                 "to the network; use a unix socket or a loopback address",
                                 descriptor);
        if (descriptor == STDIN_FILENO)
            descriptor = listener_move_from_stdin();
        if (descriptor < 0 || !listener_set_flags(descriptor))
            return listener_fail(ret_listener, ERR_IO,
                                 "cannot use the socket that was handed "
                                 "over: %s",
                                 strerror(errno));
        ret_listener->sockets[ret_listener->count++] = descriptor;
    }
    return ERR_OK;
}

static bool parse_host(const char *host, in_port_t port, struct sockaddr_storage *ret_address,
                       socklen_t *ret_size)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &ipv4.sin_addr) == 1) {
        memcpy(ret_address, &ipv4, sizeof(ipv4));
        *ret_size = sizeof(ipv4);
        return true;
    }
    if (inet_pton(AF_INET6, host, &ipv6.sin6_addr) == 1) {
        memcpy(ret_address, &ipv6, sizeof(ipv6));
        *ret_size = sizeof(ipv6);
        return true;
    }
    return false;
}

static enum err parse_tcp(struct listener *listener, const char *address,
                          struct sockaddr_storage *ret_address, socklen_t *ret_size)
{
    const char *colon = strrchr(address, ':');
    struct str host = {address, colon != NULL ? (size_t)(colon - address) : 0};
    char host_text[LISTENER_HOST_SIZE];
    uint64_t port;

    if (host.length >= 2 && host.data[0] == '[' && host.data[host.length - 1] == ']')
        host = str_first(str_skip(host, 1), host.length - 2);
    if (colon == NULL || number_parse(str_from(colon + 1), 1, 65535, &port) != ERR_OK ||
        !str_copy(host, host_text, sizeof(host_text)) ||
        !parse_host(host_text, (in_port_t)port, ret_address, ret_size))
        return listener_fail(listener, ERR_INVALID,
                             "\"%s\" is neither a path with a slash nor "
                             "HOST:PORT with a numeric host",
                             address);
    if (!address_is_local(ret_address))
        return listener_fail(listener, ERR_INVALID,
                             "%s is not a loopback address: whoever can "
                             "connect is trusted, so the network must not",
                             address);
    return ERR_OK;
}

static enum err listener_open_tcp(struct listener *listener, const char *address)
{
    struct sockaddr_storage storage = {0};
    socklen_t size = 0;
    enum err err = parse_tcp(listener, address, &storage, &size);
    const int yes = 1;
    int descriptor;

    if (err != ERR_OK)
        return err;
    descriptor = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0)
        return listener_fail(listener, ERR_IO, "cannot make a socket: %s", strerror(errno));
    listener->sockets[listener->count++] = descriptor;
    if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
        bind(descriptor, (struct sockaddr *)&storage, size) != 0 ||
        listen(descriptor, LISTENER_BACKLOG) != 0)
        return listener_fail(listener, errno == EADDRINUSE ? ERR_DUPLICATE : ERR_IO,
                             "cannot listen on %s: %s", address, strerror(errno));
    return ERR_OK;
}

/*
 * The lock is the file's, not the name's: another instance may have removed the name between our
 * open and our lock, so what was locked must still be what the name leads to.
 */
static enum err listener_lock(struct listener *listener)
{
    char name[LISTENER_PATH_SIZE + sizeof(".lock")];
    int length = snprintf(name, sizeof(name), "%s.lock", listener->path);

    ASSERT(length > 0 && (size_t)length < sizeof(name));
    for (int i = 0; i < LISTENER_LOCK_TRIES_MAX; i++) {
        struct stat locked;
        struct stat named;
        int lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (lock < 0)
            return listener_fail(listener, ERR_IO, "cannot make %s: %s", name, strerror(errno));
        if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
            int reason = errno;

            (void)close(lock); /* nothing was written to it */
            if (reason == EWOULDBLOCK)
                return listener_fail(listener, ERR_DUPLICATE,
                                     "%s is served by another instance already", listener->path);
            return listener_fail(listener, ERR_IO, "cannot lock %s: %s", name, strerror(reason));
        }
        if (fstat(lock, &locked) == 0 && stat(name, &named) == 0 && locked.st_dev == named.st_dev &&
            locked.st_ino == named.st_ino) {
            listener->lock = lock;
            return ERR_OK;
        }
        (void)close(lock); /* somebody else's old one */
    }
    return listener_fail(listener, ERR_DUPLICATE, "%s is being taken by another instance",
                         listener->path);
}

static enum err find_group(struct listener *listener, const char *name, gid_t *ret_group)
{
    const struct group *entry;

    errno = 0;
    entry = getgrnam(name);
    if (entry == NULL)
        return listener_fail(listener, ERR_INVALID,
                             "there is no group \"%s\" to open the socket "
                             "for",
                             name);
    *ret_group = entry->gr_gid;
    return ERR_OK;
}

/* Held by the lock, so that what lies at the path is a leftover, if it is a socket at all. */
static enum err remove_stale(struct listener *listener)
{
    struct stat found;

    if (lstat(listener->path, &found) != 0)
        return ERR_OK;
    if (!S_ISSOCK(found.st_mode))
        return listener_fail(listener, ERR_INVALID, "%s exists and is not a socket",
                             listener->path);
    if (unlink(listener->path) != 0 && errno != ENOENT)
        return listener_fail(listener, ERR_IO, "cannot replace %s: %s", listener->path,
                             strerror(errno));
    return ERR_OK;
}

/* Nobody can connect before the last step: owner, then mode, then listen. */
static bool listener_make_path(struct listener *listener, int descriptor, const gid_t *group)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat made;
    mode_t mask_before;
    bool bound;

    memcpy(address.sun_path, listener->path, sizeof(address.sun_path));
    mask_before = umask(0177);
    bound = bind(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0;
    (void)umask(mask_before); /* cannot fail */
    if (!bound || lstat(listener->path, &made) != 0)
        return false;
    listener->path_device = made.st_dev;
    listener->path_inode = made.st_ino;
    return (group == NULL || chown(listener->path, (uid_t)-1, *group) == 0) &&
           chmod(listener->path, 0660) == 0 && listen(descriptor, LISTENER_BACKLOG) == 0;
}

static enum err listener_open_path(struct listener *listener, const char *address,
                                   const char *group_name)
{
    gid_t group = 0;
    enum err err = ERR_OK;
    int descriptor;

    _Static_assert(sizeof(((struct sockaddr_un *)0)->sun_path) == LISTENER_PATH_SIZE, "size");
    if (!str_copy(str_from(address), listener->path, sizeof(listener->path)))
        return listener_fail(listener, ERR_INVALID, "socket paths have at most %d bytes: %.40s…",
                             LISTENER_PATH_SIZE - 1, address);
    if (group_name[0] != '\0')
        err = find_group(listener, group_name, &group);
    if (err == ERR_OK)
        err = listener_lock(listener);
    if (err == ERR_OK)
        err = remove_stale(listener);
    if (err != ERR_OK)
        return err;
    descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0)
        return listener_fail(listener, ERR_IO, "cannot make a socket: %s", strerror(errno));
    listener->sockets[listener->count++] = descriptor;
    if (!listener_make_path(listener, descriptor, group_name[0] != '\0' ? &group : NULL))
        return listener_fail(listener, ERR_IO, "cannot listen on %s: %s", address, strerror(errno));
    return ERR_OK;
}

enum err listener_open(struct listener *ret_listener, const char *address, const char *group)
{
    enum err err;

    listener_init(ret_listener);
    ret_listener->is_own = true;
    if (strchr(address, '/') != NULL)
        err = listener_open_path(ret_listener, address, group);
    else
        err = listener_open_tcp(ret_listener, address);
    if (err != ERR_OK)
        listener_close(ret_listener);
    return err;
}

void listener_enter_worker(struct listener *listener)
{
    if (listener->lock >= 0)
        (void)close(listener->lock); /* the master's own copy keeps the lock */
    listener->lock = -1;
}

void listener_leave(struct listener *listener)
{
    for (size_t i = 0; i < listener->count; i++)
        (void)close(listener->sockets[i]); /* the master's own copies go on working */
    listener->count = 0;
    listener_enter_worker(listener);
}

bool listener_has_backlog(const struct listener *listener)
{
    struct pollfd waiting[LISTENER_SOCKETS_MAX];

    for (size_t i = 0; i < listener->count; i++)
        waiting[i] = (struct pollfd){.fd = listener->sockets[i], .events = POLLIN};
    return poll(waiting, listener->count, /* timeout= */ 0) > 0;
}

void listener_hide(struct listener *listener)
{
    struct stat found;

    if (listener->path_inode == 0 || listener->owner != getpid())
        return;
    if (lstat(listener->path, &found) == 0 && found.st_dev == listener->path_device &&
        found.st_ino == listener->path_inode)
        (void)unlink(listener->path); /* a leftover is replaced by the next instance */
    listener->path_inode = 0;
}

void listener_close(struct listener *listener)
{
    char name[LISTENER_PATH_SIZE + sizeof(".lock")];

    listener_hide(listener);
    for (size_t i = 0; i < listener->count; i++)
        (void)close(listener->sockets[i]); /* a listening socket has nothing to lose */
    listener->count = 0;
    if (listener->lock < 0)
        return;
    if (snprintf(name, sizeof(name), "%s.lock", listener->path) > 0)
        (void)unlink(name); /* before the lock goes, so that nobody locks a name that is removed */
    (void)close(listener->lock);
    listener->lock = -1;
}
