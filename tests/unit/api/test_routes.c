/* The route table: every row is whole, unlike any other, and found by its own path. */
#include "risiti/base/base.h"

#include "risiti/api/routes.h"

#include "risiti/api/call.h"
#include "tap.h"

#define PATH_SIZE 128
#define SEGMENT STR("0192f0c1")

/* Writes the pattern as a path: a segment takes the place of every pair of braces. */
static struct str path_of(const char *pattern, char buffer[PATH_SIZE])
{
    struct str rest = str_from(pattern);
    size_t length = 0;

    while (rest.length > 0) {
        struct str piece = str_cut(&rest, '{');

        CU_ASSERT_TRUE_FATAL(length + piece.length + SEGMENT.length < PATH_SIZE);
        memcpy(buffer + length, piece.data, piece.length);
        length += piece.length;
        if (rest.data == NULL)
            break;
        (void)str_cut(&rest, '}'); /* the name between the braces */
        memcpy(buffer + length, SEGMENT.data, SEGMENT.length);
        length += SEGMENT.length;
    }
    return (struct str){buffer, length};
}

static void every_row_is_whole(void)
{
    CU_ASSERT_TRUE(api_route_count > 0);
    for (size_t i = 0; i < api_route_count; i++) {
        const struct route *route = &api_routes[i];
        struct str pattern = str_from(route->pattern);

        CU_ASSERT_TRUE(pattern.length > 1 && str_starts_with(pattern, STR("/")));
        CU_ASSERT_FALSE(str_ends_with(pattern, STR("/")));
        CU_ASSERT_TRUE(str_from(route->name).length > 0);
        CU_ASSERT_TRUE(
            str_consists_of(str_from(route->name), STR("abcdefghijklmnopqrstuvwxyz0123456789_")));
        CU_ASSERT_PTR_NOT_NULL(route->handle);
        CU_ASSERT_NOT_EQUAL(route->method, METHOD_OTHER);
        CU_ASSERT_TRUE(route->body_bytes_max <= API_BODY_BYTES_MAX);
    }
}

static void no_method_and_path_stand_in_two_rows(void)
{
    for (size_t i = 0; i < api_route_count; i++)
        for (size_t j = i + 1; j < api_route_count; j++)
            CU_ASSERT_FALSE(api_routes[i].method == api_routes[j].method &&
                            strcmp(api_routes[i].pattern, api_routes[j].pattern) == 0);
}

static void every_row_is_found_by_its_path_and_no_other_method(void)
{
    for (size_t i = 0; i < api_route_count; i++) {
        char buffer[PATH_SIZE];
        struct str path = path_of(api_routes[i].pattern, buffer);
        struct route_match match;

        CU_ASSERT_EQUAL(
            router_match(api_routes, api_route_count, api_routes[i].method, path, &match), ERR_OK);
        CU_ASSERT_PTR_EQUAL(match.route, &api_routes[i]);
        CU_ASSERT_EQUAL(router_match(api_routes, api_route_count, METHOD_OTHER, path, &match),
                        ERR_METHOD);
        CU_ASSERT_TRUE(strstr(match.allow, method_name(api_routes[i].method)) != NULL);
    }
}

/* Whether the request for this URI finds the route. */
static bool uri_finds(struct arena *arena, struct str uri, const struct route *route)
{
    static const struct request_options options;
    char variable[PATH_SIZE + 16];
    const char *const environment[] = {"REQUEST_METHOD=GET", "REMOTE_ADDR=127.0.0.1", variable,
                                       NULL};
    struct request request;
    struct route_match match;
    const char *why = NULL;

    CU_ASSERT_TRUE_FATAL(snprintf(variable, sizeof(variable), "REQUEST_URI=%.127s", uri.data) > 0);
    return request_init(&request, arena, environment, &options, &why) == ERR_OK &&
           router_match(api_routes, api_route_count, route->method, request.path, &match) ==
               ERR_OK &&
           match.route == route;
}

