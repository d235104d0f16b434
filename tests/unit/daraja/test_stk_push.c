/* Pushes against a mock of Daraja: what is sent, how often, and what each answer means. */
#include "risiti/base/base.h"

#include "tap.h"

#include <signal.h>

#include "client_test.h"

#include "risiti/base/clock.h"

/* An answer that ends with its connection. */
#define ANSWER(status, type, body) "HTTP/1.1 " status "\r\nContent-Type: " type "\r\n\r\n" body
#define ACCEPTED \
    ANSWER("200 OK", "application/json", \
           "{\"MerchantRequestID\":\"7f21-1\",\"CheckoutRequestID\":\"ws_CO_1\"," \
           "\"ResponseCode\":\"0\",\"ResponseDescription\":\"Success. Request accepted\"}")
#define ERROR_BODY(code, message) \
    "{\"requestId\":\"1c5b\",\"errorCode\":\"" code "\",\"errorMessage\":\"" message "\"}"
#define ERROR(status, code, message) \
    { \
        MOCK_ANSWER, ANSWER(status, "application/json", ERROR_BODY(code, message)), 0, 0 \
    }

static struct stk_push_accepted accepted;
static struct daraja_answer answer;

static enum err push_send(struct client_test *test)
{
    struct stk_push push = {.short_code = &test->config->short_codes[0],
                            .phone = {"254712345678"},
                            .amount_shillings = 150,
                            .account_reference = STR("A7Q2M9"),
                            .description = STR("Order"),
                            .callback_url = STR("https://pay.example/h/1/stk")};

    accepted = (struct stk_push_accepted){0};
    answer = (struct daraja_answer){.status = 999};
    return daraja_stk_push(test->daraja, test->arena, &push, &accepted, &answer);
}

/* One answer of Daraja, what it makes of a push, and how often the push is sent. */
static void check_push(const struct mock_step *step, enum err expected, enum daraja_reply reply,
                       bool is_sent)
{
    struct client_test test;
    enum err err;

    client_test_begin(&test, step, 1);
    err = push_send(&test);
    CU_ASSERT_EQUAL(err, expected);
    CU_ASSERT_EQUAL(answer.reply, reply);
    CU_ASSERT_EQUAL(answer.sent, is_sent);
    CU_ASSERT_EQUAL(mock_server_requests(test.server), 1);
    CU_ASSERT_PTR_NULL(accepted.checkout_request_id.data);
    if (err != expected)
        printf("# %s gave %s\n", step->text != NULL ? step->text : "(nothing)", err_name(err));
    client_test_end(&test);
}

static void an_accepted_push_gives_its_ids(void)
{
    static const struct mock_step step = {
        MOCK_ANSWER,
        ANSWER("200 OK", "application/json",
               "{\"MerchantRequestID\":\"7f21-4c0d\",\"CheckoutRequestID\":\"ws_CO_1\","
               "\"ResponseCode\":\"0\",\"ResponseDescription\":\"Success. Request accepted\","
               "\"CustomerMessage\":\"x\"}"),
        0, 0};
    struct client_test test;

    client_test_begin(&test, &step, 1);
    CU_ASSERT_EQUAL(push_send(&test), ERR_OK);
    ASSERT_STR(accepted.checkout_request_id, "ws_CO_1");
    ASSERT_STR(accepted.merchant_request_id, "7f21-4c0d");
    CU_ASSERT_EQUAL(answer.reply, DARAJA_REPLY_ACCEPTED);
    CU_ASSERT_EQUAL(answer.status, 200);
    ASSERT_STR(answer.code, "0");
    ASSERT_STR(answer.message, "Success. Request accepted");
    CU_ASSERT_TRUE(str_starts_with(answer.body, STR("{\"MerchantRequestID\"")));
    CU_ASSERT_PTR_NULL(answer.why);
    client_test_end(&test);
}

