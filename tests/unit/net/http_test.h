/* What the tests of the HTTP client share: a mock, a client and an arena for one test each. */
#ifndef RISITI_TESTS_HTTP_TEST_H
#define RISITI_TESTS_HTTP_TEST_H

#include "risiti/base/base.h"

#include "mock_server.h"

#include "risiti/base/arena.h"
#include "risiti/net/http_client.h"

#define TEST_ARENA_BYTES_MAX (1024 * 1024)
#define TEST_ANSWER_BYTES_MAX 65536

struct http_test {
    struct mock_server *server;
    struct http_client *client;
    struct arena *arena;
};

static inline struct http_test http_test_begin(const struct mock_step *steps, size_t step_count)
{
    static const struct http_client_options options = {.allow_http = true,
                                                       .connect_timeout_ms = 300,
                                                       .timeout_ms = 600,
                                                       .answer_bytes_max = TEST_ANSWER_BYTES_MAX};

    return (struct http_test){.server = mock_server_start(steps, step_count),
                              .client = http_client_new(&options),
                              .arena = arena_new(TEST_ARENA_BYTES_MAX)};
}

static inline void http_test_end(struct http_test *test)
{
    http_client_free(test->client);
    mock_server_stop(test->server);
    arena_free(test->arena);
}

static inline struct str http_test_url(struct http_test *test, const char *scheme)
{
    return arena_format(test->arena, "%s://127.0.0.1:%u/path?q=1", scheme,
                        mock_server_port(test->server));
}

/* Posts a small body over http. ERR_OK and the answer, or the error. */
static inline enum err http_test_post(struct http_test *test, bool once,
                                      struct http_client_answer *ret_answer)
{
    struct http_client_request request = {.method = "POST",
                                          .url = http_test_url(test, "http"),
                                          .content_type = STR("application/json"),
                                          .body = STR("{\"a\":1}"),
                                          .once = once};

    return http_client_send(test->client, test->arena, &request, ret_answer);
}

#endif
