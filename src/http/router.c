/* Finding the route of a path: see router.h. */
#include "risiti/base/base.h"

#include "risiti/http/router.h"

/* How well a pattern fits a path. */
struct fit {
    bool fits;
    size_t parameter_count;
    struct str parameters[ROUTE_PARAMETERS_MAX];
};

static bool is_placeholder(struct str segment)
{
    return segment.length > 2 && segment.data[0] == '{' && segment.data[segment.length - 1] == '}';
}

static struct fit pattern_fit(struct str pattern, struct str path)
{
    struct fit fit = {.fits = false};

    /* str_cut leaves data NULL behind the last segment: both must end at the same one. */
    while (pattern.data != NULL && path.data != NULL) {
        struct str wanted = str_cut(&pattern, '/');
        struct str segment = str_cut(&path, '/');

        if (!is_placeholder(wanted)) {
            if (!str_equal(wanted, segment))
                return fit;
            continue;
        }
        if (segment.length == 0)
            return fit;
        ASSERT(fit.parameter_count < ROUTE_PARAMETERS_MAX);
        fit.parameters[fit.parameter_count++] = segment;
    }
    fit.fits = pattern.data == NULL && path.data == NULL;
    return fit;
}

/* Writes "GET, POST" from a set of methods. */
static void allow_write(unsigned methods, char allow[ROUTE_ALLOW_SIZE])
{
    size_t length = 0;

    allow[0] = '\0';
    for (unsigned i = METHOD_GET; i < METHOD_OTHER; i++) {
        int written;

        if ((methods & (1u << i)) == 0)
            continue;
        written = snprintf(allow + length, ROUTE_ALLOW_SIZE - length, "%s%s",
                           length > 0 ? ", " : "", method_name((enum method)i));
        ASSERT(written > 0 && (size_t)written < ROUTE_ALLOW_SIZE - length);
        length += (size_t)written;
    }
}

enum err router_match(const struct route *routes, size_t route_count, enum method method,
                      struct str path, struct route_match *ret_match)
{
    struct route_match match = {.route = NULL};
    size_t fewest = ROUTE_PARAMETERS_MAX + 1;
    unsigned methods = 0;

    for (size_t i = 0; i < route_count; i++) {
        struct fit fit = pattern_fit(str_from(routes[i].pattern), path);

        if (!fit.fits || fit.parameter_count > fewest)
            continue;
        if (fit.parameter_count < fewest) {
            fewest = fit.parameter_count;
            methods = 0;
            match.route = NULL;
        }
        methods |= 1u << routes[i].method;
        if (routes[i].method != method || match.route != NULL)
            continue;
        match.route = &routes[i];
        memcpy(match.parameters, fit.parameters, sizeof(match.parameters));
    }
    if (methods == 0)
        return ERR_ROUTE;
    if (match.route == NULL) {
        allow_write(methods, match.allow);
        *ret_match = match;
        return ERR_METHOD;
    }
    *ret_match = match;
    return ERR_OK;
}