static void the_request_has_path_token_and_numbers(void)
{
    static const struct mock_step step = ERROR("400 Bad Request", "400.002.02", "x");
    struct client_test test;
    const struct jread *body;

    client_test_begin(&test, &step, 1);
    CU_ASSERT_EQUAL(push_send(&test), ERR_PUSH_REFUSED);
    CU_ASSERT_TRUE(
        client_test_sent(&test, 0, "POST /mpesa/stkpush/v1/processrequest HTTP/1.1\r\n"));
    CU_ASSERT_TRUE(client_test_sent(&test, 0, "Authorization: Bearer token-1\r\n"));
    CU_ASSERT_TRUE(client_test_sent(&test, 0, "Content-Type: application/json\r\n"));
    body = client_test_body(&test, 0);
    CU_ASSERT_EQUAL(jread_type(jread_member(body, "Amount")), JREAD_NUMBER);
    CU_ASSERT_EQUAL(jread_type(jread_member(body, "PhoneNumber")), JREAD_NUMBER);
    CU_ASSERT_EQUAL(jread_type(jread_member(body, "Timestamp")), JREAD_STRING);
    ASSERT_STR(client_test_member(&test, 0, "Amount"), "150");
    client_test_end(&test);
}

static void listed_refusals_are_refused(void)
{
    static const struct mock_step steps[] = {
        ERROR("400 Bad Request", "400.002.02", "Bad Request - Invalid PhoneNumber"),
        ERROR("200 OK", "400.002.02", "Bad Request - Invalid PhoneNumber"),
        ERROR("500 Internal Server Error", "500.001.1001", "Merchant does not exist"),
        ERROR("500 Internal Server Error", "500.001.1001",
              "[MerchantValidate] - Wrong credentials"),
        ERROR("404 Not Found", "404.001.01", "Resource not found"),
        {MOCK_ANSWER,
         ANSWER("200 OK", "application/json",
                "{\"ResponseCode\":\"1\",\"ResponseDescription\":\"Rejected\"}"),
         0, 0},
        {MOCK_ANSWER,
         ANSWER("401 Unauthorized", "text/plain",
                "Error: Invalid API call as no apiproduct match found"),
         0, 0},
        {MOCK_ANSWER,
         ANSWER("401 Unauthorized", "application/json",
                "{\"fault\":{\"faultstring\":\"Invalid API call as no apiproduct match found\","
                "\"detail\":{\"errorcode\":\"keymanagement.service\"}}}"),
         0, 0},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++)
        check_push(&steps[i], ERR_PUSH_REFUSED, DARAJA_REPLY_REFUSED, true);
}

static void busy_is_refused_and_told_apart(void)
{
    static const struct mock_step steps[] = {
        ERROR("500 Internal Server Error", "500.003.02", "System is busy"),
        ERROR("500 Internal Server Error", "500.003.02", "Spike Arrest Violation"),
        ERROR("500 Internal Server Error", "500.003.03", "Quota Violation"),
    };

    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++)
        check_push(&steps[i], ERR_PUSH_REFUSED, DARAJA_REPLY_BUSY, true);
}

static void a_locked_subscriber_is_told_apart(void)
{
    static const struct mock_step step =
        ERROR("500 Internal Server Error", "500.001.1001",
              "Unable to lock subscriber, a transaction is already in process");

    check_push(&step, ERR_PUSH_LOCKED, DARAJA_REPLY_LOCKED, true);
}

