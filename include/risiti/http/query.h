/*
 * Query strings and percent-encoding: the one parser. A parameter that comes twice, a broken
 * escape, an escaped NUL or invalid UTF-8 is refused with the parameter's name.
 */
#ifndef RISITI_HTTP_QUERY_H
#define RISITI_HTTP_QUERY_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"

#define QUERY_PARAMETERS_MAX 32

struct query_parameter {
    struct str name, value; /* decoded, printable or not: valid UTF-8 without NUL */
};

struct query {
    struct query_parameter items[QUERY_PARAMETERS_MAX];
    size_t count;
};

/*
 * Decodes "a=1&b=x%20y" (also "+" as a space). An empty query has no parameters. ERR_INVALID with
 * the offending parameter's name in `ret_field` and a sentence in `ret_why`; ERR_NOMEM.
 */
RISITI_CHECKED enum err query_parse(struct arena *arena, struct str raw, struct query *ret_query,
                                    struct str *ret_field, const char **ret_why);
/*
 * Percent-decodes into the arena ("+" stays). ERR_INVALID for a broken escape or NUL (not for
 * invalid UTF-8: the caller decides); ERR_NOMEM.
 */
RISITI_CHECKED enum err percent_decode(struct arena *arena, struct str text, struct str *ret_text);

#endif
