/* Which URLs may be called: see http_client.h. */
#include "risiti/base/base.h"

#include "risiti/net/http_client.h"

#include <curl/curl.h>

#include "risiti/base/config.h"

#define URL_BYTES_MAX 2048

/* A part of the URL as curl will use it, or NULL; curl_free it. */
static char *url_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;

    return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

static bool parsed_url_allowed(CURLU *url, bool allow_http)
{
    char *scheme = url_part(url, CURLUPART_SCHEME);
    char *host = url_part(url, CURLUPART_HOST);
    char *user = url_part(url, CURLUPART_USER);
    bool allowed = false;

    if (scheme != NULL && host != NULL && user == NULL) {
        allowed = str_equal(str_from(scheme), STR("https")) ||
                  (allow_http && str_equal(str_from(scheme), STR("http")) &&
                   config_host_is_loopback(str_from(host)));
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    return allowed;
}

bool http_client_url_allowed(struct str url, bool allow_http)
{
    char text[URL_BYTES_MAX + 1];
    CURLU *parsed;
    bool allowed;

    if (!str_is_printable(url) || str_find(url, ' ') != url.length ||
        !str_copy(url, text, sizeof(text)))
        return false;
    parsed = curl_url();
    if (parsed == NULL)
        return false;
    allowed = curl_url_set(parsed, CURLUPART_URL, text, 0) == CURLUE_OK &&
              parsed_url_allowed(parsed, allow_http);
    curl_url_cleanup(parsed);
    return allowed;
}
