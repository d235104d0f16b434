/* The HTTP client with servers that misbehave: each trouble ends in time and in its class. */
#include "risiti/base/base.h"

#include "tap.h"

#include <signal.h>

#include "http_test.h"

#include "risiti/base/clock.h"

/* More than the client's total timeout, less than a second timeout on top of it. */
#define DEADLINE_MS 1500

static void check_outcome(const struct mock_step *step, enum http_client_outcome outcome,
                          unsigned requests)
{
    struct http_test test = http_test_begin(step, 1);
    struct http_client_answer answer = {0};
    int64_t started_ms = clock_monotonic_ms();

    CU_ASSERT_EQUAL(http_test_post(&test, true, &answer), ERR_OK);
    CU_ASSERT_TRUE(clock_monotonic_ms() - started_ms < DEADLINE_MS);
    CU_ASSERT_EQUAL(answer.outcome, outcome);
    CU_ASSERT_EQUAL(answer.why == NULL, outcome == HTTP_CLIENT_ANSWERED);
    CU_ASSERT_EQUAL(answer.body.length, 0);
    CU_ASSERT_EQUAL(mock_server_requests(test.server), requests);
    http_test_end(&test);
}

static void a_closed_port_is_not_sent(void)
{
    static const struct mock_step unused = {MOCK_CLOSE, NULL, 0, 0};
    struct http_test test = http_test_begin(&unused, 1);
    struct http_client_answer answer = {0};
    struct http_client_request request = {
        .method = "POST", .url = http_test_url(&test, "http"), .body = STR("x"), .once = true};

    mock_server_stop(test.server);
    CU_ASSERT_EQUAL(http_client_send(test.client, test.arena, &request, &answer), ERR_OK);
    CU_ASSERT_EQUAL(answer.outcome, HTTP_CLIENT_NOT_SENT);
    CU_ASSERT_EQUAL(answer.status, 0);
    CU_ASSERT_PTR_NOT_NULL(answer.why);
    http_client_free(test.client);
    arena_free(test.arena);
}

static void an_unknown_host_is_not_sent(void)
{
    static const struct mock_step unused = {MOCK_CLOSE, NULL, 0, 0};
    struct http_test test = http_test_begin(&unused, 1);
    struct http_client_answer answer = {0};
    struct http_client_request request = {
        .method = "GET", .url = STR("https://no-such-host.invalid/"), .once = true};

    CU_ASSERT_EQUAL(http_client_send(test.client, test.arena, &request, &answer), ERR_OK);
    CU_ASSERT_EQUAL(answer.outcome, HTTP_CLIENT_NOT_SENT);
    http_test_end(&test);
}

static void a_handshake_that_never_ends_is_not_sent(void)
{
    static const struct mock_step silent = {MOCK_CLOSE, NULL, 0, 0};
    struct http_test test = http_test_begin(&silent, 1);
    struct http_client_answer answer = {0};
    struct http_client_request request = {
        .method = "POST", .url = http_test_url(&test, "https"), .body = STR("x"), .once = true};
    int64_t started_ms = clock_monotonic_ms();

    CU_ASSERT_EQUAL(http_client_send(test.client, test.arena, &request, &answer), ERR_OK);
    CU_ASSERT_EQUAL(answer.outcome, HTTP_CLIENT_NOT_SENT);
    CU_ASSERT_TRUE(clock_monotonic_ms() - started_ms < DEADLINE_MS);
    CU_ASSERT_EQUAL(mock_server_requests(test.server), 0);
    http_test_end(&test);
}

static void a_reset_during_the_handshake_is_not_sent(void)
{
    static const struct mock_step reset = {MOCK_RESET_AT_ONCE, NULL, 0, 0};
    struct http_test test = http_test_begin(&reset, 1);
    struct http_client_answer answer = {0};
    struct http_client_request request = {
        .method = "POST", .url = http_test_url(&test, "https"), .body = STR("x"), .once = true};

    CU_ASSERT_EQUAL(http_client_send(test.client, test.arena, &request, &answer), ERR_OK);
    CU_ASSERT_EQUAL(answer.outcome, HTTP_CLIENT_NOT_SENT);
    http_test_end(&test);
}