static void every_path_works_with_and_without_its_trailing_slash(void)
{
    struct arena *arena = arena_new(1 << 20);

    CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
    for (size_t i = 0; i < api_route_count; i++) {
        char buffer[PATH_SIZE] = "";
        struct str path = path_of(api_routes[i].pattern, buffer);

        CU_ASSERT_TRUE(uri_finds(arena, path, &api_routes[i]));
        buffer[path.length] = '/';
        CU_ASSERT_TRUE(uri_finds(arena, str_from(buffer), &api_routes[i]));
        CU_ASSERT_TRUE(path.length + sizeof("/?a=b") < PATH_SIZE);
        memcpy(buffer + path.length, "/?a=b", sizeof("/?a=b"));
        CU_ASSERT_TRUE(uri_finds(arena, str_from(buffer), &api_routes[i]));
        arena_reset(arena);
    }
    arena_free(arena);
}

/* A route is for apps, for Safaricom or for those who watch: exactly one of the three. */
static void every_row_has_exactly_one_guard(void)
{
    for (size_t i = 0; i < api_route_count; i++) {
        unsigned flags = api_routes[i].flags;
        unsigned who = flags & (ROUTE_KEY | ROUTE_CALLBACK | ROUTE_MONITOR);

        CU_ASSERT_TRUE(who == ROUTE_KEY || who == ROUTE_CALLBACK || who == ROUTE_MONITOR);
        CU_ASSERT_TRUE((flags & ROUTE_KEY) == 0 || (flags & ROUTE_DATABASE) != 0);
        CU_ASSERT_TRUE((flags & ROUTE_PLAIN) == 0 || who == ROUTE_CALLBACK);
    }
}

/* A path without a secret must be a plain one, whose unlisted addresses are refused. */
static void every_callback_path_has_a_secret_or_is_plain(void)
{
    for (size_t i = 0; i < api_route_count; i++) {
        bool has_secret = strstr(api_routes[i].pattern, "{token}") != NULL;

        if ((api_routes[i].flags & ROUTE_CALLBACK) != 0)
            CU_ASSERT_EQUAL(has_secret, (api_routes[i].flags & ROUTE_PLAIN) == 0);
    }
}

static void hook_paths_have_none_of_the_words_that_daraja_refuses(void)
{
    static const char *const words[] = {"mpesa", "m-pesa", "safaricom", "exe",
                                        "exec",  "cmd",    "sql",       "query"};

    for (size_t i = 0; i < api_route_count; i++)
        for (size_t j = 0; j < ARRAY_LENGTH(words); j++)
            CU_ASSERT_TRUE(!str_starts_with(str_from(api_routes[i].pattern), STR("/hooks")) ||
                           strstr(api_routes[i].pattern, words[j]) == NULL);
}

static void the_paths_that_others_rely_on_are_there(void)
{
    static const struct {
        enum method method;
        const char *path;
    } rows[] = {
        {METHOD_POST, "/api/stk-push"},
        {METHOD_GET, "/api/payments/verify"},
        {METHOD_POST, "/api/payments/claim"},
        {METHOD_GET, "/api/payments"},
        {METHOD_GET, "/api/payments/0192f0c1-0000-7000-8000-000000000001"},
        {METHOD_POST, "/api/mpesa/stk-callback"},
        {METHOD_POST, "/api/mpesa/c2b-confirmation"},
        {METHOD_POST, "/api/mpesa/c2b/confirmation"},
        {METHOD_POST, "/api/mpesa/c2b-validation"},
        {METHOD_POST, "/api/mpesa/c2b/validation"},
        {METHOD_POST, "/hooks/stk/00112233445566778899aabbccddeeff"},
        {METHOD_POST, "/hooks/c2b/00112233445566778899aabbccddeeff/confirmation"},
        {METHOD_POST, "/hooks/c2b/00112233445566778899aabbccddeeff/validation"},
        {METHOD_GET, "/healthz"},
        {METHOD_GET, "/readyz"},
    };
    struct route_match match;

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        CU_ASSERT_EQUAL(router_match(api_routes, api_route_count, rows[i].method,
                                     str_from(rows[i].path), &match),
                        ERR_OK);
}

static const struct tap_test tests[] = {
    TAP_TEST(every_row_is_whole),
    TAP_TEST(no_method_and_path_stand_in_two_rows),
    TAP_TEST(every_row_is_found_by_its_path_and_no_other_method),
    TAP_TEST(every_path_works_with_and_without_its_trailing_slash),
    TAP_TEST(every_row_has_exactly_one_guard),
    TAP_TEST(every_callback_path_has_a_secret_or_is_plain),
    TAP_TEST(hook_paths_have_none_of_the_words_that_daraja_refuses),
    TAP_TEST(the_paths_that_others_rely_on_are_there),
};

TAP_MAIN("routes", tests)
