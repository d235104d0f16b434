/*
 * What is handed down with every call of the domain: the configuration, this worker's connections,
 * and the request's memory and id. No globals stand beside it.
 */
#ifndef RISITI_DOMAIN_SERVICE_H
#define RISITI_DOMAIN_SERVICE_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/db/db.h"

struct daraja;

struct service {
    const struct config *config;
    struct db *db;
    struct daraja *daraja; /* NULL when no consumer key is configured */
    struct arena *arena;   /* ends with the request */
    struct str request_id; /* goes into every event */
};

/* The system app that owns what was paid by hand until an app claims it. */
extern const struct uuid admin_shop_id;

#endif
