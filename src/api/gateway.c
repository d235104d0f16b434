/* The whole way of one request: see gateway.h. */
#include "risiti/base/base.h"

#include "risiti/api/gateway.h"

#include "risiti/api/call.h"
#include "risiti/api/guard.h"
#include "risiti/api/routes.h"
#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/base/mem.h"
#include "risiti/base/number.h"
#include "risiti/domain/callback_spool.h"
#include "risiti/domain/path_token.h"

/* One request's memory at most: a body, its tree, the rows and the answer. */
#define ARENA_BYTES_MAX ((size_t)8 * 1024 * 1024)
/* Room for the headers that come before the body. */
#define OUTPUT_BYTES_MAX (RESPONSE_BODY_BYTES_MAX + 16384)
/* Bodies of routes that take none are read and dropped up to here. */
#define IGNORED_BODY_BYTES_MAX ((size_t)4096)

struct gateway {
    struct service service;
    struct guard guard;
    struct response response;
    struct buffer output;
};

enum err gateway_new(const struct config *config, struct gateway **ret_gateway)
{
    struct gateway *gateway = mem_alloc(1, sizeof(*gateway));
    enum err err;

    if (gateway == NULL)
        return ERR_NOMEM;
    response_init(&gateway->response);
    buffer_init(&gateway->output, OUTPUT_BYTES_MAX);
    gateway->guard.cache = app_cache_new();
    err = gateway->guard.cache != NULL ? service_open(&gateway->service, config, ARENA_BYTES_MAX)
                                       : ERR_NOMEM;
    if (err != ERR_OK) {
        gateway_free(gateway);
        return err;
    }
    *ret_gateway = gateway;
    return ERR_OK;
}

void gateway_free(struct gateway *gateway)
{
    if (gateway == NULL)
        return;
    app_cache_free(gateway->guard.cache);
    service_close(&gateway->service);
    response_release(&gateway->response);
    buffer_release(&gateway->output);
    mem_free(gateway);
}

static bool is_of_database(enum err err)
{
    return err == ERR_DB_AWAY || err == ERR_DB_CONFLICT || err == ERR_DB_COMMIT_UNKNOWN ||
           err == ERR_DB_FULL || err == ERR_DB_QUERY;
}

/* Errors of the world, told once with what the database said; refusals have the request's line. */
static void trouble_log(struct gateway *gateway, enum err err)
{
    const struct db *db = gateway->service.db;

    if (err_info(err)->status < 500 || err_info(err)->status == 502 || err == ERR_DARAJA_DOWN)
        return;
    if (is_of_database(err))
        log_write(LOG_LEVEL_ERROR, "request_failed",
                  LOG_FIELDS(LOG_ERROR_NAME("error", err),
                             LOG_INT("database_errno", db_last_errno(db)),
                             LOG_TEXT("database", db_last_error(db))));
    else
        log_write(LOG_LEVEL_ERROR, "request_failed", LOG_FIELDS(LOG_ERROR_NAME("error", err)));
}

/* Route, size, body, guard, endpoint: the first refusal ends it. */
static enum err call_run(struct gateway *gateway, struct call *call, struct request *request,
                         struct route_match *match, const struct body_source *source)
{
    size_t body_bytes_max;
    enum err err = router_match(api_routes, api_route_count, request->method, request->path, match);

    if (err != ERR_OK)
        return err;
    body_bytes_max = match->route->body_bytes_max;
    err = request_read_body(request, source,
                            body_bytes_max > 0 ? body_bytes_max : IGNORED_BODY_BYTES_MAX);
    if (err == ERR_OK)
        err = guard_check(&gateway->guard, call);
    return err == ERR_OK ? match->route->handle(call) : err;
}

/*
 * The paths of callbacks have a secret in them, also where somebody has put a wrong prefix or word
 * before it: what looks like one is enough.
 */
static bool may_have_secret(struct str path)
{
    size_t digits = 0;

    for (size_t i = 0; i < path.length; i++) {
        digits = number_hex_digit(path.data[i]) >= 0 ? digits + 1 : 0;
        if (digits >= PATH_TOKEN_LENGTH)
            return true;
    }
    return str_contains_nocase(path, STR("/hooks"));
}

static void call_log(const struct call *call, const struct request *request, int64_t duration_ms)
{
    const struct route *route = call->match->route;
    bool may_show_path = route == NULL && !may_have_secret(request->path);

    log_write(LOG_LEVEL_INFO, "request",
              LOG_FIELDS(LOG_STR("app", call->tenant != NULL ? call->tenant->app.name : STR_EMPTY),
                         LOG_TEXT("method", method_name(request->method)),
                         LOG_TEXT("route", route != NULL ? route->name : "none"),
                         LOG_STR("path", may_show_path ? request->path : STR_EMPTY),
                         LOG_INT("status", call->response->status), LOG_INT("ms", duration_ms),
                         LOG_STR("client", request->remote)));
}

struct str gateway_handle(struct gateway *gateway, const char *const *environment,
                          const struct body_source *body)
{
    struct request_options options = {
        .base_path = str_from(gateway->service.config->service_base_path),
        .trusted_proxies = &gateway->service.config->service_trusted_proxies,
    };
    int64_t started_ms = clock_monotonic_ms();
    struct route_match match = {.route = NULL};
    struct request request = {.arena = NULL};
    struct call call = {.service = &gateway->service,
                        .request = &request,
                        .match = &match,
                        .response = &gateway->response};
    const char *why = NULL;
    enum err err;

    gateway_idle(gateway);
    err = request_init(&request, gateway->service.arena, environment, &options, &why);
    gateway->service.request_id = request.id;
    log_set_request(request.id);
    call.problem.detail = str_from(why);
    if (err == ERR_OK)
        err = call_run(gateway, &call, &request, &match, body);
    if (err == ERR_TRUNCATED) {
        log_write(LOG_LEVEL_INFO, "request_truncated", LOG_NO_FIELDS);
        return STR_EMPTY;
    }
    if (err == ERR_OK)
        err = gateway->response.body.err;
    if (err != ERR_OK) {
        trouble_log(gateway, err);
        problem_write(&gateway->response, err, &call.problem);
    }
    if (err == ERR_METHOD)
        response_header_add(&gateway->response, "Allow", str_from(match.allow));
    response_header_add(&gateway->response, "X-Request-Id", request.id);
    call_log(&call, &request, clock_monotonic_ms() - started_ms);
    err = response_serialize(&gateway->response, &gateway->output);
    return err == ERR_OK ? buffer_str(&gateway->output)
                         : STR("Status: 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
}

void gateway_after(struct gateway *gateway)
{
    spool_drain_after_request(&gateway->service);
}

void gateway_idle(struct gateway *gateway)
{
    arena_reset(gateway->service.arena);
    response_clear(&gateway->response);
    buffer_clear(&gateway->output);
    gateway->service.request_id = STR_EMPTY;
    log_set_request(STR_EMPTY);
}
