/* What Daraja takes as a callback URL. */
#ifndef RISITI_SANDBOX_URL_H
#define RISITI_SANDBOX_URL_H

#include "risiti/base/base.h"
#include "risiti/base/str.h"

/* Longest URL and a NUL. */
#define URL_SIZE 1024

/*
 * https with a host, printable ASCII without spaces, below URL_SIZE; with `allow_http` also http,
 * for loopback hosts.
 */
bool url_is_callback(struct str url, bool allow_http);
/* The first word in `url` that a registered URL may not have, in capitals; NULL for none. */
const char *url_refused_word(struct str url);

#endif
