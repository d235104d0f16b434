/* Queries, registrations and tokens against a mock of Daraja. */
#include "risiti/base/base.h"

#include "tap.h"

#include <signal.h>

#include "client_test.h"

/* An answer that ends with its connection. */
#define ANSWER(status, body) \
    { \
        MOCK_ANSWER, "HTTP/1.1 " status "\r\nContent-Type: application/json\r\n\r\n" body, 0, 0 \
    }
#define QUERY_ANSWER(code) \
    ANSWER("200 OK", "{\"ResponseCode\":\"0\",\"ResponseDescription\":\"accepted successsfully\"," \
                     "\"MerchantRequestID\":\"7f21\",\"CheckoutRequestID\":\"ws_CO_1\"," \
                     "\"ResultCode\":" code ",\"ResultDesc\":\"A sentence.\"}")

static struct stk_query_result result;
static struct daraja_answer answer;

static enum err query_send(struct client_test *test)
{
    result = (struct stk_query_result){0};
    answer = (struct daraja_answer){.status = 999};
    return daraja_stk_query(test->daraja, test->arena, &test->config->short_codes[1],
                            STR("ws_CO_1"), &result, &answer);
}

static void check_query(const struct mock_step *step, enum err expected, enum stk_verdict verdict,
                        const char *code)
{
    struct client_test test;

    client_test_begin(&test, step, 1);
    CU_ASSERT_EQUAL(query_send(&test), expected);
    if (expected == ERR_OK) {
        CU_ASSERT_EQUAL(result.verdict, verdict);
        ASSERT_STR(result.result_code, code);
    }
    client_test_end(&test);
}

static void a_query_names_store_and_checkout_id(void)
{
    static const struct mock_step step = QUERY_ANSWER("\"0\"");
    struct client_test test;

    client_test_begin(&test, &step, 1);
    CU_ASSERT_EQUAL(query_send(&test), ERR_OK);
    CU_ASSERT_TRUE(client_test_sent(&test, 0, "POST /mpesa/stkpushquery/v1/query HTTP/1.1\r\n"));
    CU_ASSERT_TRUE(client_test_sent(&test, 0, "Authorization: Bearer token-1\r\n"));
    ASSERT_STR(client_test_member(&test, 0, "BusinessShortCode"), "600333");
    ASSERT_STR(client_test_member(&test, 0, "CheckoutRequestID"), "ws_CO_1");
    ASSERT_STR(result.result_description, "A sentence.");
    client_test_end(&test);
}

static void a_query_gives_code_and_verdict(void)
{
    static const struct mock_step paid = QUERY_ANSWER("\"0\"");
    static const struct mock_step number = QUERY_ANSWER("0");
    static const struct mock_step cancelled = QUERY_ANSWER("\"1032\"");
    static const struct mock_step silent = QUERY_ANSWER("\"1037\"");
    static const struct mock_step processing = QUERY_ANSWER("\"4999\"");
    static const struct mock_step unlisted = QUERY_ANSWER("\"7777\"");
    static const struct mock_step none = QUERY_ANSWER("null");

    check_query(&paid, ERR_OK, STK_VERDICT_PAID, "0");
    check_query(&number, ERR_OK, STK_VERDICT_PAID, "0");
    check_query(&cancelled, ERR_OK, STK_VERDICT_FAILED, "1032");
    check_query(&silent, ERR_OK, STK_VERDICT_PENDING, "1037");
    check_query(&processing, ERR_OK, STK_VERDICT_PENDING, "4999");
    check_query(&unlisted, ERR_OK, STK_VERDICT_PENDING, "7777");
    check_query(&none, ERR_OK, STK_VERDICT_PENDING, "");
}

static void a_query_of_what_is_being_processed_is_pending(void)
{
    static const struct mock_step step = ANSWER(
        "500 Internal Server Error", "{\"requestId\":\"ws_CO_1\",\"errorCode\":\"500.001.1001\","
                                     "\"errorMessage\":\"The transaction is being processed\"}");

    struct client_test test;

    client_test_begin(&test, &step, 1);
    CU_ASSERT_EQUAL(query_send(&test), ERR_OK);
    CU_ASSERT_EQUAL(result.verdict, STK_VERDICT_PENDING);
    CU_ASSERT_EQUAL(result.result_code.length, 0);
    ASSERT_STR(result.result_description, "The transaction is being processed");
    ASSERT_STR(answer.code, "500.001.1001");
    client_test_end(&test);
}

