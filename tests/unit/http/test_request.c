/*
 * Requests out of CGI environments: as each web server fills them, where the service is mounted,
 * what is refused, and the body.
 */
#include "risiti/base/base.h"

#include "request_test.h"
#include "tap.h"

/* A request by method and URL, and what else it has. */
#define GET(...) VARIABLES("REQUEST_METHOD=GET", "REMOTE_ADDR=192.0.2.1", __VA_ARGS__)

/* That the URL's path is read as this one. */
static bool reads(const char *uri, const char *path)
{
    char variable[256];
    int length = snprintf(variable, sizeof(variable), "REQUEST_URI=%s", uri);

    CU_ASSERT_FATAL(length > 0 && (size_t)length < sizeof(variable));
    return init(GET(variable)) == ERR_OK && str_equal(request.path, str_from(path));
}

/* What every environment of this file's servers carries, for the same POST. */
static void check_post(void)
{
    CU_ASSERT_EQUAL(request.method, METHOD_POST);
    ASSERT_STR(request.path, "/api/stk-push");
    ASSERT_STR(request.query, "q=1%20");
    ASSERT_STR(request.content_type, "application/json");
    ASSERT_STR(request.api_key, "k1");
    ASSERT_STR(request.client, "127.0.0.1");
    ASSERT_STR(request.remote, "127.0.0.1");
    ASSERT_STR(request.id, "r-1");
    CU_ASSERT_TRUE(request.has_length);
    CU_ASSERT_EQUAL(request.length, 7);
}

/* lighttpd: SCRIPT_NAME is the prefix it chose by, PATH_INFO is decoded. */
#define LIGHTTPD(uri, script, info) \
    VARIABLES("FCGI_ROLE=RESPONDER", "CONTENT_LENGTH=7", "QUERY_STRING=q=1%20", \
              "REQUEST_URI=" uri, "REDIRECT_URI=" script info "?q=1%20", "REDIRECT_STATUS=200", \
              "SCRIPT_NAME=" script, "PATH_INFO=" info, "PATH_TRANSLATED=/var/www/html" info, \
              "SCRIPT_FILENAME=/var/www/html" script, "DOCUMENT_ROOT=/var/www/html", \
              "REQUEST_METHOD=POST", "SERVER_PROTOCOL=HTTP/1.1", \
              "SERVER_SOFTWARE=lighttpd/1.4.69", "GATEWAY_INTERFACE=CGI/1.1", \
              "REQUEST_SCHEME=http", "SERVER_PORT=80", "SERVER_ADDR=127.0.0.1", \
              "SERVER_NAME=pay.example", "REMOTE_ADDR=127.0.0.1", "REMOTE_PORT=43154", \
              "HTTP_HOST=pay.example", "HTTP_USER_AGENT=curl/7.88.1", "HTTP_ACCEPT=*/*", \
              "HTTP_X_API_KEY=k1", "HTTP_AUTHORIZATION=Bearer k1", "HTTP_X_REQUEST_ID=r-1", \
              "CONTENT_TYPE=application/json; charset=UTF-8", "HTTP_CONTENT_LENGTH=7")

static void lighttpd_with_a_socket_behind_the_prefix_api(void)
{
    CU_ASSERT_EQUAL(init(LIGHTTPD("/api/stk%2dpush//?q=1%20", "/api", "/stk-push/")), ERR_OK);
    check_post();
    end();
}

static void lighttpd_with_bin_path_behind_the_prefix_slash(void)
{
    /* There the first segment becomes the script's name, whatever it is. */
    CU_ASSERT_EQUAL(init(LIGHTTPD("/api/stk-push/?q=1%20", "/api", "/stk-push/")), ERR_OK);
    check_post();
    CU_ASSERT_EQUAL(init(LIGHTTPD("/hooks/stk/ab/", "/hooks/stk", "/ab/")), ERR_OK);
    ASSERT_STR(request.path, "/hooks/stk/ab");
    CU_ASSERT_EQUAL(init(LIGHTTPD("/healthz", "/healthz", "")), ERR_OK);
    ASSERT_STR(request.path, "/healthz");
    end();
}

