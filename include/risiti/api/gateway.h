/*
 * The whole way of one request, for whoever has a CGI environment and a body to read: request,
 * route, guard, endpoint, answer, one log line. The fcgi layer calls nothing else of the service.
 */
#ifndef RISITI_API_GATEWAY_H
#define RISITI_API_GATEWAY_H

#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/http/request.h"

/* One worker's service: its arena, its connections, its caches. Made after the fork. */
struct gateway;

/* `config` outlives the gateway. ERR_NOMEM, ERR_CONFIG. Opens no connection yet. */
RISITI_CHECKED enum err gateway_new(const struct config *config, struct gateway **ret_gateway);
/* Closes everything. NULL is fine. */
void gateway_free(struct gateway *gateway);
/*
 * Answers one request. The result is complete CGI output (Status, headers, body) and lives until
 * the next call; it is empty when the request was not complete: nothing was changed then, and there
 * is nobody to answer.
 */
struct str gateway_handle(struct gateway *gateway, const char *const *environment,
                          const struct body_source *body);
/*
 * After an answer has gone out: what waits in the spool is brought into the journal, a little at a
 * time. Nobody waits for it.
 */
void gateway_after(struct gateway *gateway);
/* Between requests: pings nothing, frees what the last answer used. */
void gateway_idle(struct gateway *gateway);

#endif
