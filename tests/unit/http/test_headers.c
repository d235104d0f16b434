/*
 * What a request's headers say and when they are refused: keys, lengths, ids, and the client's
 * address behind proxies.
 */
#include "risiti/base/base.h"

#include "request_test.h"
#include "risiti/base/uuid.h"
#include "tap.h"

#define GET(...) VARIABLES("REQUEST_METHOD=GET", "REQUEST_URI=/a", __VA_ARGS__)

/* "NAME=xxx…" with `count` bytes behind the equals sign. */
static const char *sized(const char *name, size_t count)
{
    static char text[80000];
    int length = snprintf(text, sizeof(text), "%s=/", name);

    CU_ASSERT_FATAL(length > 0 && (size_t)length + count < sizeof(text));
    memset(text + length, 'x', count - 1);
    text[(size_t)length + count - 1] = '\0';
    return text;
}

static void a_header_that_counts_comes_once(void)
{
    static const char *const names[] = {
        "HTTP_X_API_KEY",
        "HTTP_AUTHORIZATION",
        "CONTENT_LENGTH",
        "CONTENT_TYPE",
        "REMOTE_ADDR",
        "HTTP_X_FORWARDED_FOR",
        "HTTP_X_REQUEST_ID",
        "REQUEST_METHOD",
        "REQUEST_URI",
        "HTTP_IDEMPOTENCY_KEY",
        "REDIRECT_HTTP_AUTHORIZATION",
    };
    char first[64], second[64];

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        (void)snprintf(first, sizeof(first), "%s=1", names[i]);
        (void)snprintf(second, sizeof(second), "%s=1", names[i]);
        CU_ASSERT_EQUAL(init(VARIABLES("REQUEST_METHOD=GET", first, "A=b", second)), ERR_MALFORMED);
        CU_ASSERT_PTR_NOT_NULL_FATAL(why);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, " was given twice"));
        CU_ASSERT_TRUE(request.id.length > 0);
    }
    end();
}

static void an_empty_header_and_another_are_two(void)
{
    CU_ASSERT_TRUE(
        refused(GET("HTTP_X_API_KEY=", "HTTP_X_API_KEY=k"), "X-API-KEY was given twice"));
    end();
}

static void headers_that_do_not_count_may_come_twice(void)
{
    CU_ASSERT_EQUAL(init(GET("HTTP_USER_AGENT=a", "HTTP_USER_AGENT=b", "HTTP_VIA=c", "HTTP_VIA=d",
                             "HTTP_COOKIE=e", "HTTP_COOKIE=f", "no equals sign", "", "=")),
                    ERR_OK);
    end();
}

static void a_malformed_header_is_refused_before_a_path_outside(void)
{
    options.base_path = STR("/pay");
    CU_ASSERT_TRUE(refused(GET("CONTENT_LENGTH=x"), "Content-Length is not a number"));
    CU_ASSERT_TRUE(
        refused(GET("HTTP_X_API_KEY=a", "HTTP_X_API_KEY=a"), "X-API-KEY was given twice"));
    CU_ASSERT_EQUAL(init(GET("CONTENT_LENGTH=1")), ERR_ROUTE);
    end();
}

static void keys_come_by_either_header(void)
{
    CU_ASSERT_EQUAL(init(GET("HTTP_X_API_KEY= k1 ")), ERR_OK);
    ASSERT_STR(request.api_key, "k1");
    CU_ASSERT_EQUAL(init(GET("HTTP_AUTHORIZATION=bearer  k2 ")), ERR_OK);
    ASSERT_STR(request.api_key, "k2");
    CU_ASSERT_EQUAL(init(GET("HTTP_X_API_KEY=k", "HTTP_AUTHORIZATION=Bearer k")), ERR_OK);
    ASSERT_STR(request.api_key, "k");
    CU_ASSERT_EQUAL(init(GET("HTTP_X_API_KEY=", "HTTP_AUTHORIZATION=Bearer k")), ERR_OK);
    ASSERT_STR(request.api_key, "k");
    end();
}

static void two_different_keys_are_refused(void)
{
    CU_ASSERT_TRUE(refused(GET("HTTP_X_API_KEY=k", "HTTP_AUTHORIZATION=Bearer l"), "two API keys"));
    /* As Apache joins a header that came twice. */
    CU_ASSERT_TRUE(refused(GET("HTTP_X_API_KEY=k, k"), "X-API-KEY was given twice"));
    CU_ASSERT_TRUE(
        refused(GET("HTTP_AUTHORIZATION=Bearer k, Bearer l"), "Authorization was given twice"));
    end();
}

