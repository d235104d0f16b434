/* The error table: complete, with codes that clients can tell apart and statuses that fit. */
#include "risiti/base/base.h"

#include "risiti/base/err.h"

#include "tap.h"

#define FIRST_FAILURE (ERR_OK + 1)

static bool text_is(const char *a, const char *b)
{
    return str_equal(str_from(a), str_from(b));
}

/* Several errors that only a person can mend share this code: clients cannot act on them. */
static bool is_internal(const struct err_info *info)
{
    return text_is(info->code, "internal-error");
}

static void every_error_has_a_name_a_code_and_a_title(void)
{
    for (int err = FIRST_FAILURE; err < ERR_COUNT; err++) {
        const struct err_info *info = err_info((enum err)err);

        CU_ASSERT_PTR_NOT_NULL_FATAL(info->code);
        CU_ASSERT_PTR_NOT_NULL_FATAL(info->title);
        CU_ASSERT_PTR_NOT_NULL_FATAL(err_name((enum err)err));
        CU_ASSERT_NOT_EQUAL(info->code[0], '\0');
        CU_ASSERT_NOT_EQUAL(info->title[0], '\0');
        CU_ASSERT_NOT_EQUAL(err_name((enum err)err)[0], '\0');
    }
}

static void names_are_unique_and_upper_case(void)
{
    for (int err = ERR_OK; err < ERR_COUNT; err++) {
        CU_ASSERT_TRUE(
            str_consists_of(str_from(err_name((enum err)err)), STR("ABCDEFGHIJKLMNOPQRSTUVWXYZ_")));
        for (int other = err + 1; other < ERR_COUNT; other++)
            CU_ASSERT_FALSE(text_is(err_name((enum err)err), err_name((enum err)other)));
    }
}

static void names_follow_the_enumerators(void)
{
    CU_ASSERT_STRING_EQUAL(err_name(ERR_OK), "OK");
    CU_ASSERT_STRING_EQUAL(err_name(ERR_INVALID), "INVALID");
    CU_ASSERT_STRING_EQUAL(err_name(ERR_NOT_FOUND), "NOT_FOUND");
    CU_ASSERT_STRING_EQUAL(err_name(ERR_DB_AWAY), "DB_AWAY");
    CU_ASSERT_STRING_EQUAL(err_name(ERR_INTERNAL), "INTERNAL");
}

static void public_codes_are_unique(void)
{
    for (int err = FIRST_FAILURE; err < ERR_COUNT; err++) {
        const struct err_info *info = err_info((enum err)err);

        for (int other = err + 1; other < ERR_COUNT; other++)
            CU_ASSERT_TRUE(is_internal(info) ||
                           !text_is(info->code, err_info((enum err)other)->code));
    }
}

static void codes_are_lower_case_words_with_hyphens(void)
{
    for (int err = FIRST_FAILURE; err < ERR_COUNT; err++)
        CU_ASSERT_TRUE(str_consists_of(str_from(err_info((enum err)err)->code),
                                       STR("abcdefghijklmnopqrstuvwxyz0123456789-")));
}

static void failures_have_4xx_or_5xx_but_for_the_unknown_push(void)
{
    for (int err = FIRST_FAILURE; err < ERR_COUNT; err++) {
        unsigned status = err_info((enum err)err)->status;

        CU_ASSERT_TRUE(err == ERR_PUSH_UNKNOWN ? status == 202 : status >= 400 && status < 600);
    }
}

static void internal_errors_are_500_and_not_retryable(void)
{
    for (int err = FIRST_FAILURE; err < ERR_COUNT; err++) {
        const struct err_info *info = err_info((enum err)err);

        CU_ASSERT_TRUE(is_internal(info) == (info->status == 500));
        CU_ASSERT_FALSE(is_internal(info) && info->retryable);
    }
}

static void unavailability_is_retryable(void)
{
    for (int err = FIRST_FAILURE; err < ERR_COUNT; err++) {
        const struct err_info *info = err_info((enum err)err);

        CU_ASSERT_TRUE(info->retryable || (info->status != 503 && info->status != 429));
    }
}

static void input_errors_have_the_statuses_that_clients_rely_on(void)
{
    static const struct {
        enum err err;
        unsigned status;
    } rows[] = {
        {ERR_INVALID, 400},      {ERR_SYNTAX, 400},       {ERR_MALFORMED, 400},
        {ERR_TOO_LARGE, 413},    {ERR_MEDIA_TYPE, 415},   {ERR_METHOD, 405},
        {ERR_ROUTE, 404},        {ERR_KEY_MISSING, 401},  {ERR_KEY_MISTYPED, 401},
        {ERR_KEY_UNKNOWN, 401},  {ERR_APP_DISABLED, 403}, {ERR_FORBIDDEN, 403},
        {ERR_THROTTLED, 429},    {ERR_NOT_FOUND, 404},    {ERR_ALREADY_CLAIMED, 409},
        {ERR_AMBIGUOUS, 409},    {ERR_PUSH_REFUSED, 502}, {ERR_PUSH_LOCKED, 409},
        {ERR_PUSH_UNKNOWN, 202}, {ERR_DB_AWAY, 503},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        CU_ASSERT_EQUAL(err_info(rows[i].err)->status, rows[i].status);
}

static void numbers_that_are_no_error_are_internal(void)
{
    CU_ASSERT_PTR_EQUAL(err_info(ERR_COUNT), err_info(ERR_INTERNAL));
    CU_ASSERT_PTR_EQUAL(err_info((enum err)INT32_MAX), err_info(ERR_INTERNAL));
    CU_ASSERT_STRING_EQUAL(err_name(ERR_COUNT), "INTERNAL");
}

static const struct tap_test tests[] = {
    TAP_TEST(every_error_has_a_name_a_code_and_a_title),
    TAP_TEST(names_are_unique_and_upper_case),
    TAP_TEST(names_follow_the_enumerators),
    TAP_TEST(public_codes_are_unique),
    TAP_TEST(codes_are_lower_case_words_with_hyphens),
    TAP_TEST(failures_have_4xx_or_5xx_but_for_the_unknown_push),
    TAP_TEST(internal_errors_are_500_and_not_retryable),
    TAP_TEST(unavailability_is_retryable),
    TAP_TEST(input_errors_have_the_statuses_that_clients_rely_on),
    TAP_TEST(numbers_that_are_no_error_are_internal),
};
TAP_MAIN("err", tests)
