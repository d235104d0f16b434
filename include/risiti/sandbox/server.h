/* The listener: HTTP on one loopback address, in a thread of its own. */
#ifndef RISITI_SANDBOX_SERVER_H
#define RISITI_SANDBOX_SERVER_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/sandbox/sandbox.h"

/* "http://[::1]:65535" and a NUL, with room to spare. */
#define SERVER_URL_SIZE 64
#define SERVER_CONNECTIONS_MAX 1024

struct server;

/*
 * Binds "127.0.0.1:8700", "localhost:0", "[::1]:8700" and writes the URL under which it is reached.
 * ERR_INVALID for another form, ERR_FORBIDDEN for an address that is not loopback, ERR_IO.
 */
RISITI_CHECKED enum err server_bind(struct str address, int *ret_socket,
                                    char ret_url[SERVER_URL_SIZE]);
/* Serves on a bound socket, which becomes the server's. ERR_NOMEM or ERR_IO. */
RISITI_CHECKED enum err server_start(struct sandbox *sandbox, int socket, size_t connections_max,
                                     struct server **ret_server);
/* Ends it at once, held answers too; the courier has been stopped. NULL is fine. */
void server_stop(struct server *server);

#endif
