/* The one place that sets up a curl handle for a request. */
#ifndef RISITI_SRC_NET_HTTP_OPTIONS_H
#define RISITI_SRC_NET_HTTP_OPTIONS_H

#include "risiti/base/base.h"

#include <curl/curl.h>

#include "risiti/base/arena.h"
#include "risiti/base/err.h"
#include "risiti/net/http_client.h"

/*
 * The request's header lines, or NULL without memory. They hold secrets: http_headers_free.
 * ERR_INVALID when a value cannot stand in a header.
 */
RISITI_CHECKED enum err http_headers_make(struct arena *arena,
                                          const struct http_client_request *request,
                                          struct curl_slist **ret_headers);
/* Wipes and frees. NULL is fine. */
void http_headers_free(struct curl_slist *headers);

/*
 * Resets the handle and sets every option that matters, so that nothing is left of the request
 * before. `url` and `headers` must outlive the request. ERR_INVALID for an unknown method,
 * ERR_INTERNAL when the library does not know an option, ERR_NOMEM.
 */
RISITI_CHECKED enum err http_options_set(CURL *easy, const struct http_client_options *options,
                                         const struct http_client_request *request, const char *url,
                                         struct curl_slist *headers);

#endif
