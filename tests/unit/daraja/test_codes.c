/* Which codes are final, and what an answer to a call means: every row of the tables. */
#include "risiti/base/base.h"

#include "tap.h"

#include "risiti/daraja/codes.h"

static enum stk_verdict by_callback(const char *code)
{
    return stk_code_verdict(str_from(code), STK_SOURCE_CALLBACK);
}

static enum stk_verdict by_query(const char *code)
{
    return stk_code_verdict(str_from(code), STK_SOURCE_QUERY);
}

static void zero_alone_is_paid(void)
{
    CU_ASSERT_EQUAL(by_callback("0"), STK_VERDICT_PAID);
    CU_ASSERT_EQUAL(by_query("0"), STK_VERDICT_PAID);
    CU_ASSERT_EQUAL(by_callback("00"), STK_VERDICT_PENDING);
    CU_ASSERT_EQUAL(by_callback("0.0"), STK_VERDICT_PENDING);
    CU_ASSERT_EQUAL(by_callback(" 0"), STK_VERDICT_PENDING);
    CU_ASSERT_EQUAL(by_callback(""), STK_VERDICT_PENDING);
}

static void listed_codes_are_final_from_both_sources(void)
{
    static const char *const codes[] = {"1",    "2",    "3",    "4",         "8",    "17",
                                        "26",   "1001", "1019", "1025",      "1032", "2001",
                                        "2028", "8006", "9999", "SFC_IC0003"};

    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        CU_ASSERT_EQUAL(by_callback(codes[i]), STK_VERDICT_FAILED);
        CU_ASSERT_EQUAL(by_query(codes[i]), STK_VERDICT_FAILED);
        CU_ASSERT_PTR_NOT_NULL(stk_code_meaning(str_from(codes[i])));
    }
}

static void no_answer_is_final_from_a_callback_only(void)
{
    CU_ASSERT_EQUAL(by_callback("1037"), STK_VERDICT_FAILED);
    CU_ASSERT_EQUAL(by_query("1037"), STK_VERDICT_PENDING);
}

static void still_processing_is_never_final(void)
{
    CU_ASSERT_EQUAL(by_callback("4999"), STK_VERDICT_PENDING);
    CU_ASSERT_EQUAL(by_query("4999"), STK_VERDICT_PENDING);
}

static void unlisted_codes_are_pending_and_have_no_meaning(void)
{
    static const char *const codes[] = {"1036", "1031", "5",   "99",         "10320",
                                        "103",  "-1",   "1e0", "sfc_ic0003", "500.001.1001"};

    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        CU_ASSERT_EQUAL(by_callback(codes[i]), STK_VERDICT_PENDING);
        CU_ASSERT_EQUAL(by_query(codes[i]), STK_VERDICT_PENDING);
        CU_ASSERT_PTR_NULL(stk_code_meaning(str_from(codes[i])));
    }
    CU_ASSERT_PTR_NULL(stk_code_meaning(STR_EMPTY));
}

/* One answer and what it means. */
struct reply_case {
    unsigned status;
    const char *code, *message;
    enum daraja_reply reply;
};

static void check_replies(const struct reply_case *cases, size_t case_count)
{
    for (size_t i = 0; i < case_count; i++) {
        enum daraja_reply reply = daraja_reply_classify(cases[i].status, str_from(cases[i].code),
                                                        str_from(cases[i].message));

        CU_ASSERT_EQUAL(reply, cases[i].reply);
        if (reply != cases[i].reply)
            printf("# %u %s \"%s\" gave %d\n", cases[i].status, cases[i].code, cases[i].message,
                   (int)reply);
    }
}

static void success_is_accepted(void)
{
    static const struct reply_case cases[] = {
        {200, "0", "Success. Request accepted for processing", DARAJA_REPLY_ACCEPTED},
        {200, "0", "", DARAJA_REPLY_ACCEPTED},
        {200, "", "Success", DARAJA_REPLY_ACCEPTED},
        {200, "", "success", DARAJA_REPLY_ACCEPTED},
        {500, "0", "Success", DARAJA_REPLY_UNKNOWN},
        {400, "0", "Success", DARAJA_REPLY_UNKNOWN},
    };

    check_replies(cases, ARRAY_LENGTH(cases));
}

static void invalid_tokens_are_told_by_four_codes(void)
{
    static const struct reply_case cases[] = {
        {400, "400.003.01", "Invalid Access Token", DARAJA_REPLY_TOKEN},
        {404, "404.001.03", "Invalid Access Token", DARAJA_REPLY_TOKEN},
        {401, "401.002.01", "Error Occurred - Invalid Access Token - x", DARAJA_REPLY_TOKEN},
        {401, "401.003.01", "Error Occurred - Invalid Access Token", DARAJA_REPLY_TOKEN},
        {200, "404.001.03", "Invalid Access Token", DARAJA_REPLY_TOKEN},
        {401, "", "", DARAJA_REPLY_UNKNOWN},
        {401, "401.003.01", "Invalid API call as no apiproduct match found", DARAJA_REPLY_REFUSED},
        {401, "", "... Invalid API call as No ApiProduct match found", DARAJA_REPLY_REFUSED},
    };

    check_replies(cases, ARRAY_LENGTH(cases));
}

