/*
 * The one guarded way to make an HTTP request: TLS verified, redirects off, http(s) only, no proxy
 * from the environment, every wait and length bounded. A handle belongs to one process: made after
 * the fork. The program ignores or catches SIGPIPE (TLS writes may raise it). Nothing here knows
 * what the request means.
 */
#ifndef RISITI_NET_HTTP_CLIENT_H
#define RISITI_NET_HTTP_CLIENT_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"

struct http_client;

struct http_client_options {
    const char *ca_file; /* certificate authorities; NULL: the library's default */
    bool allow_http;     /* http:// for loopback hosts */
    unsigned connect_timeout_ms, timeout_ms;
    size_t answer_bytes_max;
};

/*
 * The texts of the options must outlive the client. NULL without memory. Sets up libcurl in this
 * process, which counts its users: http_client_free undoes it.
 */
RISITI_CHECKED struct http_client *http_client_new(const struct http_client_options *options);
void http_client_free(struct http_client *client);

struct http_client_request {
    const char *method; /* "GET" or "POST" */
    struct str url;
    struct str bearer;                     /* Authorization: Bearer …; empty for none */
    struct str basic_user, basic_password; /* Authorization: Basic …; empty user for none */
    struct str content_type;               /* with a body */
    struct str body;
    /*
     * Money moves: a fresh connection that is not reused, because on a kept one curl silently sends
     * a POST twice when the server closes it.
     */
    bool once;
    unsigned timeout_ms; /* when shorter than the client's; 0: the client's */
};

/* How far a request got, which decides whether repeating it is safe. */
enum http_client_outcome {
    HTTP_CLIENT_ANSWERED, /* a complete answer is there, whatever its status */
    HTTP_CLIENT_NOT_SENT, /* nothing reached the server: safe to repeat */
    HTTP_CLIENT_UNKNOWN,  /* it may have been received: never repeat blindly */
};

struct http_client_answer {
    enum http_client_outcome outcome;
    unsigned status;
    struct str body; /* in the arena, NUL-terminated behind its end */
    const char *why; /* for the log, static text; NULL when answered */
};

/*
 * ERR_OK whenever `ret_answer` is filled (whatever the outcome); ERR_INVALID for a URL that is not
 * allowed or a header that cannot be sent; ERR_NOMEM. With an error nothing was sent: when memory
 * ends later, the outcome is unknown.
 */
RISITI_CHECKED enum err http_client_send(struct http_client *client, struct arena *arena,
                                         const struct http_client_request *request,
                                         struct http_client_answer *ret_answer);
/* Whether a URL may be called: https, or http for a loopback host with allow_http. */
bool http_client_url_allowed(struct str url, bool allow_http);

#endif