static void a_query_that_fails_decides_nothing(void)
{
    static const struct mock_step other =
        ANSWER("200 OK", "{\"ResponseCode\":\"0\",\"CheckoutRequestID\":\"ws_CO_2\","
                         "\"ResultCode\":\"1032\"}");
    static const struct mock_step invalid = ANSWER(
        "400 Bad Request", "{\"errorCode\":\"400.002.02\",\"errorMessage\":\"Bad Request\"}");
    static const struct mock_step html = ANSWER("503 Service Unavailable", "<html></html>");
    static const struct mock_step closed = {MOCK_CLOSE, NULL, 0, 0};

    check_query(&other, ERR_PUSH_UNKNOWN, STK_VERDICT_PENDING, "");
    check_query(&invalid, ERR_PUSH_REFUSED, STK_VERDICT_PENDING, "");
    check_query(&html, ERR_PUSH_UNKNOWN, STK_VERDICT_PENDING, "");
    check_query(&closed, ERR_PUSH_UNKNOWN, STK_VERDICT_PENDING, "");
}

static enum err register_send(struct client_test *test)
{
    answer = (struct daraja_answer){.status = 999};
    return daraja_c2b_register(test->daraja, test->arena, &test->config->short_codes[0],
                               STR("https://pay.example/h/c"), STR("https://pay.example/h/v"),
                               &answer);
}

static void check_register(const struct mock_step *step, enum err expected, enum daraja_reply reply)
{
    struct client_test test;

    client_test_begin(&test, step, 1);
    CU_ASSERT_EQUAL(register_send(&test), expected);
    CU_ASSERT_EQUAL(answer.reply, reply);
    client_test_end(&test);
}

static void a_registration_carries_both_urls(void)
{
    static const struct mock_step step =
        ANSWER("200 OK", "{\"OriginatorCoversationID\":\"x\",\"ResponseCode\":\"0\","
                         "\"ResponseDescription\":\"Success\"}");
    struct client_test test;

    client_test_begin(&test, &step, 1);
    CU_ASSERT_EQUAL(register_send(&test), ERR_OK);
    CU_ASSERT_TRUE(client_test_sent(&test, 0, "POST /mpesa/c2b/v2/registerurl HTTP/1.1\r\n"));
    ASSERT_STR(client_test_member(&test, 0, "ShortCode"), "600111");
    ASSERT_STR(client_test_member(&test, 0, "ResponseType"), "Completed");
    ASSERT_STR(client_test_member(&test, 0, "ConfirmationURL"), "https://pay.example/h/c");
    ASSERT_STR(client_test_member(&test, 0, "ValidationURL"), "https://pay.example/h/v");
    test.config->daraja_c2b_version = 0;
    test.config->short_codes[0].reject_on_timeout = true;
    CU_ASSERT_EQUAL(register_send(&test), ERR_OK);
    CU_ASSERT_TRUE(client_test_sent(&test, 1, "POST /mpesa/c2b/v1/registerurl HTTP/1.1\r\n"));
    ASSERT_STR(client_test_member(&test, 1, "ResponseType"), "Cancelled");
    client_test_end(&test);
}

static void registrations_are_judged_by_code_and_text(void)
{
    static const struct mock_step plain =
        ANSWER("200 OK", "{\"OriginatorCoversationID\":\"x\",\"ResponseDescription\":\"success\"}");
    static const struct mock_step twice =
        ANSWER("500 Internal Server Error", "{\"errorCode\":\"500.003.1001\","
                                            "\"errorMessage\":\"Urls are already registered.\"}");
    static const struct mock_step broken =
        ANSWER("500 Internal Server Error",
               "{\"errorCode\":\"500.003.1001\",\"errorMessage\":\"Internal Server Error\"}");
    static const struct mock_step word =
        ANSWER("400 Bad Request",
               "{\"errorCode\":\"400.003.02\",\"errorMessage\":\"URL has the word MPESA\"}");

    check_register(&plain, ERR_OK, DARAJA_REPLY_ACCEPTED);
    check_register(&twice, ERR_OK, DARAJA_REPLY_ALREADY);
    check_register(&broken, ERR_PUSH_UNKNOWN, DARAJA_REPLY_UNKNOWN);
    check_register(&word, ERR_PUSH_REFUSED, DARAJA_REPLY_REFUSED);
}

/* The error, and the token and its lifetime when there is one. */
static void check_oauth(const struct mock_step *step, enum err expected, const char *token,
                        int64_t lifetime_seconds)
{
    struct client_test test;
    struct str ret_token = STR_EMPTY;
    int64_t ret_lifetime_seconds = -1;

    client_test_begin(&test, step, 1);
    answer = (struct daraja_answer){.status = 999};
    CU_ASSERT_EQUAL(
        daraja_oauth(test.daraja, test.arena, &ret_token, &ret_lifetime_seconds, &answer),
        expected);
    ASSERT_STR(ret_token, token);
    CU_ASSERT_EQUAL(ret_lifetime_seconds, lifetime_seconds);
    CU_ASSERT_PTR_NULL(answer.body.data);
    CU_ASSERT_NOT_EQUAL(answer.status, 999);
    client_test_end(&test);
}

