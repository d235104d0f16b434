/* The spool's files, brought into the journal with their effect: see spool.h. */
#ifndef RISITI_DOMAIN_CALLBACK_SPOOL_H
#define RISITI_DOMAIN_CALLBACK_SPOOL_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/domain/service.h"
#include "risiti/domain/turn.h"

/*
 * A turn of the task: up to `turn->limit` files of this host. Each becomes one row of the journal,
 * also when its first COMMIT took effect after all, or another process does the same. ERR_OK also
 * when nothing waits or no spool is configured; a database error ends the turn.
 */
RISITI_CHECKED enum err spool_drain_due(struct service *service, const struct turn *turn,
                                        unsigned *ret_done);

/*
 * What a worker does after a request: a few files, if there are any, if the database is there, and
 * within the time that a callback waits for it. Looks at nothing but the folder's time otherwise.
 */
void spool_drain_after_request(struct service *service);

#endif
