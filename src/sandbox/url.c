/* What Daraja takes as a callback URL: see url.h. */
#include "risiti/base/base.h"

#include "risiti/sandbox/url.h"

#include "risiti/base/config.h"

/* The host of what stands behind "://", without its port; empty when there is none. */
static struct str host_of(struct str rest)
{
    static const struct str stops[] = {STR_INIT("/"), STR_INIT("?"), STR_INIT("#")};
    size_t end = rest.length;

    for (size_t i = 0; i < ARRAY_LENGTH(stops); i++) {
        size_t stop = str_find(rest, stops[i].data[0]);

        end = stop < end ? stop : end;
    }
    rest = str_first(rest, end);
    if (str_find(rest, '@') < rest.length)
        return STR_EMPTY; /* a name and password: nobody hands those to Safaricom */
    if (str_starts_with(rest, STR("[")))
        return str_first(rest, str_find(rest, ']') + 1);
    return str_first(rest, str_find(rest, ':'));
}

bool url_is_callback(struct str url, bool allow_http)
{
    struct str host;

    if (url.length >= URL_SIZE)
        return false;
    for (size_t i = 0; i < url.length; i++)
        if (url.data[i] <= ' ' || url.data[i] > '~')
            return false;
    if (str_starts_with(url, STR("https://")))
        return host_of(str_skip(url, STR("https://").length)).length > 0;
    if (!allow_http || !str_starts_with(url, STR("http://")))
        return false;
    host = host_of(str_skip(url, STR("http://").length));
    return config_host_is_loopback(host);
}

const char *url_refused_word(struct str url)
{
    static const char *const words[] = {"MPESA", "M-PESA", "SAFARICOM", "EXEC",
                                        "EXE",   "CMD",    "SQL",       "QUERY"};

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (str_contains_nocase(url, str_from(words[i])))
            return words[i];
    return NULL;
}
