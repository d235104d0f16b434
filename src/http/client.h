/* Who asks: the address behind the web server and behind the proxies that are trusted. */
#ifndef RISITI_HTTP_CLIENT_H
#define RISITI_HTTP_CLIENT_H

#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/base/str.h"

#include "environment.h"

/*
 * The client's address as a view into the environment; empty when it is not known, as request.h
 * says. `trusted` may be NULL for none.
 */
struct str client_address(const struct environment *environment,
                          const struct config_networks *trusted);

#endif
