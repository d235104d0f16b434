/* What the flags of a route ask for, in the order in which refusals take precedence. */
#ifndef RISITI_API_GUARD_H
#define RISITI_API_GUARD_H

#include "risiti/api/call.h"
#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/domain/app.h"

/* The guard's own memory between requests, one a worker. */
struct guard {
    struct app_cache *cache;
};

/*
 * Address, database and schema, key, media type, query string: ERR_OK and `call` filled, or the
 * refusal.
 */
RISITI_CHECKED enum err guard_check(struct guard *guard, struct call *call);

#endif