static void a_connection_closed_after_the_request_is_unknown(void)
{
    static const struct mock_step step = {MOCK_CLOSE, NULL, 0, 0};

    check_outcome(&step, HTTP_CLIENT_UNKNOWN, 1);
}

static void a_connection_reset_after_the_request_is_unknown(void)
{
    static const struct mock_step step = {MOCK_RESET, NULL, 0, 0};

    check_outcome(&step, HTTP_CLIENT_UNKNOWN, 1);
}

static void a_reset_within_the_header_is_unknown(void)
{
    static const struct mock_step step = {MOCK_RESET, "HTTP/1.1 200 OK\r\nContent-", 0, 0};

    check_outcome(&step, HTTP_CLIENT_UNKNOWN, 1);
}

static void a_reset_within_the_body_is_unknown(void)
{
    static const struct mock_step step = {
        MOCK_RESET, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"a\"", 0, 0};

    check_outcome(&step, HTTP_CLIENT_UNKNOWN, 1);
}

static void a_body_shorter_than_announced_is_unknown(void)
{
    static const struct mock_step step = {
        MOCK_ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"a\"", 0, 0};

    check_outcome(&step, HTTP_CLIENT_UNKNOWN, 1);
}

static void a_broken_chunk_is_unknown(void)
{
    static const struct mock_step step = {
        MOCK_ANSWER, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 0, 0};

    check_outcome(&step, HTTP_CLIENT_UNKNOWN, 1);
}

static void something_else_than_http_is_unknown(void)
{
    static const struct mock_step step = {MOCK_ANSWER, "SSH-2.0-OpenSSH_9.2\r\n", 0, 0};

    check_outcome(&step, HTTP_CLIENT_UNKNOWN, 1);
}

static void silence_after_the_request_is_unknown(void)
{
    static const struct mock_step step = {MOCK_ANSWER_LATE, MOCK_JSON("200 OK", 2, "{}"), 1000, 0};

    check_outcome(&step, HTTP_CLIENT_UNKNOWN, 1);
}

static void a_request_may_have_less_time_than_the_client(void)
{
    static const struct mock_step late = {MOCK_ANSWER_LATE, MOCK_JSON("200 OK", 2, "{}"), 500, 0};
    struct http_test test = http_test_begin(&late, 1);
    struct http_client_answer answer = {0};
    struct http_client_request request = {
        .method = "GET", .url = http_test_url(&test, "http"), .timeout_ms = 100};
    int64_t started_ms = clock_monotonic_ms();

    CU_ASSERT_EQUAL(http_client_send(test.client, test.arena, &request, &answer), ERR_OK);
    CU_ASSERT_EQUAL(answer.outcome, HTTP_CLIENT_UNKNOWN);
    CU_ASSERT_TRUE(clock_monotonic_ms() - started_ms < 400);
    http_test_end(&test);
}

static void a_slow_answer_in_time_is_an_answer(void)
{
    static const struct mock_step step = {MOCK_ANSWER_LATE, MOCK_JSON("200 OK", 0, ""), 300, 0};

    check_outcome(&step, HTTP_CLIENT_ANSWERED, 1);
}

static void a_trickling_body_is_unknown(void)
{
    static const struct mock_step step = {MOCK_TRICKLE,
                                          "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", 0, 0};

    check_outcome(&step, HTTP_CLIENT_UNKNOWN, 1);
}

static void trickling_headers_are_unknown(void)
{
    static const struct mock_step step = {MOCK_TRICKLE, "HTTP/1.1 200 OK\r\nX-", 0, 0};

    check_outcome(&step, HTTP_CLIENT_UNKNOWN, 1);
}

static void a_body_of_ten_megabytes_is_unknown(void)
{
    static const struct mock_step announced = {
        MOCK_FLOOD, "HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n", 0, 10485760};
    static const struct mock_step unannounced = {MOCK_FLOOD, "HTTP/1.1 200 OK\r\n\r\n", 0,
                                                 10485760};

    check_outcome(&announced, HTTP_CLIENT_UNKNOWN, 1);
    check_outcome(&unannounced, HTTP_CLIENT_UNKNOWN, 1);
}

static void endless_headers_are_unknown(void)
{
    static const struct mock_step step = {MOCK_FLOOD, "HTTP/1.1 200 OK\r\nX-A: ", 0, 10485760};

    check_outcome(&step, HTTP_CLIENT_UNKNOWN, 1);
}

