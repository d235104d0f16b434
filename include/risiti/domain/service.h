/*
 * What is handed down with every call of the domain: the configuration, this worker's connections,
 * and the request's memory and id. No globals stand beside it.
 */
#ifndef RISITI_DOMAIN_SERVICE_H
#define RISITI_DOMAIN_SERVICE_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/db/db.h"

struct c2b_token_cache;
struct daraja;
struct oauth;
struct spool;

/* What one process remembers of callbacks and of the database between requests. */
struct intake {
    int64_t schema_checked_ms;     /* monotonic; 0: not yet */
    int64_t rest_until_ms;         /* monotonic; callbacks do not try the database before */
    int64_t turned_away_logged_ms; /* monotonic; 0: never */
    unsigned turned_away;          /* callbacks that were not kept, since then */
};

struct service {
    const struct config *config;
    struct db *db;
    struct daraja *daraja; /* NULL when no consumer key is configured */
    struct arena *arena;   /* ends with the request */
    struct str request_id; /* goes into every event */
    struct oauth *oauth;   /* where `daraja` gets its token */
    struct c2b_token_cache *c2b_tokens;
    struct spool *spool; /* NULL: none is configured */
    struct intake intake;
    struct db_options db_options;
};

/*
 * Makes what a process needs: memory of at most `arena_bytes_max` a request, a database connection
 * (not opened yet), and the Daraja client when a consumer key is configured. Call it after fork;
 * `config` outlives the service, and the service stays where it is. ERR_NOMEM, ERR_CONFIG.
 */
RISITI_CHECKED enum err service_open(struct service *service, const struct config *config,
                                     size_t arena_bytes_max);
/* Closes everything; a service that was never opened (all zero) is fine. */
void service_close(struct service *service);

/* The system app that owns what was paid by hand until an app claims it. */
extern const struct uuid admin_shop_id;

#endif
