/* What the tests of calls share: a mock of Daraja, a configuration, and tokens kept in memory. */
#ifndef RISITI_TESTS_CLIENT_TEST_H
#define RISITI_TESTS_CLIENT_TEST_H

#include "risiti/base/base.h"

#include "../net/mock_server.h"

#include "risiti/base/arena.h"
#include "risiti/base/config.h"
#include "risiti/base/jread.h"
#include "risiti/daraja/daraja.h"

/* Hands out token-1, and token-2 once that was rejected. */
struct test_tokens {
    unsigned asked;
    char rejected[64]; /* by the last one */
    enum err err;      /* returned from the time number err_at on */
    unsigned err_at;
    int64_t delay_ms; /* before every answer */
};

struct client_test {
    struct mock_server *server;
    struct config *config;
    struct test_tokens tokens;
    struct daraja *daraja;
    struct arena *arena;
};

/* A PayBill 600111 and a till 600222 of store 600333; http on loopback; a timeout of one second. */
void client_test_begin(struct client_test *test, const struct mock_step *steps, size_t step_count);
void client_test_end(struct client_test *test);
/* From now on nothing listens where Daraja should be. */
void client_test_stop_server(struct client_test *test);
/* The JSON body of a request that the mock was sent. */
const struct jread *client_test_body(struct client_test *test, size_t index);
/* The digits or text of a member of that body. */
struct str client_test_member(struct client_test *test, size_t index, const char *name);
/* Whether a request holds a text. */
bool client_test_sent(struct client_test *test, size_t index, const char *text);

#endif
