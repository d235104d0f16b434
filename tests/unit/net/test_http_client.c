/* The HTTP client with servers that behave: what is sent, and what is handed back. */
#include "risiti/base/base.h"

#include "tap.h"

#include <signal.h>

#include "http_test.h"

static const struct mock_step fine = {MOCK_ANSWER, MOCK_JSON("200 OK", 8, "{\"ok\":1}"), 0, 0};
static const struct mock_step kept = {MOCK_ANSWER_AND_KEEP, MOCK_JSON("200 OK", 2, "{}"), 0, 0};

static void a_post_carries_body_type_and_bearer(void)
{
    struct http_test test = http_test_begin(&fine, 1);
    struct http_client_answer answer = {0};
    struct http_client_request request = {.method = "POST",
                                          .url = http_test_url(&test, "http"),
                                          .bearer = STR("tok.en-1"),
                                          .content_type = STR("application/json"),
                                          .body = STR("{\"a\":1}"),
                                          .once = true};
    const char *sent;

    CU_ASSERT_EQUAL(http_client_send(test.client, test.arena, &request, &answer), ERR_OK);
    CU_ASSERT_EQUAL(answer.outcome, HTTP_CLIENT_ANSWERED);
    CU_ASSERT_EQUAL(answer.status, 200);
    CU_ASSERT_PTR_NULL(answer.why);
    ASSERT_STR(answer.body, "{\"ok\":1}");
    CU_ASSERT_EQUAL(answer.body.data[answer.body.length], '\0');
    sent = mock_server_request(test.server, 0);
    CU_ASSERT_PTR_EQUAL(strstr(sent, "POST /path?q=1 HTTP/1.1\r\n"), sent);
    CU_ASSERT_PTR_NOT_NULL(strstr(sent, "\r\nAuthorization: Bearer tok.en-1\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(sent, "\r\nContent-Type: application/json\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(sent, "\r\n\r\n{\"a\":1}"));
    CU_ASSERT_PTR_NULL(strstr(sent, "Expect"));
    CU_ASSERT_PTR_NULL(strstr(sent, "Accept-Encoding"));
    http_test_end(&test);
}

static void a_get_carries_basic_credentials_and_no_body(void)
{
    struct http_test test = http_test_begin(&fine, 1);
    struct http_client_answer answer = {0};
    struct http_client_request request = {.method = "GET",
                                          .url = http_test_url(&test, "http"),
                                          .basic_user = STR("key"),
                                          .basic_password = STR("secret")};
    const char *sent;

    CU_ASSERT_EQUAL(http_client_send(test.client, test.arena, &request, &answer), ERR_OK);
    CU_ASSERT_EQUAL(answer.outcome, HTTP_CLIENT_ANSWERED);
    sent = mock_server_request(test.server, 0);
    CU_ASSERT_PTR_EQUAL(strstr(sent, "GET /path?q=1 HTTP/1.1\r\n"), sent);
    CU_ASSERT_PTR_NOT_NULL(strstr(sent, "\r\nAuthorization: Basic a2V5OnNlY3JldA==\r\n"));
    CU_ASSERT_PTR_NULL(strstr(sent, "Content-Type"));
    http_test_end(&test);
}

static void nothing_is_left_of_the_request_before(void)
{
    struct http_test test = http_test_begin(&kept, 1);
    struct http_client_answer answer = {0};
    struct http_client_request first = {.method = "POST",
                                        .url = http_test_url(&test, "http"),
                                        .bearer = STR("secret"),
                                        .content_type = STR("text/plain"),
                                        .body = STR("first"),
                                        .once = true};
    struct http_client_request second = {.method = "GET", .url = http_test_url(&test, "http")};
    const char *sent;

    CU_ASSERT_EQUAL(http_client_send(test.client, test.arena, &first, &answer), ERR_OK);
    CU_ASSERT_EQUAL(http_client_send(test.client, test.arena, &second, &answer), ERR_OK);
    sent = mock_server_request(test.server, 1);
    CU_ASSERT_PTR_EQUAL(strstr(sent, "GET "), sent);
    CU_ASSERT_PTR_NULL(strstr(sent, "Authorization"));
    CU_ASSERT_PTR_NULL(strstr(sent, "Content-Type"));
    CU_ASSERT_PTR_NULL(strstr(sent, "first"));
    http_test_end(&test);
}

static void ordinary_requests_keep_their_connection(void)
{
    struct http_test test = http_test_begin(&kept, 1);
    struct http_client_answer answer = {0};

    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(http_test_post(&test, false, &answer), ERR_OK);
        CU_ASSERT_EQUAL(answer.outcome, HTTP_CLIENT_ANSWERED);
    }
    CU_ASSERT_EQUAL(mock_server_requests(test.server), 3);
    CU_ASSERT_EQUAL(mock_server_connections(test.server), 1);
    http_test_end(&test);
}

