/*
 * Stands between a test's connection and the server, on a unix socket of its own: counts what the
 * client asks, and cuts the connection where it is told to.
 */
#ifndef RISITI_TESTS_TESTPROXY_H
#define RISITI_TESTS_TESTPROXY_H

#include "risiti/base/base.h"

#include "risiti/db/db.h"

struct testproxy;

/* What a client asks for: the first byte of a command, and the text behind it. */
#define TESTPROXY_EXECUTE "\027"
#define TESTPROXY_COMMIT "\003COMMIT"

enum testproxy_cut {
    TESTPROXY_BEFORE, /* the server never sees it */
    TESTPROXY_DURING, /* the server sees it; nobody waits for its answer */
    TESTPROXY_ANSWER, /* the server has answered; the client does not hear it */
};

enum testproxy_door {
    TESTPROXY_OPEN,
    TESTPROXY_SHUT,   /* new connections end at once */
    TESTPROXY_SILENT, /* new connections get no answer */
};

/* A thread of its own forwards to the test server. Aborts when it cannot be started. */
struct testproxy *testproxy_start(void);
void testproxy_stop(struct testproxy *proxy);
/* The test database's options, by way of the proxy. */
struct db_options testproxy_options(const struct testproxy *proxy);

/* Cuts the connection at each of the next `times` commands that start with `command`. */
void testproxy_cut(struct testproxy *proxy, const char *command, enum testproxy_cut where,
                   int times);
/* How many of these cuts have not happened. */
int testproxy_cuts_left(struct testproxy *proxy);
/* Ends all connections like a server that times out: the client hears of it when it listens. */
void testproxy_hang_up(struct testproxy *proxy);
void testproxy_door(struct testproxy *proxy, enum testproxy_door door);
/* Commands that clients have sent, after logging in. */
int testproxy_commands(struct testproxy *proxy);
/* Connections that were asked for. */
int testproxy_connections(struct testproxy *proxy);

#endif
