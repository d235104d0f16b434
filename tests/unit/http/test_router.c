/* Which route a path and method find, and what 404 and 405 are decided by. */
#include "risiti/base/base.h"

#include "risiti/http/router.h"
#include "tap.h"

static const struct route routes[] = {
    {.method = METHOD_GET, .pattern = "/api/payments/{id}", .name = "payment_show"},
    {.method = METHOD_POST, .pattern = "/api/payments/claim", .name = "claim"},
    {.method = METHOD_GET, .pattern = "/api/payments/verify", .name = "verify"},
    {.method = METHOD_GET, .pattern = "/api/payments", .name = "payment_list"},
    {.method = METHOD_POST, .pattern = "/api/webhooks", .name = "webhook_add"},
    {.method = METHOD_GET, .pattern = "/api/webhooks", .name = "webhook_list"},
    {.method = METHOD_POST, .pattern = "/api/webhooks/test", .name = "webhook_test"},
    {.method = METHOD_DELETE, .pattern = "/api/webhooks/{id}", .name = "webhook_remove"},
    {.method = METHOD_POST, .pattern = "/hooks/c2b/{token}/{kind}", .name = "c2b"},
    {.method = METHOD_GET, .pattern = "/every", .name = "get"},
    {.method = METHOD_POST, .pattern = "/every", .name = "post"},
    {.method = METHOD_PUT, .pattern = "/every", .name = "put"},
    {.method = METHOD_PATCH, .pattern = "/every", .name = "patch"},
    {.method = METHOD_DELETE, .pattern = "/every", .name = "delete"},
};

static struct route_match match;

static enum err find(enum method method, const char *path)
{
    match = (struct route_match){.route = NULL, .allow = "untouched"};
    return router_match(routes, ARRAY_LENGTH(routes), method, str_from(path), &match);
}

static bool finds(enum method method, const char *path, const char *name)
{
    return find(method, path) == ERR_OK && str_equal(str_from(match.route->name), str_from(name));
}

static void a_path_finds_its_route(void)
{
    CU_ASSERT_TRUE(finds(METHOD_GET, "/api/payments", "payment_list"));
    CU_ASSERT_TRUE(finds(METHOD_GET, "/api/webhooks", "webhook_list"));
    CU_ASSERT_TRUE(finds(METHOD_POST, "/api/webhooks", "webhook_add"));
}

static void braces_match_one_segment_and_hand_it_over(void)
{
    CU_ASSERT_TRUE(finds(METHOD_GET, "/api/payments/0192", "payment_show"));
    ASSERT_STR(match.parameters[0], "0192");
    CU_ASSERT_TRUE(finds(METHOD_POST, "/hooks/c2b/ab12/validation", "c2b"));
    ASSERT_STR(match.parameters[0], "ab12");
    ASSERT_STR(match.parameters[1], "validation");
}

static void braces_do_not_match_an_empty_segment_or_several(void)
{
    CU_ASSERT_EQUAL(find(METHOD_GET, "/api/payments/"), ERR_ROUTE);
    CU_ASSERT_EQUAL(find(METHOD_GET, "/api/payments/1/2"), ERR_ROUTE);
    CU_ASSERT_EQUAL(find(METHOD_POST, "/hooks/c2b//validation"), ERR_ROUTE);
}

static void a_literal_segment_wins_over_braces(void)
{
    CU_ASSERT_TRUE(finds(METHOD_GET, "/api/payments/verify", "verify"));
    CU_ASSERT_EQUAL(find(METHOD_GET, "/api/payments/claim"), ERR_METHOD);
    CU_ASSERT_STRING_EQUAL(match.allow, "POST");
    CU_ASSERT_EQUAL(find(METHOD_DELETE, "/api/webhooks/test"), ERR_METHOD);
    CU_ASSERT_STRING_EQUAL(match.allow, "POST");
}

static void an_unknown_path_leaves_the_match_alone(void)
{
    CU_ASSERT_EQUAL(find(METHOD_GET, "/"), ERR_ROUTE);
    CU_ASSERT_EQUAL(find(METHOD_GET, ""), ERR_ROUTE);
    CU_ASSERT_EQUAL(find(METHOD_GET, "/api"), ERR_ROUTE);
    CU_ASSERT_EQUAL(find(METHOD_GET, "/api/payment"), ERR_ROUTE);
    CU_ASSERT_EQUAL(find(METHOD_GET, "/API/payments"), ERR_ROUTE);
    CU_ASSERT_EQUAL(find(METHOD_GET, "/api/payments/{id}/x"), ERR_ROUTE);
    CU_ASSERT_STRING_EQUAL(match.allow, "untouched");
}

static void a_wrong_method_names_those_that_the_path_takes(void)
{
    CU_ASSERT_EQUAL(find(METHOD_DELETE, "/api/webhooks"), ERR_METHOD);
    CU_ASSERT_STRING_EQUAL(match.allow, "GET, POST");
    CU_ASSERT_PTR_NULL(match.route);
    CU_ASSERT_EQUAL(find(METHOD_OTHER, "/api/webhooks/7"), ERR_METHOD);
    CU_ASSERT_STRING_EQUAL(match.allow, "DELETE");
}

static void every_method_fits_into_allow(void)
{
    CU_ASSERT_EQUAL(find(METHOD_OTHER, "/every"), ERR_METHOD);
    CU_ASSERT_STRING_EQUAL(match.allow, "GET, POST, PUT, PATCH, DELETE");
}

static void the_root_can_be_a_route(void)
{
    static const struct route root = {.method = METHOD_GET, .pattern = "/", .name = "root"};

    CU_ASSERT_EQUAL(router_match(&root, 1, METHOD_GET, STR("/"), &match), ERR_OK);
    CU_ASSERT_EQUAL(router_match(&root, 1, METHOD_GET, STR("/a"), &match), ERR_ROUTE);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_path_finds_its_route),
    TAP_TEST(braces_match_one_segment_and_hand_it_over),
    TAP_TEST(braces_do_not_match_an_empty_segment_or_several),
    TAP_TEST(a_literal_segment_wins_over_braces),
    TAP_TEST(an_unknown_path_leaves_the_match_alone),
    TAP_TEST(a_wrong_method_names_those_that_the_path_takes),
    TAP_TEST(every_method_fits_into_allow),
    TAP_TEST(the_root_can_be_a_route),
};
TAP_MAIN("router", tests)
