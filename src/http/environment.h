/*
 * The variables of a CGI environment that this service looks at, as views into it. The one place
 * that knows their names, which of them may come once only, and how long they may be.
 */
#ifndef RISITI_HTTP_ENVIRONMENT_H
#define RISITI_HTTP_ENVIRONMENT_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"

enum variable {
    VARIABLE_METHOD,
    VARIABLE_URI,
    VARIABLE_SCRIPT,
    VARIABLE_SCRIPT_FILE,
    VARIABLE_DOCUMENT_ROOT,
    VARIABLE_PATH_INFO,
    VARIABLE_QUERY,
    VARIABLE_LENGTH,
    VARIABLE_TYPE,
    VARIABLE_REMOTE,
    VARIABLE_FORWARDED_FOR,
    VARIABLE_FORWARDED,
    VARIABLE_VIA,
    VARIABLE_KEY,
    VARIABLE_AUTHORIZATION,
    VARIABLE_AUTHORIZATION_REDIRECTED,
    VARIABLE_IDEMPOTENCY_KEY,
    VARIABLE_REQUEST_ID,
    VARIABLE_COUNT
};

struct environment {
    struct str values[VARIABLE_COUNT]; /* data is NULL when absent */
};

/*
 * Looks through a NULL-terminated list of "NAME=value". `ret_environment` is filled also on
 * ERR_MALFORMED (a sentence is in `ret_why`): of a variable that came twice it has the first
 * value, of one that is too long none.
 */
RISITI_CHECKED enum err environment_read(const char *const *list,
                                         struct environment *ret_environment, const char **ret_why);

#endif
