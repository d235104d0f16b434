/* Refusals: the members and their order, for every error there is; and the headers with them. */
#include "risiti/base/base.h"

#include "risiti/base/arena.h"
#include "risiti/base/jread.h"
#include "risiti/base/number.h"
#include "risiti/http/problem.h"
#include "tap.h"

static struct response response;

/* The value of the answer's header; data is NULL when it has none. */
static struct str header(const char *name)
{
    for (size_t i = 0; i < response.header_count; i++)
        if (str_equal(str_from(response.headers[i].name), str_from(name)))
            return response.headers[i].value;
    return STR_EMPTY;
}

static void members_stand_in_their_order(void)
{
    response_init(&response);
    problem_write(&response, ERR_NOT_FOUND, NULL);
    ASSERT_STR(buffer_str(&response.body),
               "{\"type\":\"urn:risiti:problem:payment-not-found\",\"title\":\"Payment not found\","
               "\"status\":404,\"detail\":\"Payment not found\",\"code\":\"payment-not-found\","
               "\"error\":\"Payment not found\"}");
    CU_ASSERT_EQUAL(response.status, 404);
    CU_ASSERT_STRING_EQUAL(response.content_type, "application/problem+json");
    CU_ASSERT_EQUAL(response.header_count, 0);
    response_release(&response);
}

static void already_claimed_has_message_instead_of_error(void)
{
    response_init(&response);
    problem_write(&response, ERR_ALREADY_CLAIMED, NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(response.body.data, ",\"message\":\"Payment already claimed\"}"));
    CU_ASSERT_PTR_NULL(strstr(response.body.data, "\"error\""));
    response_release(&response);
}

static void write_ids(struct jwrite *json, const void *context)
{
    const char *const *id = context;

    jwrite_array_begin(json, "payment_ids");
    jwrite_text(json, NULL, *id);
    jwrite_array_end(json);
}

static void fields_come_before_further_members(void)
{
    const char *id = "x1";
    struct problem problem = {
        .detail = STR("Two fields are \"wrong\""), .extend = write_ids, .context = &id};

    response_init(&response);
    problem_add_field(&problem, STR("amount"), "must be a whole number");
    problem_add_field(&problem, STR("a\xff\n"), "is not known");
    problem_write(&response, ERR_INVALID, &problem);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(response.body.data,
               "\"detail\":\"Two fields are \\\"wrong\\\"\",\"code\":\"invalid-request\","
               "\"error\":\"The request has wrong fields\","
               "\"errors\":[{\"field\":\"amount\",\"message\":\"must be a whole number\"},"
               "{\"field\":\"a\xef\xbf\xbd\\n\",\"message\":\"is not known\"}],"
               "\"payment_ids\":[\"x1\"]}"));
    response_release(&response);
}

static void fields_beyond_the_maximum_are_dropped(void)
{
    struct problem problem = {.field_count = 0};

    for (int i = 0; i < PROBLEM_FIELDS_MAX + 3; i++)
        problem_add_field(&problem, STR("f"), "is wrong");
    CU_ASSERT_EQUAL(problem.field_count, PROBLEM_FIELDS_MAX);
    response_init(&response);
    problem_write(&response, ERR_INVALID, &problem);
    CU_ASSERT_EQUAL(response.body.err, ERR_OK);
    response_release(&response);
}

static void a_problem_replaces_what_was_written(void)
{
    response_init(&response);
    jwrite_object_begin(&response.json, NULL);
    jwrite_text(&response.json, "receipt", "SGR7");
    response_header_add(&response, "Location", STR("/x"));
    response.body.err = ERR_TOO_LARGE;
    problem_write(&response, ERR_INTERNAL, NULL);
    CU_ASSERT_EQUAL(response.body.err, ERR_OK);
    CU_ASSERT_PTR_NULL(strstr(response.body.data, "SGR7"));
    CU_ASSERT_PTR_NULL(header("Location").data);
    CU_ASSERT_EQUAL(response.body.data[0], '{');
    response_release(&response);
}

static void no_key_or_a_wrong_one_is_told_how_to_authenticate(void)
{
    response_init(&response);
    problem_write(&response, ERR_KEY_MISSING, NULL);
    ASSERT_STR(header("WWW-Authenticate"), "Bearer realm=\"risiti\"");
    problem_write(&response, ERR_KEY_UNKNOWN, NULL);
    ASSERT_STR(header("WWW-Authenticate"), "Bearer realm=\"risiti\", error=\"invalid_token\"");
    problem_write(&response, ERR_APP_DISABLED, NULL);
    CU_ASSERT_PTR_NULL(header("WWW-Authenticate").data);
    response_release(&response);
}

static void retry_after_is_the_callers_or_two_seconds(void)
{
    struct problem problem = {.retry_after_seconds = 30};

    response_init(&response);
    problem_write(&response, ERR_DB_AWAY, NULL);
    ASSERT_STR(header("Retry-After"), "2");
    problem_write(&response, ERR_THROTTLED, &problem);
    ASSERT_STR(header("Retry-After"), "30");
    problem_write(&response, ERR_STATE, &problem);
    ASSERT_STR(header("Retry-After"), "30");
    problem_write(&response, ERR_STATE, NULL);
    CU_ASSERT_PTR_NULL(header("Retry-After").data);
    response_release(&response);
}

/* That one error's problem is what its row in the table says. */
static void check_row(enum err err, struct arena *arena)
{
    const struct err_info *info = err_info(err);
    const struct jread *root = NULL;
    const char *why = NULL;
    uint64_t status = 0;
    struct str type;

    problem_write(&response, err, NULL);
    CU_ASSERT_EQUAL_FATAL(response.body.err, ERR_OK);
    CU_ASSERT_EQUAL_FATAL(jread_parse(arena, buffer_str(&response.body), &root, &why), ERR_OK);
    CU_ASSERT_EQUAL(response.status, info->status);
    CU_ASSERT_EQUAL(number_parse(jread_number(jread_member(root, "status")), 100, 599, &status),
                    ERR_OK);
    CU_ASSERT_EQUAL(status, info->status);
    type = jread_string(jread_member(root, "type"));
    CU_ASSERT_TRUE(str_starts_with(type, STR("urn:risiti:problem:")));
    CU_ASSERT_TRUE(str_ends_with(type, str_from(info->code)));
    ASSERT_STR(jread_string(jread_member(root, "code")), info->code);
    ASSERT_STR(jread_string(jread_member(root, "title")), info->title);
    CU_ASSERT_EQUAL(header("Retry-After").data != NULL, info->retryable);
    CU_ASSERT_EQUAL(header("WWW-Authenticate").data != NULL, info->status == 401);
}

static void every_error_is_a_whole_problem(void)
{
    struct arena *arena = arena_new(65536);

    response_init(&response);
    for (int i = ERR_OK + 1; i < ERR_COUNT; i++) {
        check_row((enum err)i, arena);
        arena_reset(arena);
    }
    response_release(&response);
    arena_free(arena);
}

static const struct tap_test tests[] = {
    TAP_TEST(members_stand_in_their_order),
    TAP_TEST(already_claimed_has_message_instead_of_error),
    TAP_TEST(fields_come_before_further_members),
    TAP_TEST(fields_beyond_the_maximum_are_dropped),
    TAP_TEST(a_problem_replaces_what_was_written),
    TAP_TEST(no_key_or_a_wrong_one_is_told_how_to_authenticate),
    TAP_TEST(retry_after_is_the_callers_or_two_seconds),
    TAP_TEST(every_error_is_a_whole_problem),
};
TAP_MAIN("problem", tests)