static void the_longest_body_is_still_taken(void)
{
    static const struct mock_step fits = {
        MOCK_FLOOD, "HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n", 0, TEST_ANSWER_BYTES_MAX};
    struct http_test test = http_test_begin(&fits, 1);
    struct http_client_answer answer = {0};

    CU_ASSERT_EQUAL(http_test_post(&test, true, &answer), ERR_OK);
    CU_ASSERT_EQUAL(answer.outcome, HTTP_CLIENT_ANSWERED);
    CU_ASSERT_EQUAL(answer.body.length, TEST_ANSWER_BYTES_MAX);
    http_test_end(&test);
}

/* On a kept connection curl would send the POST a second time and report success. */
static void a_kept_connection_that_is_closed_counts_one_post(void)
{
    static const struct mock_step steps[] = {
        {MOCK_ANSWER_AND_KEEP, MOCK_JSON("200 OK", 2, "{}"), 0, 0},
        {MOCK_CLOSE, NULL, 0, 0},
        {MOCK_ANSWER_AND_KEEP, MOCK_JSON("200 OK", 2, "{}"), 0, 0},
    };
    struct http_test test = http_test_begin(steps, ARRAY_LENGTH(steps));
    struct http_client_answer answer = {0};

    CU_ASSERT_EQUAL(http_test_post(&test, false, &answer), ERR_OK);
    CU_ASSERT_EQUAL(answer.outcome, HTTP_CLIENT_ANSWERED);
    CU_ASSERT_EQUAL(http_test_post(&test, true, &answer), ERR_OK);
    CU_ASSERT_EQUAL(answer.outcome, HTTP_CLIENT_UNKNOWN);
    CU_ASSERT_EQUAL(mock_server_requests(test.server), 2);
    http_test_end(&test);
}

static void no_memory_for_the_answer_is_unknown(void)
{
    static const struct mock_step fits = {
        MOCK_FLOOD, "HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n", 0, TEST_ANSWER_BYTES_MAX};
    struct http_test test = http_test_begin(&fits, 1);
    RISITI_CLEANUP(arena_free_at) struct arena *small = arena_new(4096);
    struct http_client_answer answer = {0};
    struct http_client_request request = {
        .method = "POST", .url = http_test_url(&test, "http"), .body = STR("x"), .once = true};

    CU_ASSERT_EQUAL(http_client_send(test.client, small, &request, &answer), ERR_OK);
    CU_ASSERT_EQUAL(answer.outcome, HTTP_CLIENT_UNKNOWN);
    CU_ASSERT_PTR_NOT_NULL(answer.why);
    CU_ASSERT_EQUAL(mock_server_requests(test.server), 1);
    http_test_end(&test);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_closed_port_is_not_sent),
    TAP_TEST(an_unknown_host_is_not_sent),
    TAP_TEST(a_handshake_that_never_ends_is_not_sent),
    TAP_TEST(a_reset_during_the_handshake_is_not_sent),
    TAP_TEST(a_connection_closed_after_the_request_is_unknown),
    TAP_TEST(a_connection_reset_after_the_request_is_unknown),
    TAP_TEST(a_reset_within_the_header_is_unknown),
    TAP_TEST(a_reset_within_the_body_is_unknown),
    TAP_TEST(a_body_shorter_than_announced_is_unknown),
    TAP_TEST(a_broken_chunk_is_unknown),
    TAP_TEST(something_else_than_http_is_unknown),
    TAP_TEST(silence_after_the_request_is_unknown),
    TAP_TEST(a_request_may_have_less_time_than_the_client),
    TAP_TEST(a_slow_answer_in_time_is_an_answer),
    TAP_TEST(a_trickling_body_is_unknown),
    TAP_TEST(trickling_headers_are_unknown),
    TAP_TEST(a_body_of_ten_megabytes_is_unknown),
    TAP_TEST(endless_headers_are_unknown),
    TAP_TEST(the_longest_body_is_still_taken),
    TAP_TEST(a_kept_connection_that_is_closed_counts_one_post),
    TAP_TEST(no_memory_for_the_answer_is_unknown),
};

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    return tap_run("http faults", tests, ARRAY_LENGTH(tests));
}
