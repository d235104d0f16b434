/* One request out of the CGI environment: see request.h. */
#include "risiti/base/base.h"

#include "risiti/http/request.h"

static const char *const method_names[] = {
    [METHOD_GET] = "GET",     [METHOD_POST] = "POST",     [METHOD_PUT] = "PUT",
    [METHOD_PATCH] = "PATCH", [METHOD_DELETE] = "DELETE", [METHOD_OTHER] = "OTHER",
};

const char *method_name(enum method method)
{
    ASSERT((unsigned)method < ARRAY_LENGTH(method_names));
    return method_names[method];
}