static void a_token_is_asked_for_with_basic_credentials(void)
{
    static const struct mock_step step =
        ANSWER("200 OK", "{\"access_token\":\"abc\",\"expires_in\":\"3599\"}");
    struct client_test test;
    struct str token;
    int64_t lifetime_seconds;

    client_test_begin(&test, &step, 1);
    CU_ASSERT_EQUAL(daraja_oauth(test.daraja, test.arena, &token, &lifetime_seconds, &answer),
                    ERR_OK);
    CU_ASSERT_TRUE(client_test_sent(
        &test, 0, "GET /oauth/v1/generate?grant_type=client_credentials HTTP/1.1\r\n"));
    CU_ASSERT_TRUE(client_test_sent(&test, 0, "Authorization: Basic a2V5OnNlY3JldA==\r\n"));
    client_test_end(&test);
}

static void lifetimes_come_as_text_or_number(void)
{
    static const struct mock_step text =
        ANSWER("200 OK", "{\"access_token\":\"abc\",\"expires_in\":\"3599\"}");
    static const struct mock_step number =
        ANSWER("200 OK", "{\"access_token\":\"abc\",\"expires_in\":3600}");
    static const struct mock_step none = ANSWER("200 OK", "{\"access_token\":\"abc\"}");
    static const struct mock_step strange =
        ANSWER("200 OK", "{\"access_token\":\"abc\",\"expires_in\":\"soon\"}");

    check_oauth(&text, ERR_OK, "abc", 3599);
    check_oauth(&number, ERR_OK, "abc", 3600);
    check_oauth(&none, ERR_OK, "abc", 600);
    check_oauth(&strange, ERR_OK, "abc", 600);
}

static void refused_credentials_are_told_by_the_status(void)
{
    static const struct mock_step empty400 = ANSWER("400 Bad Request", "");
    static const struct mock_step empty401 = ANSWER("401 Unauthorized", "");
    static const struct mock_step coded =
        ANSWER("400 Bad Request",
               "{\"errorCode\":\"400.008.01\",\"errorMessage\":\"Invalid Authentication passed\"}");

    check_oauth(&empty400, ERR_DARAJA_AUTH, "", -1);
    check_oauth(&empty401, ERR_DARAJA_AUTH, "", -1);
    check_oauth(&coded, ERR_DARAJA_AUTH, "", -1);
    CU_ASSERT_EQUAL(answer.status, 400);
}

static void anything_else_gives_no_token(void)
{
    static const struct mock_step steps[] = {
        ANSWER("403 Forbidden", "<html></html>"),
        ANSWER("503 Service Unavailable", "<html></html>"),
        ANSWER("200 OK", ""),
        ANSWER("200 OK", "{}"),
        ANSWER("200 OK", "{\"access_token\":\"\"}"),
        ANSWER("200 OK", "{\"access_token\":\"a b\"}"),
        ANSWER("200 OK", "{\"access_token\":\"a\\r\\nX: y\"}"),
        ANSWER("200 OK", "{\"access_token\":7}"),
        {MOCK_CLOSE, NULL, 0, 0},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++)
        check_oauth(&steps[i], ERR_DARAJA_DOWN, "", -1);
}

static void without_credentials_nobody_is_asked(void)
{
    static const struct mock_step step = {MOCK_CLOSE, NULL, 0, 0};
    struct client_test test;
    struct str token;
    int64_t lifetime_seconds;

    client_test_begin(&test, &step, 1);
    test.config->daraja_consumer_secret.text[0] = '\0';
    CU_ASSERT_EQUAL(daraja_oauth(test.daraja, test.arena, &token, &lifetime_seconds, &answer),
                    ERR_DARAJA_AUTH);
    CU_ASSERT_FALSE(answer.sent);
    CU_ASSERT_EQUAL(mock_server_connections(test.server), 0);
    client_test_end(&test);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_query_names_store_and_checkout_id),
    TAP_TEST(a_query_gives_code_and_verdict),
    TAP_TEST(a_query_of_what_is_being_processed_is_pending),
    TAP_TEST(a_query_that_fails_decides_nothing),
    TAP_TEST(a_registration_carries_both_urls),
    TAP_TEST(registrations_are_judged_by_code_and_text),
    TAP_TEST(a_token_is_asked_for_with_basic_credentials),
    TAP_TEST(lifetimes_come_as_text_or_number),
    TAP_TEST(refused_credentials_are_told_by_the_status),
    TAP_TEST(anything_else_gives_no_token),
    TAP_TEST(without_credentials_nobody_is_asked),
};

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    return tap_run("daraja calls", tests, ARRAY_LENGTH(tests));
}
