/* What the flags of a route ask for: see guard.h. */
#include "risiti/base/base.h"

#include "risiti/api/guard.h"

#include "risiti/domain/health.h"

static enum err guard_address(struct call *call)
{
    const struct config *config = call->service->config;
    unsigned flags = call->match->route->flags;
    struct str client = call->request->client;

    if ((flags & ROUTE_MONITOR) != 0 &&
        !config_networks_contain(&config->service_monitor_allow, client))
        return ERR_FORBIDDEN;
    if ((flags & ROUTE_CALLBACK) == 0)
        return ERR_OK;
    if ((flags & ROUTE_PLAIN) != 0 && !config->callbacks_plain_paths)
        return ERR_ROUTE;
    call->is_listed = config_networks_contain(&config->callbacks_allow, client) ||
                      (config->callbacks_allow_loopback && config_host_is_loopback(client));
    return (flags & ROUTE_PLAIN) != 0 && (flags & ROUTE_KEEP) == 0 && !call->is_listed
               ? ERR_FORBIDDEN
               : ERR_OK;
}

/* A body must say that it is JSON, or nothing. */
static enum err guard_media_type(const struct call *call)
{
    struct str type = call->request->content_type;

    if (call->match->route->body_bytes_max == 0 || type.length == 0 ||
        str_equal(type, STR("application/json")))
        return ERR_OK;
    return ERR_MEDIA_TYPE;
}

/* Passed over in silence, the key would let a client send again what is then done twice. */
static enum err guard_idempotency(const struct call *call)
{
    bool may_change = call->match->route->body_bytes_max > 0;

    return may_change && call->request->idempotency_key.length > 0 ? ERR_IDEMPOTENCY : ERR_OK;
}

static enum err guard_query(struct call *call)
{
    struct str field = STR_EMPTY;
    const char *why = NULL;
    enum err err =
        query_parse(call->service->arena, call->request->query, &call->query, &field, &why);

    if (err == ERR_INVALID)
        problem_add_field(&call->problem, field, why);
    return err;
}

enum err guard_check(struct guard *guard, struct call *call)
{
    bool wants_key = (call->match->route->flags & ROUTE_KEY) != 0;
    enum err err = guard_address(call);

    if (err == ERR_OK && wants_key && call->request->api_key.length == 0)
        err = ERR_KEY_MISSING;
    if (err == ERR_OK && wants_key)
        err = app_key_check_form(call->request->api_key);
    if (err == ERR_OK && (call->match->route->flags & ROUTE_DATABASE) != 0)
        err = health_schema_recent(call->service);
    if (err != ERR_OK || !wants_key)
        return err;
    err = app_authenticate(call->service, guard->cache, call->request->api_key, &call->tenant);
    if (err == ERR_OK)
        err = guard_media_type(call);
    if (err == ERR_OK)
        err = guard_idempotency(call);
    return err == ERR_OK ? guard_query(call) : err;
}