static void answers_that_say_nothing_are_unknown(void)
{
    static const struct mock_step steps[] = {
        {MOCK_ANSWER, ANSWER("403 Forbidden", "text/html", "<html>Blocked</html>"), 0, 0},
        {MOCK_ANSWER, ANSWER("429 Too Many Requests", "text/html", "<html></html>"), 0, 0},
        {MOCK_ANSWER, ANSWER("503 Service Unavailable", "text/html", "<html>x</html>"), 0, 0},
        {MOCK_ANSWER, ANSWER("200 OK", "text/html", "<html>Success</html>"), 0, 0},
        {MOCK_ANSWER, ANSWER("200 OK", "application/json", ""), 0, 0},
        {MOCK_ANSWER, ANSWER("500 Internal Server Error", "application/json", ""), 0, 0},
        {MOCK_ANSWER, ANSWER("200 OK", "application/json", "{}"), 0, 0},
        {MOCK_ANSWER, ANSWER("200 OK", "application/json", "[]"), 0, 0},
        {MOCK_ANSWER, ANSWER("200 OK", "application/json", "{\"ResponseCode\":\"0\""), 0, 0},
        {MOCK_ANSWER, ANSWER("302 Found", "text/html", ""), 0, 0},
        {MOCK_ANSWER,
         ANSWER("500 Internal Server Error", "application/json",
                "{\"Envelope\":{\"Body\":{\"Fault\":{\"faultcode\":\"soap:Server\","
                "\"faultstring\":\"ServiceCallout ResponseCode 409\"}}}}"),
         0, 0},
        ERROR("500 Internal Server Error", "500.001.1001", "The transaction is something"),
        ERROR("500 Internal Server Error", "500.002.1001", "Service is unreachable"),
        ERROR("503 Service Unavailable", "503.000.00", "x"),
    };

    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++)
        check_push(&steps[i], ERR_PUSH_UNKNOWN, DARAJA_REPLY_UNKNOWN, true);
}

static void being_processed_is_unknown_for_a_push(void)
{
    static const struct mock_step step =
        ERROR("500 Internal Server Error", "500.001.1001", "The transaction is being processed");

    check_push(&step, ERR_PUSH_UNKNOWN, DARAJA_REPLY_PENDING, true);
}

static void accepted_without_an_id_is_unknown(void)
{
    static const struct mock_step steps[] = {
        {MOCK_ANSWER,
         ANSWER("200 OK", "application/json",
                "{\"ResponseCode\":\"0\",\"ResponseDescription\":\"Success\"}"),
         0, 0},
        {MOCK_ANSWER,
         ANSWER("200 OK", "application/json",
                "{\"ResponseCode\":\"0\",\"CheckoutRequestID\":\"\"}"),
         0, 0},
        {MOCK_ANSWER,
         ANSWER("200 OK", "application/json",
                "{\"ResponseCode\":\"0\",\"CheckoutRequestID\":\"1234567890123456789012345678901234"
                "567890123456789012345678901234567890\"}"),
         0, 0},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++)
        check_push(&steps[i], ERR_PUSH_UNKNOWN, DARAJA_REPLY_UNKNOWN, true);
}