static void lighttpd_lets_nobody_choose_where_we_are_mounted(void)
{
    CU_ASSERT_EQUAL(init(LIGHTTPD("/x/metrics", "/x", "/metrics")), ERR_OK);
    ASSERT_STR(request.path, "/x/metrics");
    CU_ASSERT_EQUAL(init(VARIABLES("REQUEST_METHOD=GET", "REQUEST_URI=/x/metrics", "SCRIPT_NAME=/x",
                                   "SCRIPT_FILENAME=/srv/x", "DOCUMENT_ROOT=/srv/")),
                    ERR_OK);
    ASSERT_STR(request.path, "/x/metrics");
    end();
}

static void lighttpd_below_a_base_path(void)
{
    options.base_path = STR("/pay");
    CU_ASSERT_EQUAL(init(LIGHTTPD("/pay/api/stk%2dpush/?q=1%20", "/pay", "/api/stk-push/")),
                    ERR_OK);
    check_post();
    /* With the prefix "/pay/" one segment more goes to the script's name. */
    CU_ASSERT_EQUAL(init(LIGHTTPD("/pay/api/stk-push/?q=1%20", "/pay/api", "/stk-push/")), ERR_OK);
    check_post();
    CU_ASSERT_EQUAL(init(LIGHTTPD("/api/stk-push/?q=1%20", "/api", "/stk-push/")), ERR_ROUTE);
    end();
}

#define APACHE(uri, ...) \
    VARIABLES("FCGI_ROLE=RESPONDER", "HTTP_HOST=pay.example", "HTTP_USER_AGENT=curl/7.88.1", \
              "HTTP_ACCEPT=*/*", "HTTP_X_API_KEY=k1", "HTTP_X_REQUEST_ID=r-1", \
              "CONTENT_TYPE=application/json; charset=UTF-8", "CONTENT_LENGTH=7", \
              "SERVER_SOFTWARE=Apache/2.4.71 (Debian) mod_fcgid/2.3.9", "SERVER_NAME=pay.example", \
              "SERVER_ADDR=127.0.0.1", "SERVER_PORT=80", "REMOTE_ADDR=127.0.0.1", \
              "DOCUMENT_ROOT=/var/www/html", "REQUEST_SCHEME=http", \
              "CONTEXT_PREFIX=", "CONTEXT_DOCUMENT_ROOT=/var/www/html", \
              "SERVER_ADMIN=[no address given]", "REMOTE_PORT=58564", "GATEWAY_INTERFACE=CGI/1.1", \
              "SERVER_PROTOCOL=HTTP/1.1", "REQUEST_METHOD=POST", "QUERY_STRING=q=1%20", \
              "REQUEST_URI=" uri, __VA_ARGS__)

static void apache_with_mod_proxy_fcgi(void)
{
    CU_ASSERT_EQUAL(
        init(APACHE("/api/stk%2dpush//?q=1%20", "SCRIPT_FILENAME=proxy:fcgi://risiti/api/stk-push/",
                    "SCRIPT_NAME=/api/stk-push/")),
        ERR_OK);
    check_post();
    options.base_path = STR("/pay");
    CU_ASSERT_EQUAL(init(APACHE("/pay/api/stk%2dpush//?q=1%20",
                                "SCRIPT_FILENAME=proxy:fcgi://risiti/pay/api/stk-push/",
                                "SCRIPT_NAME=/pay/api/stk-push/")),
                    ERR_OK);
    check_post();
    end();
}

/* mod_fcgid and mod_cgid fill alike, but for what they add to the path's translation. */
#define APACHE_ALIAS(uri, alias, info) \
    APACHE(uri, "SCRIPT_FILENAME=/usr/lib/risiti/risiti-fcgi", "SCRIPT_NAME=" alias, \
           "PATH_INFO=" info, "PATH_TRANSLATED=/var/www/html" info)