static void other_schemes_and_empty_keys_are_no_key(void)
{
    CU_ASSERT_EQUAL(init(GET("HTTP_AUTHORIZATION=Basic dTpw")), ERR_OK);
    CU_ASSERT_EQUAL(request.api_key.length, 0);
    CU_ASSERT_EQUAL(init(GET("HTTP_X_API_KEY=k", "HTTP_AUTHORIZATION=Basic dTpw")), ERR_OK);
    ASSERT_STR(request.api_key, "k");
    CU_ASSERT_EQUAL(init(GET("HTTP_AUTHORIZATION=Bearer")), ERR_OK);
    CU_ASSERT_EQUAL(request.api_key.length, 0);
    CU_ASSERT_EQUAL(init(GET("HTTP_AUTHORIZATION=Bearerk")), ERR_OK);
    CU_ASSERT_EQUAL(request.api_key.length, 0);
    CU_ASSERT_EQUAL(init(GET("HTTP_X_API_KEY=  ")), ERR_OK);
    CU_ASSERT_EQUAL(request.api_key.length, 0);
    end();
}

static void apache_hands_authorization_over_by_another_name_behind_a_rewrite(void)
{
    CU_ASSERT_EQUAL(init(GET("REDIRECT_HTTP_AUTHORIZATION=Bearer k")), ERR_OK);
    ASSERT_STR(request.api_key, "k");
    CU_ASSERT_EQUAL(
        init(GET("REDIRECT_HTTP_AUTHORIZATION=Bearer k", "HTTP_AUTHORIZATION=Basic dTpw")), ERR_OK);
    CU_ASSERT_EQUAL(request.api_key.length, 0);
    end();
}

static void values_end_at_their_maximum(void)
{
    CU_ASSERT_EQUAL(init(GET(sized("HTTP_X_API_KEY", REQUEST_KEY_BYTES_MAX))), ERR_OK);
    CU_ASSERT_EQUAL(request.api_key.length, REQUEST_KEY_BYTES_MAX);
    CU_ASSERT_TRUE(
        refused(GET(sized("HTTP_X_API_KEY", REQUEST_KEY_BYTES_MAX + 1)), "X-API-KEY is too long"));
    CU_ASSERT_TRUE(refused(GET(sized("HTTP_X_API_KEY", 65536)), "X-API-KEY is too long"));
    CU_ASSERT_TRUE(
        refused(GET(sized("HTTP_AUTHORIZATION=Bearer ", 65536)), "the Bearer token is too long"));
    CU_ASSERT_EQUAL(init(GET(sized("HTTP_AUTHORIZATION=Negotiate ", 65536))), ERR_OK);
    CU_ASSERT_EQUAL(
        init(VARIABLES("REQUEST_METHOD=GET", sized("REQUEST_URI", REQUEST_URI_BYTES_MAX))), ERR_OK);
    CU_ASSERT_EQUAL(request.path.length, REQUEST_URI_BYTES_MAX);
    CU_ASSERT_TRUE(
        refused(VARIABLES("REQUEST_METHOD=GET", sized("REQUEST_URI", REQUEST_URI_BYTES_MAX + 1)),
                "the URL is too long"));
    CU_ASSERT_EQUAL(init(GET(sized("HTTP_USER_AGENT", 70000))), ERR_OK);
    end();
}

static void there_is_a_maximum_of_variables(void)
{
    static const char *list[REQUEST_VARIABLES_MAX + 2];

    for (size_t i = 0; i < REQUEST_VARIABLES_MAX; i++)
        list[i] = "HTTP_COOKIE=x";
    list[0] = "REQUEST_METHOD=GET";
    CU_ASSERT_EQUAL(init(list), ERR_OK);
    list[REQUEST_VARIABLES_MAX] = "HTTP_COOKIE=x";
    CU_ASSERT_TRUE(refused(list, "there are too many headers"));
    end();
}

static void a_length_is_digits_or_absent(void)
{
    static const char *const wrong[] = {
        "CONTENT_LENGTH=-1",  "CONTENT_LENGTH=+1",
        "CONTENT_LENGTH= 1",  "CONTENT_LENGTH=1 ",
        "CONTENT_LENGTH=0x1", "CONTENT_LENGTH=1e3",
        "CONTENT_LENGTH=1,1", "CONTENT_LENGTH=18446744073709551616",
    };

    CU_ASSERT_EQUAL(init(GET("CONTENT_LENGTH=65536")), ERR_OK);
    CU_ASSERT_TRUE(request.has_length);
    CU_ASSERT_EQUAL(request.length, 65536);
    CU_ASSERT_EQUAL(init(GET("CONTENT_LENGTH=")), ERR_OK);
    CU_ASSERT_FALSE(request.has_length);
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        CU_ASSERT_TRUE(refused(GET(wrong[i]), "Content-Length is not a number"));
    end();
}

