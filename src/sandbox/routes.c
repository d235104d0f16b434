/* The table of all paths. */
#include "risiti/base/base.h"

#include "risiti/sandbox/sandbox.h"

struct route {
    struct str method, path;
    sandbox_handler *handle;
};

static const struct route routes[] = {
    {STR_INIT("GET"), STR_INIT("/oauth/v1/generate"), sandbox_oauth_generate},
    {STR_INIT("POST"), STR_INIT("/mpesa/stkpush/v1/processrequest"), sandbox_stk_push},
    {STR_INIT("POST"), STR_INIT("/mpesa/stkpushquery/v1/query"), sandbox_stk_query},
    {STR_INIT("POST"), STR_INIT("/mpesa/c2b/v1/registerurl"), sandbox_c2b_register_v1},
    {STR_INIT("POST"), STR_INIT("/mpesa/c2b/v2/registerurl"), sandbox_c2b_register_v2},
    {STR_INIT("POST"), STR_INIT("/mpesa/c2b/v1/simulate"), sandbox_c2b_simulate_v1},
    {STR_INIT("POST"), STR_INIT("/mpesa/c2b/v2/simulate"), sandbox_c2b_simulate_v2},
    {STR_INIT("POST"), STR_INIT("/_sandbox/c2b"), sandbox_c2b_inject},
    {STR_INIT("GET"), STR_INIT("/_sandbox/payments"), sandbox_payments_list},
    {STR_INIT("GET"), STR_INIT("/_sandbox/faults"), sandbox_faults_show},
    {STR_INIT("PUT"), STR_INIT("/_sandbox/faults"), sandbox_faults_set},
    {STR_INIT("GET"), STR_INIT("/_sandbox/state"), sandbox_state_show},
    {STR_INIT("POST"), STR_INIT("/_sandbox/reverse"), sandbox_reverse},
};

void sandbox_routes_dispatch(struct sandbox *sandbox, struct exchange *exchange, struct str method,
                             struct str path)
{
    bool path_known = false;

    for (size_t i = 0; i < ARRAY_LENGTH(routes); i++) {
        if (!str_equal(path, routes[i].path))
            continue;
        path_known = true;
        if (!str_equal(method, routes[i].method))
            continue;
        routes[i].handle(sandbox, exchange);
        return;
    }
    if (path_known)
        exchange_answer_error(sandbox, exchange, 405, "405.001", "Method Not Allowed");
    else
        exchange_answer_error(sandbox, exchange, 404, "404.001.01", "Resource not found");
}