static void mod_fcgid_below_the_prefix_of_its_script_alias(void)
{
    CU_ASSERT_EQUAL(init(APACHE_ALIAS("/fid/api/stk%2dpush//?q=1%20", "/fid", "/api/stk-push/")),
                    ERR_OK);
    check_post();
    CU_ASSERT_EQUAL(init(APACHE_ALIAS("/a/risiti-fcgi/api/stk-push/?q=1%20", "/a/risiti-fcgi",
                                      "/api/stk-push/")),
                    ERR_OK);
    check_post();
    CU_ASSERT_EQUAL(init(APACHE_ALIAS("/fid/healthz", "/fid", "/healthz")), ERR_OK);
    ASSERT_STR(request.path, "/healthz");
    /* An alias by a name of ours hands over our own paths. */
    CU_ASSERT_EQUAL(init(APACHE_ALIAS("/api/stk-push/?q=1%20", "/api", "/stk-push/")), ERR_OK);
    check_post();
    end();
}

static void a_script_alias_below_a_base_path(void)
{
    options.base_path = STR("/pay");
    CU_ASSERT_EQUAL(
        init(APACHE_ALIAS("/pay/fid/api/stk%2dpush/?q=1%20", "/pay/fid", "/api/stk-push/")),
        ERR_OK);
    check_post();
    CU_ASSERT_EQUAL(init(APACHE_ALIAS("/pay/api/stk%2dpush/?q=1%20", "/pay", "/api/stk-push/")),
                    ERR_OK);
    check_post();
    CU_ASSERT_EQUAL(init(APACHE_ALIAS("/fid/api/stk%2dpush/?q=1%20", "/fid", "/api/stk-push/")),
                    ERR_OK);
    check_post();
    end();
}

static void htaccess_rewrites_to_a_script_elsewhere(void)
{
    options.base_path = STR("/shop");
    CU_ASSERT_EQUAL(init(APACHE("/shop/api/stk%2dpush/?q=1%20", "REDIRECT_STATUS=200",
                                "SCRIPT_FILENAME=/var/www/html/cgi-bin/risiti.fcgi",
                                "REDIRECT_URL=/shop/api/stk-push/", "REDIRECT_QUERY_STRING=q=1%20",
                                "SCRIPT_NAME=/cgi-bin/risiti.fcgi", "HTTP_CONNECTION=close")),
                    ERR_OK);
    check_post();
    options.base_path = STR_EMPTY;
    CU_ASSERT_EQUAL(init(APACHE("/api/stk%2dpush/?q=1%20", "REDIRECT_STATUS=200",
                                "SCRIPT_FILENAME=/var/www/html/cgi-bin/risiti.fcgi",
                                "REDIRECT_URL=/api/stk-push/", "REDIRECT_QUERY_STRING=q=1%20",
                                "SCRIPT_NAME=/cgi-bin/risiti.fcgi", "HTTP_CONNECTION=close")),
                    ERR_OK);
    check_post();
    end();
}

static void a_rewritten_script_also_answers_by_its_own_name(void)
{
    const char *const *environment = APACHE(
        "/cgi-bin/risiti.fcgi/api/stk%2dpush/?q=1%20",
        "SCRIPT_FILENAME=/var/www/html/cgi-bin/risiti.fcgi", "SCRIPT_NAME=/cgi-bin/risiti.fcgi",
        "PATH_INFO=/api/stk-push/", "PATH_TRANSLATED=/var/www/html/api/stk-push/");

    CU_ASSERT_EQUAL(init(environment), ERR_OK);
    check_post();
    options.base_path = STR("/shop");
    CU_ASSERT_EQUAL(init(environment), ERR_OK);
    check_post();
    end();
}

static void htaccess_rewrites_within_its_folder(void)
{
    options.base_path = STR("/shop");
    CU_ASSERT_EQUAL(init(APACHE("/shop/api/stk%2dpush/?q=1%20", "REDIRECT_STATUS=200",
                                "SCRIPT_FILENAME=/var/www/html/shop/risiti.fcgi",
                                "REDIRECT_URL=/shop/api/stk-push/", "SCRIPT_NAME=/shop/risiti.fcgi",
                                "PATH_INFO=/api/stk-push/")),
                    ERR_OK);
    check_post();
    end();
}

