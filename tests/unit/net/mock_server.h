/*
 * A small HTTP server in a thread of the test: answers, delays, resets, floods and trickles by a
 * script, and remembers what it was sent. Plain HTTP on a loopback port of its own.
 */
#ifndef RISITI_TESTS_MOCK_SERVER_H
#define RISITI_TESTS_MOCK_SERVER_H

#include "risiti/base/base.h"

#define MOCK_REQUESTS_MAX 16
#define MOCK_REQUEST_SIZE 8192

enum mock_action {
    MOCK_ANSWER,          /* the text, then the connection is closed */
    MOCK_ANSWER_AND_KEEP, /* the text, and the connection stays */
    MOCK_ANSWER_LATE,     /* the text after delay_ms */
    MOCK_CLOSE,           /* the request is read, then the connection is closed */
    MOCK_RESET,           /* the text (may be NULL), then the connection is reset */
    MOCK_RESET_AT_ONCE,   /* as the first step: every connection is reset when it is accepted */
    MOCK_FLOOD,           /* the text, then flood_bytes of 'x' */
    MOCK_TRICKLE,         /* the text, then a byte each 50 ms until the peer has gone */
};

/* What happens to one request. */
struct mock_step {
    enum mock_action action;
    const char *text; /* a whole answer, header lines included */
    unsigned delay_ms;
    size_t flood_bytes;
};

struct mock_server;

/* Steps serve the requests in order, the last one all further ones. They outlive the server. */
struct mock_server *mock_server_start(const struct mock_step *steps, size_t step_count);
/* Ends the thread. */
void mock_server_stop(struct mock_server *server);
unsigned mock_server_port(const struct mock_server *server);
/* Whole requests so far, and connections accepted. */
unsigned mock_server_requests(struct mock_server *server);
unsigned mock_server_connections(struct mock_server *server);
/* The text of a request (from 0), "" when it has not come. Valid until the server stops. */
const char *mock_server_request(struct mock_server *server, size_t index);

/* A whole answer with Content-Length, for steps: MOCK_JSON("200 OK", 2, "{}"). */
#define MOCK_JSON(status, length, body) \
    "HTTP/1.1 " status "\r\nContent-Type: application/json\r\nContent-Length: " #length \
    "\r\n\r\n" body

#endif
