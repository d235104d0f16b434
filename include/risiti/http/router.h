/*
 * The route table's shape and the one place that decides 404 and 405. The table itself is the api
 * layer's; what a handler gets (`struct call`) is known there only.
 */
#ifndef RISITI_HTTP_ROUTER_H
#define RISITI_HTTP_ROUTER_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/http/request.h"

struct call;

#define ROUTE_PARAMETERS_MAX 2
/* "GET, POST" and so on: room for every method. */
#define ROUTE_ALLOW_SIZE 48

struct route {
    enum method method;
    const char *pattern;   /* "/api/payments/{id}": a segment in braces matches any one segment */
    const char *name;      /* for logs and metrics: "payment_show" */
    unsigned flags;        /* the api layer's: which guards run first */
    size_t body_bytes_max; /* 0: a body is read and ignored up to a small bound */
    enum err (*handle)(struct call *call);
};

struct route_match {
    const struct route *route;
    struct str parameters[ROUTE_PARAMETERS_MAX]; /* what the segments in braces were, in order */
    char allow[ROUTE_ALLOW_SIZE]; /* on ERR_METHOD: the methods that the path takes */
};

/*
 * ERR_ROUTE when no pattern fits the path, ERR_METHOD when none of those that fit has the method.
 * Of the patterns that fit, those with the fewest braces count alone: a path that "/a/b" names is
 * never one of "/a/{id}", whatever the method.
 */
RISITI_CHECKED enum err router_match(const struct route *routes, size_t route_count,
                                     enum method method, struct str path,
                                     struct route_match *ret_match);

#endif