static void broken_connections_are_unknown_and_never_repeated(void)
{
    static const struct mock_step steps[] = {
        {MOCK_CLOSE, NULL, 0, 0},
        {MOCK_RESET, NULL, 0, 0},
        {MOCK_RESET, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", 0, 0},
        {MOCK_ANSWER_LATE, NULL, 1500, 0},
        {MOCK_TRICKLE, "HTTP/1.1 200 OK\r\n\r\n", 0, 0},
        {MOCK_FLOOD, "HTTP/1.1 200 OK\r\n\r\n", 0, 1024 * 1024},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
        check_push(&steps[i], ERR_PUSH_UNKNOWN, DARAJA_REPLY_UNKNOWN, true);
        CU_ASSERT_PTR_NOT_NULL(answer.why);
    }
}

static void nothing_is_sent_to_a_server_that_is_not_there(void)
{
    static const struct mock_step step = {MOCK_CLOSE, NULL, 0, 0};
    struct client_test test;

    client_test_begin(&test, &step, 1);
    client_test_stop_server(&test);
    CU_ASSERT_EQUAL(push_send(&test), ERR_DARAJA_DOWN);
    CU_ASSERT_FALSE(answer.sent);
    CU_ASSERT_PTR_NOT_NULL(answer.why);
    CU_ASSERT_EQUAL(answer.status, 0);
    client_test_end(&test);
}

static void a_refused_token_is_replaced_and_the_push_sent_once_more(void)
{
    static const struct mock_step refusals[][2] = {
        {ERROR("400 Bad Request", "400.003.01", "Invalid Access Token"),
         {MOCK_ANSWER, ACCEPTED, 0, 0}},
        {ERROR("404 Not Found", "404.001.03", "Invalid Access Token"),
         {MOCK_ANSWER, ACCEPTED, 0, 0}},
        {ERROR("401 Unauthorized", "401.002.01", "Invalid Token"), {MOCK_ANSWER, ACCEPTED, 0, 0}},
        {ERROR("401 Unauthorized", "401.003.01", "Invalid Token"), {MOCK_ANSWER, ACCEPTED, 0, 0}},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++) {
        struct client_test test;

        client_test_begin(&test, refusals[i], 2);
        CU_ASSERT_EQUAL(push_send(&test), ERR_OK);
        ASSERT_STR(accepted.checkout_request_id, "ws_CO_1");
        CU_ASSERT_EQUAL(test.tokens.asked, 2);
        CU_ASSERT_STRING_EQUAL(test.tokens.rejected, "token-1");
        CU_ASSERT_TRUE(client_test_sent(&test, 1, "Authorization: Bearer token-2\r\n"));
        CU_ASSERT_EQUAL(mock_server_requests(test.server), 2);
        CU_ASSERT_EQUAL(mock_server_connections(test.server), 2);
        client_test_end(&test);
    }
}

static void a_second_refusal_of_the_token_ends_it(void)
{
    static const struct mock_step step =
        ERROR("404 Not Found", "404.001.03", "Invalid Access Token - token-1");
    struct client_test test;

    client_test_begin(&test, &step, 1);
    CU_ASSERT_EQUAL(push_send(&test), ERR_DARAJA_AUTH);
    CU_ASSERT_EQUAL(mock_server_requests(test.server), 2);
    CU_ASSERT_EQUAL(answer.reply, DARAJA_REPLY_TOKEN);
    ASSERT_STR(answer.message, "Invalid Access Token");
    CU_ASSERT_PTR_NULL(answer.body.data);
    client_test_end(&test);
}

static void a_resent_push_that_is_lost_is_unknown(void)
{
    static const struct mock_step steps[] = {
        ERROR("404 Not Found", "404.001.03", "Invalid Access Token"), {MOCK_CLOSE, NULL, 0, 0}};
    struct client_test test;

    client_test_begin(&test, steps, ARRAY_LENGTH(steps));
    CU_ASSERT_EQUAL(push_send(&test), ERR_PUSH_UNKNOWN);
    CU_ASSERT_EQUAL(mock_server_requests(test.server), 2);
    client_test_end(&test);
}

static void without_a_token_nothing_is_sent(void)
{
    static const struct mock_step step = {MOCK_ANSWER, ACCEPTED, 0, 0};
    struct client_test test;

    client_test_begin(&test, &step, 1);
    test.tokens.err = ERR_DARAJA_DOWN;
    CU_ASSERT_EQUAL(push_send(&test), ERR_DARAJA_DOWN);
    test.tokens.err = ERR_DB_AWAY;
    CU_ASSERT_EQUAL(push_send(&test), ERR_DB_AWAY);
    CU_ASSERT_FALSE(answer.sent);
    CU_ASSERT_PTR_NOT_NULL(answer.why);
    CU_ASSERT_EQUAL(mock_server_connections(test.server), 0);
    client_test_end(&test);
}

static void without_time_for_an_answer_nothing_is_sent(void)
{
    static const struct mock_step step = {MOCK_ANSWER, ACCEPTED, 0, 0};
    struct client_test test;

    client_test_begin(&test, &step, 1);
    test.tokens.delay_ms = 700;
    CU_ASSERT_EQUAL(push_send(&test), ERR_DARAJA_DOWN);
    CU_ASSERT_FALSE(answer.sent);
    CU_ASSERT_EQUAL(mock_server_connections(test.server), 0);
    test.tokens.delay_ms = 0;
    CU_ASSERT_EQUAL(push_send(&test), ERR_OK);
    client_test_end(&test);
}

static void a_push_has_only_the_time_that_its_token_left(void)
{
    static const struct mock_step step = {MOCK_ANSWER_LATE, ACCEPTED, 900, 0};
    struct client_test test;
    int64_t started_ms = clock_monotonic_ms();

    client_test_begin(&test, &step, 1);
    test.tokens.delay_ms = 400;
    CU_ASSERT_EQUAL(push_send(&test), ERR_PUSH_UNKNOWN);
    CU_ASSERT_TRUE(clock_monotonic_ms() - started_ms < 1250);
    client_test_end(&test);
}

static void impossible_pushes_are_not_sent(void)
{
    static const struct mock_step step = {MOCK_ANSWER, ACCEPTED, 0, 0};
    struct stk_push push = {.phone = {"254712345678"}};
    struct client_test test;

    client_test_begin(&test, &step, 1);
    push.short_code = &test.config->short_codes[0];
    CU_ASSERT_EQUAL(daraja_stk_push(test.daraja, test.arena, &push, &accepted, &answer),
                    ERR_INVALID);
    CU_ASSERT_FALSE(answer.sent);
    CU_ASSERT_EQUAL(test.tokens.asked, 0);
    CU_ASSERT_EQUAL(mock_server_connections(test.server), 0);
    client_test_end(&test);
}

static void an_address_that_may_not_be_called_is_a_wrong_configuration(void)
{
    static const struct mock_step step = {MOCK_ANSWER, ACCEPTED, 0, 0};
    struct client_test test;

    client_test_begin(&test, &step, 1);
    test.config->service_allow_http = false;
    CU_ASSERT_EQUAL(push_send(&test), ERR_CONFIG);
    CU_ASSERT_FALSE(answer.sent);
    CU_ASSERT_EQUAL(mock_server_connections(test.server), 0);
    client_test_end(&test);
}

static void texts_of_answers_are_harmless_and_short(void)
{
    static const struct mock_step step =
        ERROR("400 Bad Request", "400.002.02", "Bad\\u001b[31m \\u202e\\nRequest");
    struct client_test test;

    client_test_begin(&test, &step, 1);
    CU_ASSERT_EQUAL(push_send(&test), ERR_PUSH_REFUSED);
    ASSERT_STR(answer.message, "Bad?[31m ??Request");
    CU_ASSERT_TRUE(answer.message.length <= 255);
    client_test_end(&test);
}

static const struct tap_test tests[] = {
    TAP_TEST(an_accepted_push_gives_its_ids),
    TAP_TEST(the_request_has_path_token_and_numbers),
    TAP_TEST(listed_refusals_are_refused),
    TAP_TEST(busy_is_refused_and_told_apart),
    TAP_TEST(a_locked_subscriber_is_told_apart),
    TAP_TEST(answers_that_say_nothing_are_unknown),
    TAP_TEST(being_processed_is_unknown_for_a_push),
    TAP_TEST(accepted_without_an_id_is_unknown),
    TAP_TEST(broken_connections_are_unknown_and_never_repeated),
    TAP_TEST(nothing_is_sent_to_a_server_that_is_not_there),
    TAP_TEST(a_refused_token_is_replaced_and_the_push_sent_once_more),
    TAP_TEST(a_second_refusal_of_the_token_ends_it),
    TAP_TEST(a_resent_push_that_is_lost_is_unknown),
    TAP_TEST(without_a_token_nothing_is_sent),
    TAP_TEST(without_time_for_an_answer_nothing_is_sent),
    TAP_TEST(a_push_has_only_the_time_that_its_token_left),
    TAP_TEST(impossible_pushes_are_not_sent),
    TAP_TEST(an_address_that_may_not_be_called_is_a_wrong_configuration),
    TAP_TEST(texts_of_answers_are_harmless_and_short),
};

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    return tap_run("stk push", tests, ARRAY_LENGTH(tests));
}