#define NGINX(uri, script) \
    VARIABLES("FCGI_ROLE=RESPONDER", "QUERY_STRING=q=1%20", "REQUEST_METHOD=POST", \
              "CONTENT_TYPE=application/json; charset=UTF-8", "CONTENT_LENGTH=7", \
              "SCRIPT_NAME=" script, "REQUEST_URI=" uri, "DOCUMENT_URI=" script, \
              "DOCUMENT_ROOT=/usr/share/nginx/html", "SERVER_PROTOCOL=HTTP/1.1", \
              "REQUEST_SCHEME=http", "GATEWAY_INTERFACE=CGI/1.1", "SERVER_SOFTWARE=nginx/1.22.1", \
              "REMOTE_ADDR=127.0.0.1", "REMOTE_PORT=55566", \
              "REMOTE_USER=", "SERVER_ADDR=127.0.0.1", "SERVER_PORT=80", \
              "SERVER_NAME=", "REDIRECT_STATUS=200", "HTTP_HOST=pay.example", \
              "HTTP_USER_AGENT=curl/7.88.1", "HTTP_ACCEPT=*/*", "HTTP_X_API_KEY=k1", \
              "HTTP_AUTHORIZATION=Bearer k1", "HTTP_X_REQUEST_ID=r-1", \
              "HTTP_CONTENT_TYPE=application/json; charset=UTF-8", "HTTP_CONTENT_LENGTH=7")

static void nginx_with_its_usual_parameters(void)
{
    CU_ASSERT_EQUAL(init(NGINX("/api/stk%2dpush//?q=1%20", "/api/stk-push/")), ERR_OK);
    check_post();
    CU_ASSERT_EQUAL(init(NGINX("/healthz", "/healthz")), ERR_OK);
    ASSERT_STR(request.path, "/healthz");
    options.base_path = STR("/pay");
    CU_ASSERT_EQUAL(init(NGINX("/pay/api/stk%2dpush//?q=1%20", "/pay/api/stk-push/")), ERR_OK);
    check_post();
    end();
}

static void nginx_without_its_parameters_is_no_whole_request(void)
{
    CU_ASSERT_EQUAL(init(VARIABLES("FCGI_ROLE=RESPONDER", "HTTP_HOST=pay.example",
                                   "HTTP_X_API_KEY=k1", "HTTP_X_API_KEY=k2")),
                    ERR_TRUNCATED);
    CU_ASSERT_PTR_NULL(why);
    CU_ASSERT_TRUE(request.id.length > 0);
    CU_ASSERT_EQUAL(init(VARIABLES("REQUEST_METHOD=", "REQUEST_URI=/")), ERR_TRUNCATED);
    CU_ASSERT_EQUAL(init((const char *const[]){NULL}), ERR_TRUNCATED);
    end();
}

static void plain_cgi_without_a_length(void)
{
    CU_ASSERT_EQUAL(
        init(VARIABLES("HTTP_HOST=pay.example", "HTTP_X_API_KEY=k1",
                       "HTTP_TRANSFER_ENCODING=chunked", "PATH=/usr/bin:/bin",
                       "REMOTE_ADDR=127.0.0.1", "DOCUMENT_ROOT=/var/www/html",
                       "SCRIPT_FILENAME=/usr/lib/risiti/risiti-fcgi", "GATEWAY_INTERFACE=CGI/1.1",
                       "REQUEST_METHOD=POST", "QUERY_STRING=q=1%20",
                       "REQUEST_URI=/plain/api/stk%2dpush/?q=1%20", "SCRIPT_NAME=/plain",
                       "PATH_INFO=/api/stk-push/")),
        ERR_OK);
    ASSERT_STR(request.path, "/api/stk-push");
    CU_ASSERT_FALSE(request.has_length);
    end();
}