static void content_types_are_lower_case_without_parameters(void)
{
    CU_ASSERT_EQUAL(init(GET("CONTENT_TYPE= Application/JSON ; charset=UTF-8")), ERR_OK);
    ASSERT_STR(request.content_type, "application/json");
    CU_ASSERT_EQUAL(init(GET("CONTENT_TYPE=")), ERR_OK);
    CU_ASSERT_EQUAL(request.content_type.length, 0);
    end();
}

static void an_idempotency_key_is_kept_as_it_came(void)
{
    CU_ASSERT_EQUAL(init(GET("HTTP_IDEMPOTENCY_KEY=\"a b\"")), ERR_OK);
    ASSERT_STR(request.idempotency_key, "\"a b\"");
    end();
}

/* That the request got an id of ours. */
static bool has_new_id(const char *const *environment)
{
    struct uuid uuid;

    return init(environment) == ERR_OK && uuid_parse(request.id, &uuid) == ERR_OK;
}

static void a_sane_request_id_is_taken_and_any_other_replaced(void)
{
    CU_ASSERT_EQUAL(init(GET("HTTP_X_REQUEST_ID=aZ09._-")), ERR_OK);
    ASSERT_STR(request.id, "aZ09._-");
    CU_ASSERT_EQUAL(init(GET("HTTP_X_REQUEST_ID="
                             "0123456789012345678901234567890123456789"
                             "012345678901234567890123")),
                    ERR_OK);
    CU_ASSERT_EQUAL(request.id.length, 64);
    CU_ASSERT_TRUE(has_new_id(GET("HTTP_X_REQUEST_ID="
                                  "0123456789012345678901234567890123456789"
                                  "0123456789012345678901234")));
    CU_ASSERT_TRUE(has_new_id(GET("HTTP_X_REQUEST_ID=")));
    CU_ASSERT_TRUE(has_new_id(GET("HTTP_X_REQUEST_ID=a b")));
    CU_ASSERT_TRUE(has_new_id(GET("HTTP_X_REQUEST_ID=a\nb")));
    CU_ASSERT_TRUE(has_new_id(GET("A=b")));
    end();
}

static void networks_of_the_trusted(void)
{
    static const struct config_networks trusted = {
        .items = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}, 128},
                  {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 0, 0}, 112},
                  {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128}},
        .count = 3,
    };

    options.trusted_proxies = &trusted;
}

/* The client as the request tells it; "" when it is not known. */
static bool client_is(const char *const *environment, const char *address)
{
    return init(environment) == ERR_OK && str_equal(request.client, str_from(address));
}

static void without_proxies_the_client_is_the_peer(void)
{
    CU_ASSERT_TRUE(client_is(GET("REMOTE_ADDR=196.201.214.200"), "196.201.214.200"));
    CU_ASSERT_TRUE(client_is(GET("REMOTE_ADDR=127.0.0.1"), "127.0.0.1"));
    CU_ASSERT_TRUE(client_is(GET("REMOTE_ADDR=2001:db8::1"), "2001:db8::1"));
    CU_ASSERT_TRUE(client_is(GET("REMOTE_ADDR=196.201.214.200", "HTTP_X_FORWARDED_FOR=127.0.0.1"),
                             "196.201.214.200"));
    end();
}

static void a_local_peer_with_a_proxys_headers_is_nobody_known(void)
{
    static const char *const local[] = {
        "REMOTE_ADDR=127.0.0.1",  "REMOTE_ADDR=10.9.9.9",         "REMOTE_ADDR=172.31.0.1",
        "REMOTE_ADDR=::1",        "REMOTE_ADDR=192.168.1.1",      "REMOTE_ADDR=169.254.1.1",
        "REMOTE_ADDR=fd00::1",    "REMOTE_ADDR=::ffff:127.0.0.1", "REMOTE_ADDR=fe80::1",
        "REMOTE_ADDR=100.64.0.1",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(local); i++) {
        CU_ASSERT_TRUE(client_is(GET(local[i], "HTTP_X_FORWARDED_FOR=196.201.214.200"), ""));
        CU_ASSERT_TRUE(client_is(GET(local[i], "HTTP_FORWARDED=for=196.201.214.200"), ""));
        CU_ASSERT_TRUE(client_is(GET(local[i], "HTTP_VIA="), ""));
        CU_ASSERT_TRUE(request.remote.length > 0);
    }
    CU_ASSERT_TRUE(client_is(GET("REMOTE_ADDR=172.32.0.1", "HTTP_VIA=1.1 x"), "172.32.0.1"));
    CU_ASSERT_TRUE(client_is(GET("REMOTE_ADDR=172.15.0.1", "HTTP_VIA=1.1 x"), "172.15.0.1"));
    end();
}

