/*
 * One connection of the web server with one FastCGI request on it. It is never kept open
 * afterwards: a kept connection would occupy its worker until the web server drops it.
 */
#ifndef RISITI_FCGI_CONNECTION_H
#define RISITI_FCGI_CONNECTION_H

#include "risiti/base/base.h"
#include "risiti/base/str.h"

#include <fcgiapp.h>

struct connection {
    FCGX_Request request;
    int socket;
    int64_t answer_ms; /* left of the time for taking the answer */
    int64_t left_ms;   /* left of the time for handing over the request, body included */
};

/*
 * Reads the request up to its body from an accepted socket, which belongs to the connection from
 * now on. False when no complete request came within `timeout_ms`: nothing may be done then. Call
 * connection_end in either case.
 */
RISITI_CHECKED bool connection_begin(struct connection *ret_connection, int socket,
                                     int64_t timeout_ms);
/* The request's variables, NULL-terminated; valid until connection_end. */
const char *const *connection_environment(const struct connection *connection);
/* For struct body_source: `connection` is a struct connection. */
ptrdiff_t connection_read(void *connection, char *bytes, size_t count);
/* Sends the CGI output (empty: none) and ends the request. False when the peer did not take it. */
RISITI_CHECKED bool connection_answer(struct connection *connection, struct str answer);
/* Closes it. */
void connection_end(struct connection *connection);

#endif