static void without_request_uri_the_decoded_parts_make_the_path(void)
{
    CU_ASSERT_EQUAL(
        init(GET("SCRIPT_NAME=/cgi-bin/risiti.cgi", "PATH_INFO=/api/a%20b/", "QUERY_STRING=q=%20")),
        ERR_OK);
    ASSERT_STR(request.path, "/api/a%20b");
    ASSERT_STR(request.query, "q=%20");
    CU_ASSERT_EQUAL(init(GET("REQUEST_URI=", "PATH_INFO=/api/x")), ERR_OK);
    ASSERT_STR(request.path, "/api/x");
    CU_ASSERT_EQUAL(init(GET("QUERY_STRING=")), ERR_OK);
    ASSERT_STR(request.path, "/");
    CU_ASSERT_TRUE(refused(GET("PATH_INFO=/api/../x"), "the path has a dot segment"));
    end();
}

static void the_path_is_decoded_once_and_folded(void)
{
    CU_ASSERT_TRUE(reads("/", "/"));
    CU_ASSERT_TRUE(reads("//", "/"));
    CU_ASSERT_TRUE(reads("/?a=b", "/"));
    CU_ASSERT_TRUE(reads("//api///payments//", "/api/payments"));
    CU_ASSERT_TRUE(reads("/%61pi/M%C5%A9", "/api/M\xc5\xa9"));
    CU_ASSERT_TRUE(reads("/a%252Fb", "/a%2Fb"));
    CU_ASSERT_TRUE(reads("/a+b", "/a+b"));
    CU_ASSERT_TRUE(reads("/a...b/.c", "/a...b/.c"));
    CU_ASSERT_TRUE(reads("/a%3Fb?c?d", "/a?b"));
    ASSERT_STR(request.query, "c?d");
    end();
}

static void an_absolute_url_is_read_by_its_path(void)
{
    CU_ASSERT_TRUE(reads("http://pay.example/api/x?y", "/api/x"));
    CU_ASSERT_TRUE(reads("HTTPS://pay.example:8443", "/"));
    CU_ASSERT_TRUE(refused(GET("REQUEST_URI=*"), "the path does not begin with a slash"));
    CU_ASSERT_TRUE(refused(GET("REQUEST_URI=ftp://a/b"), "the path does not begin with a slash"));
    CU_ASSERT_TRUE(refused(GET("REQUEST_URI=?a"), "the path does not begin with a slash"));
    end();
}

static void paths_that_servers_read_differently_are_refused(void)
{
    CU_ASSERT_TRUE(refused(GET("REQUEST_URI=/a%2fb"), "the path has an encoded slash"));
    CU_ASSERT_TRUE(refused(GET("REQUEST_URI=/a%2F"), "the path has an encoded slash"));
    CU_ASSERT_TRUE(refused(GET("REQUEST_URI=/a/../b"), "the path has a dot segment"));
    CU_ASSERT_TRUE(refused(GET("REQUEST_URI=/a/%2e%2E"), "the path has a dot segment"));
    CU_ASSERT_TRUE(refused(GET("REQUEST_URI=/./a"), "the path has a dot segment"));
    CU_ASSERT_TRUE(
        refused(GET("REQUEST_URI=/a%00"), "the path has a broken percent escape or a zero byte"));
    CU_ASSERT_TRUE(
        refused(GET("REQUEST_URI=/a%4"), "the path has a broken percent escape or a zero byte"));
    CU_ASSERT_TRUE(refused(GET("REQUEST_URI=/a%ff"), "the path is not valid UTF-8"));
    end();
}

static void base_path_ends_at_a_slash(void)
{
    options.base_path = STR("/pay");
    CU_ASSERT_TRUE(reads("/pay", "/"));
    CU_ASSERT_TRUE(reads("//pay/", "/"));
    CU_ASSERT_TRUE(reads("/p%61y/api", "/api"));
    CU_ASSERT_EQUAL(init(GET("REQUEST_URI=/payments")), ERR_ROUTE);
    ASSERT_STR(request.path, "/payments");
    CU_ASSERT_EQUAL(init(GET("REQUEST_URI=/")), ERR_ROUTE);
    end();
}

