/* Every option of a request, set anew each time: see http_options.h. */
#include "risiti/base/base.h"

#include "http_options.h"

#include <fcntl.h>

#include "risiti/base/crypto.h"

/*
 * Less than a byte a second for this long ends a request. Waiting for the first byte counts too: a
 * peer that thinks for longer than ten seconds and then answers must not be given up on, so that
 * it is most of the total timeout.
 */
#define LOW_SPEED_SECONDS_MIN 10U
/* Kept connections: one for OAuth and queries, one spare; dropped before the peer drops them. */
#define CONNECTIONS_MAX 2L
#define CONNECTION_AGE_SECONDS_MAX 55L

/* Printable ASCII alone: no line can be smuggled in. */
static bool is_header_value(struct str text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] < 0x20 || text.data[i] > 0x7e)
            return false;
    return true;
}

/* Adds "name: value"; the copy made here is wiped. */
static enum err header_add(struct arena *arena, struct curl_slist **headers, const char *name,
                           struct str value)
{
    struct curl_slist *grown;
    struct str line;

    if (!is_header_value(value))
        return ERR_INVALID;
    line = arena_format(arena, "%s: %.*s", name, STR_ARG(value));
    if (line.data == NULL)
        return ERR_NOMEM;
    grown = curl_slist_append(*headers, line.data);
    crypto_wipe_str(line);
    if (grown == NULL)
        return ERR_NOMEM;
    *headers = grown;
    return ERR_OK;
}

/* "Basic " and base64 of user:password, every step of it wiped. */
static enum err basic_add(struct arena *arena, struct curl_slist **headers,
                          const struct http_client_request *request)
{
    struct str pair = arena_format(arena, "%.*s:%.*s", STR_ARG(request->basic_user),
                                   STR_ARG(request->basic_password));
    struct str encoded = pair.data != NULL ? crypto_base64(pair, arena) : STR_EMPTY;
    struct str value =
        encoded.data != NULL ? arena_format(arena, "Basic %.*s", STR_ARG(encoded)) : STR_EMPTY;
    enum err err =
        value.data != NULL ? header_add(arena, headers, "Authorization", value) : ERR_NOMEM;

    crypto_wipe_str(pair);
    crypto_wipe_str(encoded);
    crypto_wipe_str(value);
    return err;
}

static enum err bearer_add(struct arena *arena, struct curl_slist **headers, struct str bearer)
{
    struct str value = arena_format(arena, "Bearer %.*s", STR_ARG(bearer));
    enum err err =
        value.data != NULL ? header_add(arena, headers, "Authorization", value) : ERR_NOMEM;

    crypto_wipe_str(value);
    return err;
}

enum err http_headers_make(struct arena *arena, const struct http_client_request *request,
                           struct curl_slist **ret_headers)
{
    /* Without it curl waits a second for "100 Continue" before it sends a larger body. */
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    enum err err = ERR_OK;

    if (headers == NULL)
        return ERR_NOMEM;
    if (request->content_type.length > 0)
        err = header_add(arena, &headers, "Content-Type", request->content_type);
    if (err == ERR_OK && request->bearer.length > 0)
        err = bearer_add(arena, &headers, request->bearer);
    if (err == ERR_OK && request->basic_user.length > 0)
        err = basic_add(arena, &headers, request);
    if (err != ERR_OK) {
        http_headers_free(headers);
        return err;
    }
    *ret_headers = headers;
    return ERR_OK;
}

void http_headers_free(struct curl_slist *headers)
{
    for (struct curl_slist *line = headers; line != NULL; line = line->next)
        crypto_wipe(line->data, strlen(line->data));
    curl_slist_free_all(headers);
}

static int socket_close_on_exec(void *context, curl_socket_t socket, curlsocktype purpose)
{
    (void)context;
    (void)purpose;
    return fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

static unsigned set_limits(CURL *easy, const struct http_client_options *options,
                           const struct http_client_request *request)
{
    bool is_shorter = request->timeout_ms > 0 && request->timeout_ms < options->timeout_ms;
    unsigned timeout_ms = is_shorter ? request->timeout_ms : options->timeout_ms;
    unsigned low_speed_s = timeout_ms / 5 * 4 / 1000;
    unsigned failed = 0;

    if (low_speed_s < LOW_SPEED_SECONDS_MIN)
        low_speed_s = LOW_SPEED_SECONDS_MIN;

    failed |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    failed |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
    failed |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    failed |= curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    failed |= curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)low_speed_s);
    failed |= curl_easy_setopt(easy, CURLOPT_MAXCONNECTS, CONNECTIONS_MAX);
    failed |= curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, CONNECTION_AGE_SECONDS_MAX);
    return failed;
}

/* Where it may go: no redirects, no proxy, no other protocols, no credentials from files. */
static unsigned set_reach(CURL *easy, bool is_https)
{
    unsigned failed = 0;

    failed |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, is_https ? "https" : "http");
    failed |= curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    failed |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    failed |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
    failed |= curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    failed |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    failed |= curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    failed |= curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    failed |= curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, socket_close_on_exec);
    return failed;
}

static unsigned set_tls(CURL *easy, const char *ca_file)
{
    unsigned failed = 0;

    failed |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    failed |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    failed |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (ca_file != NULL) {
        failed |= curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
        /* The library's own folder of authorities would be trusted beside the file. */
        failed |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    return failed;
}

static unsigned set_message(CURL *easy, const struct http_client_request *request, const char *url,
                            struct curl_slist *headers, bool is_post)
{
    unsigned failed = 0;

    failed |= curl_easy_setopt(easy, CURLOPT_URL, url);
    failed |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    failed |= curl_easy_setopt(easy, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
    failed |= curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->once ? 1L : 0L);
    failed |= curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, request->once ? 1L : 0L);
    if (!is_post)
        return failed | curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    failed |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
    failed |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
    failed |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                               request->body.length > 0 ? request->body.data : "");
    return failed;
}

enum err http_options_set(CURL *easy, const struct http_client_options *options,
                          const struct http_client_request *request, const char *url,
                          struct curl_slist *headers)
{
    struct str method = str_from(request->method);
    bool is_post = str_equal(method, STR("POST"));
    bool is_https = str_equal_nocase(str_first(request->url, 6), STR("https:"));

    if (!is_post && !str_equal(method, STR("GET")))
        return ERR_INVALID;
    curl_easy_reset(easy);
    if (set_limits(easy, options, request) != 0 || set_reach(easy, is_https) != 0 ||
        set_tls(easy, options->ca_file) != 0 ||
        set_message(easy, request, url, headers, is_post) != 0)
        return ERR_INTERNAL;
    return ERR_OK;
}
