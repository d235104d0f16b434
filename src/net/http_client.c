/* One request over libcurl, and how far it got: see http_client.h. */
#include "risiti/base/base.h"

#include "risiti/net/http_client.h"

#include <curl/curl.h>
#include <unistd.h>

#include "risiti/base/buffer.h"
#include "risiti/base/mem.h"

#include "http_options.h"

/* All header lines of an answer together. */
#define HEADER_BYTES_MAX 65536

struct http_client {
    CURL *easy;
    struct http_client_options options;
    pid_t owner; /* the process that made it */
};

/* What arrives, with its limits. */
struct reception {
    struct buffer body;
    size_t header_bytes;
};

struct http_client *http_client_new(const struct http_client_options *options)
{
    struct http_client *client;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return NULL;
    client = mem_alloc(1, sizeof(*client));
    if (client != NULL)
        client->easy = curl_easy_init();
    if (client == NULL || client->easy == NULL) {
        mem_free(client);
        curl_global_cleanup();
        return NULL;
    }
    client->options = *options;
    client->owner = getpid();
    return client;
}

void http_client_free(struct http_client *client)
{
    if (client == NULL)
        return;
    curl_easy_cleanup(client->easy);
    mem_free(client);
    curl_global_cleanup();
}

/* A short count makes curl give up with CURLE_WRITE_ERROR. */
static size_t body_received(char *bytes, size_t size, size_t count, void *context)
{
    struct reception *reception = context;

    buffer_append(&reception->body, (struct str){bytes, size * count});
    return reception->body.err == ERR_OK ? size * count : 0;
}

static size_t header_received(char *bytes, size_t size, size_t count, void *context)
{
    struct reception *reception = context;

    (void)bytes;
    reception->header_bytes += size * count;
    return reception->header_bytes <= HEADER_BYTES_MAX ? size * count : 0;
}

/* Codes that curl gives before the first byte of a request. */
static bool is_before_sending(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
        return true;
    default:
        return false;
    }
}

/*
 * Not sent needs two witnesses: no byte of a request was written, and either the code itself says
 * so or the connection never became ready for one.
 */
static enum http_client_outcome outcome_of(CURL *easy, CURLcode code)
{
    long request_bytes = 0;
    curl_off_t upload_bytes = 0;
    curl_off_t ready_after_us = 0;

    if (code == CURLE_OK)
        return HTTP_CLIENT_ANSWERED;
    if (curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_bytes) != CURLE_OK ||
        curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &upload_bytes) != CURLE_OK ||
        curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &ready_after_us) != CURLE_OK)
        return HTTP_CLIENT_UNKNOWN;
    if (request_bytes == 0 && upload_bytes == 0 && (is_before_sending(code) || ready_after_us == 0))
        return HTTP_CLIENT_NOT_SENT;
    return HTTP_CLIENT_UNKNOWN;
}

static const char *why_of(const struct reception *reception, CURLcode code)
{
    if (reception->header_bytes > HEADER_BYTES_MAX || reception->body.err == ERR_TOO_LARGE)
        return "the answer is too large";
    if (reception->body.err != ERR_OK)
        return "no memory for the answer";
    return code != CURLE_OK ? curl_easy_strerror(code) : NULL;
}

static unsigned status_of(CURL *easy)
{
    long status = 0;

    if (curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK || status < 0)
        return 0;
    return (unsigned)status;
}

static struct http_client_answer perform(CURL *easy, struct arena *arena,
                                         struct reception *reception)
{
    struct http_client_answer answer = {0};
    CURLcode code = curl_easy_perform(easy);

    answer.outcome = outcome_of(easy, code);
    answer.why = why_of(reception, code);
    answer.status = status_of(easy);
    if (answer.outcome != HTTP_CLIENT_ANSWERED)
        return answer;
    answer.body = arena_str(arena, buffer_str(&reception->body));
    if (answer.body.data == NULL) {
        answer.outcome = HTTP_CLIENT_UNKNOWN;
        answer.why = "no memory for the answer";
    }
    return answer;
}

static enum err request_send(struct http_client *client, struct arena *arena,
                             const struct http_client_request *request, struct curl_slist *headers,
                             struct http_client_answer *ret_answer)
{
    const char *url = arena_copy(arena, request->url);
    struct reception reception = {0};
    enum err err;

    if (url == NULL)
        return ERR_NOMEM;
    err = http_options_set(client->easy, &client->options, request, url, headers);
    if (err != ERR_OK)
        return err;
    if (curl_easy_setopt(client->easy, CURLOPT_WRITEFUNCTION, body_received) != CURLE_OK ||
        curl_easy_setopt(client->easy, CURLOPT_WRITEDATA, &reception) != CURLE_OK ||
        curl_easy_setopt(client->easy, CURLOPT_HEADERFUNCTION, header_received) != CURLE_OK ||
        curl_easy_setopt(client->easy, CURLOPT_HEADERDATA, &reception) != CURLE_OK)
        return ERR_INTERNAL;
    buffer_init_secret(&reception.body, client->options.answer_bytes_max); /* perhaps a token */
    *ret_answer = perform(client->easy, arena, &reception);
    buffer_release(&reception.body);
    return ERR_OK;
}

enum err http_client_send(struct http_client *client, struct arena *arena,
                          const struct http_client_request *request,
                          struct http_client_answer *ret_answer)
{
    struct curl_slist *headers = NULL;
    enum err err;

    ASSERT(client->owner == getpid());
    if (!http_client_url_allowed(request->url, client->options.allow_http))
        return ERR_INVALID;
    err = http_headers_make(arena, request, &headers);
    if (err != ERR_OK)
        return err;
    err = request_send(client, arena, request, headers, ret_answer);
    /* The handle would keep pointers to this request's memory. */
    curl_easy_reset(client->easy);
    http_headers_free(headers);
    return err;
}