static void requests_that_may_happen_once_never_share_a_connection(void)
{
    struct http_test test = http_test_begin(&kept, 1);
    struct http_client_answer answer = {0};

    CU_ASSERT_EQUAL(http_test_post(&test, false, &answer), ERR_OK);
    CU_ASSERT_EQUAL(http_test_post(&test, true, &answer), ERR_OK);
    CU_ASSERT_EQUAL(http_test_post(&test, true, &answer), ERR_OK);
    CU_ASSERT_EQUAL(mock_server_connections(test.server), 3);
    http_test_end(&test);
}

static void redirects_are_answers_not_followed(void)
{
    static const struct mock_step redirect = {
        MOCK_ANSWER,
        "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", 0,
        0};
    struct http_test test = http_test_begin(&redirect, 1);
    struct http_client_answer answer = {0};

    CU_ASSERT_EQUAL(http_test_post(&test, true, &answer), ERR_OK);
    CU_ASSERT_EQUAL(answer.outcome, HTTP_CLIENT_ANSWERED);
    CU_ASSERT_EQUAL(answer.status, 302);
    CU_ASSERT_EQUAL(answer.body.length, 0);
    CU_ASSERT_PTR_NOT_NULL(answer.body.data);
    CU_ASSERT_EQUAL(mock_server_requests(test.server), 1);
    http_test_end(&test);
}

static void chunked_answers_are_put_together(void)
{
    static const struct mock_step chunked = {
        MOCK_ANSWER,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n",
        0, 0};
    struct http_test test = http_test_begin(&chunked, 1);
    struct http_client_answer answer = {0};

    CU_ASSERT_EQUAL(http_test_post(&test, true, &answer), ERR_OK);
    CU_ASSERT_EQUAL(answer.outcome, HTTP_CLIENT_ANSWERED);
    ASSERT_STR(answer.body, "{\"a\":1}");
    http_test_end(&test);
}

static void compressed_bodies_are_not_unpacked(void)
{
    static const struct mock_step packed = {
        MOCK_ANSWER,
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08!", 0,
        0};
    struct http_test test = http_test_begin(&packed, 1);
    struct http_client_answer answer = {0};

    CU_ASSERT_EQUAL(http_test_post(&test, true, &answer), ERR_OK);
    CU_ASSERT_EQUAL(answer.outcome, HTTP_CLIENT_ANSWERED);
    ASSERT_STR(answer.body, "\x1f\x8b\x08!");
    http_test_end(&test);
}

static void a_proxy_in_the_environment_is_ignored(void)
{
    struct http_test test = http_test_begin(&fine, 1);
    struct http_client_answer answer = {0};

    CU_ASSERT_EQUAL(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    CU_ASSERT_EQUAL(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);
    CU_ASSERT_EQUAL(http_test_post(&test, true, &answer), ERR_OK);
    CU_ASSERT_EQUAL(answer.outcome, HTTP_CLIENT_ANSWERED);
    CU_ASSERT_EQUAL(unsetenv("http_proxy"), 0);
    CU_ASSERT_EQUAL(unsetenv("ALL_PROXY"), 0);
    http_test_end(&test);
}

static void what_may_not_be_sent_is_refused_before(void)
{
    struct http_test test = http_test_begin(&fine, 1);
    struct http_client_answer answer = {.status = 7};
    struct http_client_request request = {.method = "GET", .url = STR("http://10.0.0.1/")};

    CU_ASSERT_EQUAL(http_client_send(test.client, test.arena, &request, &answer), ERR_INVALID);
    request.url = http_test_url(&test, "http");
    request.bearer = STR("a\r\nX: b");
    CU_ASSERT_EQUAL(http_client_send(test.client, test.arena, &request, &answer), ERR_INVALID);
    request.bearer = STR_EMPTY;
    request.method = "DELETE";
    CU_ASSERT_EQUAL(http_client_send(test.client, test.arena, &request, &answer), ERR_INVALID);
    CU_ASSERT_EQUAL(answer.status, 7);
    CU_ASSERT_EQUAL(mock_server_connections(test.server), 0);
    http_test_end(&test);
}

static void several_clients_live_side_by_side(void)
{
    struct http_test first = http_test_begin(&fine, 1);
    struct http_test second = http_test_begin(&fine, 1);
    struct http_client_answer answer = {0};

    http_test_end(&second);
    CU_ASSERT_EQUAL(http_test_post(&first, true, &answer), ERR_OK);
    CU_ASSERT_EQUAL(answer.outcome, HTTP_CLIENT_ANSWERED);
    http_test_end(&first);
    http_client_free(NULL);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_post_carries_body_type_and_bearer),
    TAP_TEST(a_get_carries_basic_credentials_and_no_body),
    TAP_TEST(nothing_is_left_of_the_request_before),
    TAP_TEST(ordinary_requests_keep_their_connection),
    TAP_TEST(requests_that_may_happen_once_never_share_a_connection),
    TAP_TEST(redirects_are_answers_not_followed),
    TAP_TEST(chunked_answers_are_put_together),
    TAP_TEST(compressed_bodies_are_not_unpacked),
    TAP_TEST(a_proxy_in_the_environment_is_ignored),
    TAP_TEST(what_may_not_be_sent_is_refused_before),
    TAP_TEST(several_clients_live_side_by_side),
};

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    return tap_run("http client", tests, ARRAY_LENGTH(tests));
}