static void client_errors_are_refused(void)
{
    static const struct reply_case cases[] = {
        {400, "400.002.02", "Bad Request - Invalid PhoneNumber", DARAJA_REPLY_REFUSED},
        {200, "400.002.02", "Bad Request - Invalid Amount", DARAJA_REPLY_REFUSED},
        {400, "400.002.05", "Invalid Request Payload", DARAJA_REPLY_REFUSED},
        {400, "400.003.02", "Invalid ValidationURL - URL has the word MPESA", DARAJA_REPLY_REFUSED},
        {400, "400.008.01", "Invalid Authentication passed", DARAJA_REPLY_REFUSED},
        {400, "400.008.02", "Invalid grant type passed", DARAJA_REPLY_REFUSED},
        {404, "404.001.01", "Resource not found", DARAJA_REPLY_REFUSED},
        {404, "404.003.01", "Resource not found", DARAJA_REPLY_REFUSED},
        {404, "404.001.04", "Invalid Header", DARAJA_REPLY_REFUSED},
        {405, "405.001", "Method Not Allowed", DARAJA_REPLY_REFUSED},
        {400, "400.009.99", "a new one", DARAJA_REPLY_REFUSED},
        {200, "1", "Rejected", DARAJA_REPLY_REFUSED},
        {400, "1", "Rejected", DARAJA_REPLY_REFUSED},
        {200, "1025", "An error occurred while sending a push request", DARAJA_REPLY_REFUSED},
    };

    check_replies(cases, ARRAY_LENGTH(cases));
}

static void one_code_has_four_meanings_by_its_text(void)
{
    static const struct reply_case cases[] = {
        {500, "500.001.1001", "Merchant does not exist", DARAJA_REPLY_REFUSED},
        {500, "500.001.1001", "[MerchantValidate] - Wrong credentials", DARAJA_REPLY_REFUSED},
        {500, "500.001.1001",
         "Unable to lock subscriber, a transaction is already in process for the current "
         "subscriber",
         DARAJA_REPLY_LOCKED},
        {500, "500.001.1001", "UNABLE TO LOCK SUBSCRIBER", DARAJA_REPLY_LOCKED},
        {500, "500.001.1001", "a transaction is Already in Process", DARAJA_REPLY_LOCKED},
        {500, "500.001.1001", "The transaction is being processed", DARAJA_REPLY_PENDING},
        {500, "500.001.1001", "the transaction IS BEING PROCESSED", DARAJA_REPLY_PENDING},
        {500, "500.001.1001", "Something else", DARAJA_REPLY_UNKNOWN},
        {500, "500.001.1001", "", DARAJA_REPLY_UNKNOWN},
        {200, "1001", "Subscriber locked", DARAJA_REPLY_LOCKED},
        {200, "4999", "The transaction is still under processing", DARAJA_REPLY_PENDING},
    };

    check_replies(cases, ARRAY_LENGTH(cases));
}

static void busy_is_refused_before_processing(void)
{
    static const struct reply_case cases[] = {
        {500, "500.003.02", "System is busy. Please try again in few minutes.", DARAJA_REPLY_BUSY},
        {500, "500.003.02", "Error Occurred: Spike Arrest Violation", DARAJA_REPLY_BUSY},
        {500, "500.003.03", "Error Occurred: Quota Violation", DARAJA_REPLY_BUSY},
        {429, "policies.ratelimit.SpikeArrestViolation", "Spike arrest violation. Allowed rate 5ps",
         DARAJA_REPLY_BUSY},
        {200, "26", "System busy", DARAJA_REPLY_BUSY},
    };

    check_replies(cases, ARRAY_LENGTH(cases));
}

static void a_second_registration_is_told_by_its_text(void)
{
    static const struct reply_case cases[] = {
        {500, "500.003.1001", "Urls are already registered.", DARAJA_REPLY_ALREADY},
        {500, "500.003.1001", "Duplicate notification info, SP ID 1", DARAJA_REPLY_ALREADY},
        {500, "500.003.1001", "Internal Server Error", DARAJA_REPLY_UNKNOWN},
        {500, "500.002.1001", "Duplicate OriginatorConversationID.", DARAJA_REPLY_ALREADY},
        {500, "500.002.1001", "Service is currently unreachable", DARAJA_REPLY_UNKNOWN},
    };

    check_replies(cases, ARRAY_LENGTH(cases));
}

static void what_says_nothing_is_unknown(void)
{
    static const struct reply_case cases[] = {
        {0, "", "", DARAJA_REPLY_UNKNOWN},
        {200, "", "", DARAJA_REPLY_UNKNOWN},
        {403, "", "", DARAJA_REPLY_UNKNOWN},
        {429, "", "", DARAJA_REPLY_UNKNOWN},
        {503, "", "", DARAJA_REPLY_UNKNOWN},
        {500, "", "", DARAJA_REPLY_UNKNOWN},
        {500, "1", "x", DARAJA_REPLY_UNKNOWN},
        {500, "500.009.99", "x", DARAJA_REPLY_UNKNOWN},
        {500, "400.009.99", "x", DARAJA_REPLY_UNKNOWN},
        {200, "soap:Server", "ServiceCallout", DARAJA_REPLY_UNKNOWN},
    };

    check_replies(cases, ARRAY_LENGTH(cases));
}

static const struct tap_test tests[] = {
    TAP_TEST(zero_alone_is_paid),
    TAP_TEST(listed_codes_are_final_from_both_sources),
    TAP_TEST(no_answer_is_final_from_a_callback_only),
    TAP_TEST(still_processing_is_never_final),
    TAP_TEST(unlisted_codes_are_pending_and_have_no_meaning),
    TAP_TEST(success_is_accepted),
    TAP_TEST(invalid_tokens_are_told_by_four_codes),
    TAP_TEST(client_errors_are_refused),
    TAP_TEST(one_code_has_four_meanings_by_its_text),
    TAP_TEST(busy_is_refused_before_processing),
    TAP_TEST(a_second_registration_is_told_by_its_text),
    TAP_TEST(what_says_nothing_is_unknown),
};
TAP_MAIN("daraja codes", tests)