static void behind_trusted_proxies_the_last_untrusted_hop_is_the_client(void)
{
    networks_of_the_trusted();
    CU_ASSERT_TRUE(
        client_is(GET("REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=192.0.2.7"), "192.0.2.7"));
    CU_ASSERT_TRUE(
        client_is(GET("REMOTE_ADDR=::1",
                      "HTTP_X_FORWARDED_FOR=196.201.214.200, 192.0.2.7,10.1.2.3 , 127.0.0.1"),
                  "192.0.2.7"));
    CU_ASSERT_TRUE(
        client_is(GET("REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=2001:db8::7"), "2001:db8::7"));
    CU_ASSERT_TRUE(
        client_is(GET("REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=196.201.214.200, 10.2.0.1"),
                  "10.2.0.1"));
    end();
}

static void behind_trusted_proxies_alone_the_first_hop_is_the_client(void)
{
    networks_of_the_trusted();
    CU_ASSERT_TRUE(client_is(GET("REMOTE_ADDR=127.0.0.1"), "127.0.0.1"));
    CU_ASSERT_TRUE(client_is(
        GET("REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=10.1.0.9, 127.0.0.1"), "10.1.0.9"));
    end();
}

static void hops_that_are_no_addresses_end_the_search(void)
{
    networks_of_the_trusted();
    CU_ASSERT_TRUE(
        client_is(GET("REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=192.0.2.7, unknown"), ""));
    CU_ASSERT_TRUE(client_is(
        GET("REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=192.0.2.7, unknown, 127.0.0.1"), ""));
    CU_ASSERT_TRUE(client_is(GET("REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR="), ""));
    CU_ASSERT_TRUE(client_is(GET("REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=192.0.2.7,"), ""));
    CU_ASSERT_TRUE(client_is(GET("REMOTE_ADDR=127.0.0.1", "HTTP_FORWARDED=for=192.0.2.7"), ""));
    end();
}

static void a_peer_that_is_no_address_is_nobody_known(void)
{
    CU_ASSERT_TRUE(client_is(GET("REMOTE_ADDR=unix:"), ""));
    ASSERT_STR(request.remote, "unix:");
    CU_ASSERT_TRUE(client_is(GET("A=b"), ""));
    end();
}

static void a_chain_of_trusted_proxies_has_a_maximum(void)
{
    char text[1024] = "HTTP_X_FORWARDED_FOR=192.0.2.7";
    size_t length = strlen(text);

    networks_of_the_trusted();
    for (int i = 0; i < 31; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, ",127.0.0.1");
    CU_ASSERT_TRUE(client_is(GET("REMOTE_ADDR=127.0.0.1", text), "192.0.2.7"));
    (void)snprintf(text + length, sizeof(text) - length, ",127.0.0.1");
    CU_ASSERT_TRUE(client_is(GET("REMOTE_ADDR=127.0.0.1", text), ""));
    end();
}

static const struct tap_test tests[] = {
    TAP_TEST(a_header_that_counts_comes_once),
    TAP_TEST(an_empty_header_and_another_are_two),
    TAP_TEST(headers_that_do_not_count_may_come_twice),
    TAP_TEST(a_malformed_header_is_refused_before_a_path_outside),
    TAP_TEST(keys_come_by_either_header),
    TAP_TEST(two_different_keys_are_refused),
    TAP_TEST(other_schemes_and_empty_keys_are_no_key),
    TAP_TEST(apache_hands_authorization_over_by_another_name_behind_a_rewrite),
    TAP_TEST(values_end_at_their_maximum),
    TAP_TEST(there_is_a_maximum_of_variables),
    TAP_TEST(a_length_is_digits_or_absent),
    TAP_TEST(content_types_are_lower_case_without_parameters),
    TAP_TEST(an_idempotency_key_is_kept_as_it_came),
    TAP_TEST(a_sane_request_id_is_taken_and_any_other_replaced),
    TAP_TEST(without_proxies_the_client_is_the_peer),
    TAP_TEST(a_local_peer_with_a_proxys_headers_is_nobody_known),
    TAP_TEST(behind_trusted_proxies_the_last_untrusted_hop_is_the_client),
    TAP_TEST(behind_trusted_proxies_alone_the_first_hop_is_the_client),
    TAP_TEST(hops_that_are_no_addresses_end_the_search),
    TAP_TEST(a_peer_that_is_no_address_is_nobody_known),
    TAP_TEST(a_chain_of_trusted_proxies_has_a_maximum),
};
TAP_MAIN("headers", tests)
