/*
 * The sockets that the service listens on: those it was given (descriptor 0 by a web server,
 * descriptors from 3 on by systemd), or one that it makes itself. A socket path of our own
 * belongs to one instance at a time, which a lock on PATH.lock says.
 */
#ifndef RISITI_FCGI_LISTENER_H
#define RISITI_FCGI_LISTENER_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"

#include <poll.h>
#include <sys/types.h>

#define LISTENER_SOCKETS_MAX 8
#define LISTENER_PATH_SIZE 108 /* sun_path with its NUL */
#define LISTENER_WHY_SIZE 256

struct listener {
    int sockets[LISTENER_SOCKETS_MAX]; /* non-blocking, close-on-exec */
    size_t count;
    bool is_own;                   /* made here, not handed over by somebody who keeps it open */
    char path[LISTENER_PATH_SIZE]; /* of our own unix socket, else empty */
    dev_t path_device;             /* what was made there, to remove that and nothing else */
    ino_t path_inode;
    int lock;                    /* holds PATH.lock; -1 for none */
    pid_t owner;                 /* the process that removes the path */
    char why[LISTENER_WHY_SIZE]; /* after a failure: a sentence for people */
};

/* Whether `descriptor` is a stream socket that listens. */
bool listener_is_listening(int descriptor);
/*
 * Takes over `count` listening sockets from descriptor `first` on. Descriptor 0 is moved away and
 * replaced by /dev/null. ERR_INVALID when one does not listen, there are too many, or a TCP socket
 * is bound to anything but loopback (who can connect is trusted); ERR_IO.
 */
RISITI_CHECKED enum err listener_adopt(struct listener *ret_listener, int first, size_t count);
/*
 * Makes a socket at `address`: a path (with a slash in it), or HOST:PORT with a numeric loopback
 * host, [::1] or localhost. A path is made with mode 0660 for `group` (empty: the program's own).
 * ERR_INVALID for an address or group that cannot be used, ERR_DUPLICATE when another instance
 * serves it, ERR_IO for the system's refusals.
 */
RISITI_CHECKED enum err listener_open(struct listener *ret_listener, const char *address,
                                      const char *group);
/* In a worker: closes the lock, so that it goes when the master goes. */
void listener_enter_worker(struct listener *listener);
/* In a child that does not serve: closes its copies of everything; nothing changes for others. */
void listener_leave(struct listener *listener);
/* Whether connections wait to be accepted. */
bool listener_has_backlog(const struct listener *listener);
/* Removes the path when it is still ours: nobody finds the socket any more, it goes on working. */
void listener_hide(struct listener *listener);
/* Hides and closes everything. */
void listener_close(struct listener *listener);

#endif
