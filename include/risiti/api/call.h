/*
 * One request on its way through the api layer: what a guard has found out about it, and what an
 * endpoint gets and fills. An endpoint returns ERR_OK with the response written, or an error that
 * the gateway turns into a problem with what it has put into `problem`.
 */
#ifndef RISITI_API_CALL_H
#define RISITI_API_CALL_H

#include "risiti/base/base.h"
#include "risiti/domain/app.h"
#include "risiti/domain/service.h"
#include "risiti/http/problem.h"
#include "risiti/http/query.h"
#include "risiti/http/request.h"
#include "risiti/http/response.h"
#include "risiti/http/router.h"

/* What a route asks for before its endpoint runs. */
enum route_flag {
    ROUTE_KEY = 1,       /* an API key: `tenant` is set */
    ROUTE_CALLBACK = 2,  /* by Safaricom: `is_listed` is set; any media type, read tolerantly */
    ROUTE_PLAIN = 4,     /* a callback path without a secret: unlisted addresses are refused */
    ROUTE_MONITOR = 8,   /* addresses of monitor_allow only */
    ROUTE_DATABASE = 16, /* useless without a database whose schema fits */
    ROUTE_KEEP = 32      /* a callback that is kept, whatever the database does */
};

struct call {
    struct service *service;
    const struct request *request;
    const struct route_match *match;
    struct query query;    /* of routes with ROUTE_KEY; empty for others */
    struct tenant *tenant; /* with ROUTE_KEY */
    bool is_listed;        /* with ROUTE_CALLBACK */
    struct response *response;
    struct problem problem;
};

#endif