static void methods_are_read_by_their_exact_names(void)
{
    static const char *const names[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    char variable[64];

    for (unsigned i = METHOD_GET; i < METHOD_OTHER; i++) {
        (void)snprintf(variable, sizeof(variable), "REQUEST_METHOD=%s", names[i]);
        CU_ASSERT_EQUAL(init(VARIABLES(variable, "REQUEST_URI=/")), ERR_OK);
        CU_ASSERT_EQUAL(request.method, i);
        CU_ASSERT_STRING_EQUAL(method_name(request.method), names[i]);
    }
    CU_ASSERT_EQUAL(init(VARIABLES("REQUEST_METHOD=get", "REQUEST_URI=/")), ERR_OK);
    CU_ASSERT_EQUAL(request.method, METHOD_OTHER);
    CU_ASSERT_STRING_EQUAL(method_name(METHOD_OTHER), "OTHER");
    end();
}

static void nothing_points_into_the_environment(void)
{
    char uri[] = "REQUEST_URI=/api/x?q=1", method[] = "REQUEST_METHOD=GET",
         key[] = "HTTP_X_API_KEY=k1", remote[] = "REMOTE_ADDR=192.0.2.9",
         type[] = "CONTENT_TYPE=A/B";

    CU_ASSERT_EQUAL(init(VARIABLES(uri, method, key, remote, type)), ERR_OK);
    memset(uri, 'z', sizeof(uri) - 1);
    memset(key, 'z', sizeof(key) - 1);
    memset(remote, 'z', sizeof(remote) - 1);
    memset(type, 'z', sizeof(type) - 1);
    ASSERT_STR(request.path, "/api/x");
    ASSERT_STR(request.query, "q=1");
    ASSERT_STR(request.api_key, "k1");
    ASSERT_STR(request.client, "192.0.2.9");
    ASSERT_STR(request.remote, "192.0.2.9");
    ASSERT_STR(request.content_type, "a/b");
    end();
}

static void want_of_memory_is_reported_at_every_size(void)
{
    const char *const *environment =
        GET("REQUEST_URI=/pay/api/x?y", "HTTP_X_API_KEY=k", "CONTENT_TYPE=a/b", "HTTP_USER_AGENT=u",
            "SCRIPT_NAME=/pay", "HTTP_IDEMPOTENCY_KEY=i");
    enum err err = ERR_NOMEM;
    size_t bytes = 0;

    for (; bytes < 4096 && err == ERR_NOMEM; bytes += 16) {
        struct arena *small = arena_new(bytes);

        why = NULL;
        err = request_init(&request, small, environment, &options, &why);
        arena_free(small);
    }
    CU_ASSERT_EQUAL(err, ERR_OK);
    CU_ASSERT_TRUE(bytes > 64);
    end();
}

static const struct tap_test tests[] = {
    TAP_TEST(lighttpd_with_a_socket_behind_the_prefix_api),
    TAP_TEST(lighttpd_with_bin_path_behind_the_prefix_slash),
    TAP_TEST(lighttpd_lets_nobody_choose_where_we_are_mounted),
    TAP_TEST(lighttpd_below_a_base_path),
    TAP_TEST(apache_with_mod_proxy_fcgi),
    TAP_TEST(mod_fcgid_below_the_prefix_of_its_script_alias),
    TAP_TEST(a_script_alias_below_a_base_path),
    TAP_TEST(htaccess_rewrites_to_a_script_elsewhere),
    TAP_TEST(a_rewritten_script_also_answers_by_its_own_name),
    TAP_TEST(htaccess_rewrites_within_its_folder),
    TAP_TEST(nginx_with_its_usual_parameters),
    TAP_TEST(nginx_without_its_parameters_is_no_whole_request),
    TAP_TEST(plain_cgi_without_a_length),
    TAP_TEST(without_request_uri_the_decoded_parts_make_the_path),
    TAP_TEST(the_path_is_decoded_once_and_folded),
    TAP_TEST(an_absolute_url_is_read_by_its_path),
    TAP_TEST(paths_that_servers_read_differently_are_refused),
    TAP_TEST(base_path_ends_at_a_slash),
    TAP_TEST(methods_are_read_by_their_exact_names),
    TAP_TEST(nothing_points_into_the_environment),
    TAP_TEST(want_of_memory_is_reported_at_every_size),
};
TAP_MAIN("request", tests)
