/* Whether the service can work: its database, its schema, and effects that wait for another try. */
#ifndef RISITI_DOMAIN_HEALTH_H
#define RISITI_DOMAIN_HEALTH_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/domain/service.h"

/* Beyond this many the count stops. */
#define HEALTH_COUNT_MAX 10000

struct health {
    unsigned schema;         /* the newest migration applied */
    unsigned failed_effects; /* journaled callbacks whose effect failed here */
    unsigned quarantined;    /* callbacks from addresses that are not listed */
    unsigned spooled;        /* callbacks in files of this host that wait for the database */
    unsigned damaged;        /* such files that cannot be read */
    bool spool_is_usable;    /* a callback could be written to a file now, or none shall be */
};

/* ERR_DB_AWAY; ERR_DB_SCHEMA when this program may not serve on the database's schema. */
RISITI_CHECKED enum err health_schema(struct service *service);
/* The same, unless it was found good a few seconds ago. */
RISITI_CHECKED enum err health_schema_recent(struct service *service);
/* The same, with numbers for whoever watches. */
RISITI_CHECKED enum err health_check(struct service *service, struct health *ret_health);

#endif
