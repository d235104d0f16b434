/*
 * Callbacks as they come over HTTP: taken whatever the database does. What it cannot keep within a
 * moment goes to the spool; what comes from an unlisted address is kept within bounds.
 */
#ifndef RISITI_DOMAIN_CALLBACK_ACCEPT_H
#define RISITI_DOMAIN_CALLBACK_ACCEPT_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/domain/callback.h"
#include "risiti/domain/service.h"

/* How long a callback waits for the database, and how long the next ones do not even try it. */
#define CALLBACK_DATABASE_MS 700
#define CALLBACK_REST_MS 2000

/* Rows in quarantine from all unlisted addresses together. */
#define CALLBACK_QUARANTINE_MAX 10000

/*
 * Takes one callback: kind, body, source and is_listed are the caller's; `token` is the secret of
 * its path, data NULL on a plain one. ERR_OK: it is in the journal or in the spool, or it came from
 * an unlisted address with a good secret and one more would be too many. ERR_ROUTE for a secret
 * that is none of ours; ERR_FORBIDDEN for an unlisted address on a plain path, whether it was kept
 * or not. Any other error: it is kept nowhere, and must not be answered 200.
 */
RISITI_CHECKED enum err callback_accept(struct service *service, const struct callback *callback,
                                        struct str token);

/* callback_token_find, within the time that a callback has for the database. */
RISITI_CHECKED enum err callback_token_find_soon(struct service *service, enum inbox_kind kind,
                                                 struct str token);

/* Whether the database has just let a callback wait in vain. */
bool callback_database_rests(const struct service *service);
/* The time that a callback has for the database, from now on; nothing without a spool. */
void callback_deadline_begin(struct service *service);
/* Its end: when it has passed, the next ones do not try for a while. */
void callback_deadline_end(struct service *service);

#endif
