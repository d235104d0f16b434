/* Which URLs may be called. */
#include "risiti/base/base.h"

#include "tap.h"

#include "risiti/net/http_client.h"

static void https_goes_anywhere(void)
{
    CU_ASSERT_TRUE(http_client_url_allowed(STR("https://api.safaricom.co.ke/oauth?x=y"), false));
    CU_ASSERT_TRUE(http_client_url_allowed(STR("HTTPS://pay.example:8443"), false));
}

static void http_is_refused_without_leave(void)
{
    CU_ASSERT_FALSE(http_client_url_allowed(STR("http://127.0.0.1:8080/"), false));
    CU_ASSERT_FALSE(http_client_url_allowed(STR("http://localhost/"), false));
}

static void http_with_leave_goes_to_loopback_only(void)
{
    static const char *const allowed[] = {"http://127.0.0.1:8080/x", "http://localhost:1/",
                                          "http://LOCALHOST/", "http://127.9.8.7/",
                                          "http://[::1]:8080/"};
    static const char *const refused[] = {
        "http://example.com/",       "http://10.0.0.1/", "http://127.0.0.1.example.com/",
        "http://localhost.example/", "http://[::2]/",    "http://128.0.0.1/",
        "http://169.254.169.254/",   "http://0.0.0.0/",  "http://[::ffff:10.0.0.1]/",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(allowed); i++)
        CU_ASSERT_TRUE(http_client_url_allowed(str_from(allowed[i]), true));
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++)
        CU_ASSERT_FALSE(http_client_url_allowed(str_from(refused[i]), true));
}

static void anything_else_is_refused(void)
{
    static const char *const refused[] = {
        "",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "127.0.0.1/",
        "https://",
        "https://user:secret@api.example/",
        "http://127.0.0.1@example.com/",
        "https://api.example/a b",
        "https://api.example/a\r\nX: y",
        "//api.example/",
        "javascript:alert(1)",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++)
        CU_ASSERT_FALSE(http_client_url_allowed(str_from(refused[i]), true));
    CU_ASSERT_FALSE(http_client_url_allowed(STR("https://api.example/\0x"), true));
}

static void very_long_urls_are_refused(void)
{
    char url[2050];

    memset(url, 'a', sizeof(url));
    memcpy(url, "https://api.example/", 20);
    CU_ASSERT_TRUE(http_client_url_allowed((struct str){url, 2048}, false));
    CU_ASSERT_FALSE(http_client_url_allowed((struct str){url, 2049}, false));
}

static const struct tap_test tests[] = {
    TAP_TEST(https_goes_anywhere),
    TAP_TEST(http_is_refused_without_leave),
    TAP_TEST(http_with_leave_goes_to_loopback_only),
    TAP_TEST(anything_else_is_refused),
    TAP_TEST(very_long_urls_are_refused),
};
TAP_MAIN("http url", tests)
