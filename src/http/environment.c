/* The variables of a CGI environment: see environment.h. */
#include "risiti/base/base.h"

#include "environment.h"

#include "risiti/http/request.h"

/* Content types, and addresses with what servers may put around them. */
#define SHORT_BYTES_MAX 256

struct variable_row {
    struct str name;
    const char *twice; /* what is wrong when it comes twice; NULL when nothing is */
    size_t bytes_max;
    const char *too_long;
};

#define ONCE(variable, label, limit) \
    { \
        STR_INIT(variable), label " was given twice", limit, label " is too long" \
    }
#define ANY(variable, label, limit) \
    { \
        STR_INIT(variable), NULL, limit, label " is too long" \
    }

/*
 * lighttpd hands over X-API-KEY and X_API_KEY as two HTTP_X_API_KEY: which of them counts must not
 * depend on who looks. Authorization has no limit here, since schemes that are none of ours carry
 * long tokens; what is a limit to a key is checked where a key is found in it.
 */
static const struct variable_row rows[] = {
    [VARIABLE_METHOD] = ONCE("REQUEST_METHOD", "the method", SHORT_BYTES_MAX),
    [VARIABLE_URI] = ONCE("REQUEST_URI", "the URL", REQUEST_URI_BYTES_MAX),
    [VARIABLE_SCRIPT] = ANY("SCRIPT_NAME", "the URL", REQUEST_URI_BYTES_MAX),
    [VARIABLE_SCRIPT_FILE] = ANY("SCRIPT_FILENAME", "the script's path", SIZE_MAX),
    [VARIABLE_DOCUMENT_ROOT] = ANY("DOCUMENT_ROOT", "the document root", SIZE_MAX),
    [VARIABLE_PATH_INFO] = ANY("PATH_INFO", "the URL", REQUEST_URI_BYTES_MAX),
    [VARIABLE_QUERY] = ANY("QUERY_STRING", "the query", REQUEST_URI_BYTES_MAX),
    [VARIABLE_LENGTH] = ONCE("CONTENT_LENGTH", "Content-Length", SHORT_BYTES_MAX),
    [VARIABLE_TYPE] = ONCE("CONTENT_TYPE", "Content-Type", SHORT_BYTES_MAX),
    [VARIABLE_REMOTE] = ONCE("REMOTE_ADDR", "the client's address", SHORT_BYTES_MAX),
    [VARIABLE_FORWARDED_FOR] =
        ONCE("HTTP_X_FORWARDED_FOR", "X-Forwarded-For", REQUEST_URI_BYTES_MAX),
    [VARIABLE_FORWARDED] = ANY("HTTP_FORWARDED", "Forwarded", SIZE_MAX),
    [VARIABLE_VIA] = ANY("HTTP_VIA", "Via", SIZE_MAX),
    [VARIABLE_KEY] = ONCE("HTTP_X_API_KEY", "X-API-KEY", REQUEST_KEY_BYTES_MAX),
    [VARIABLE_AUTHORIZATION] = ONCE("HTTP_AUTHORIZATION", "Authorization", SIZE_MAX),
    [VARIABLE_AUTHORIZATION_REDIRECTED] =
        ONCE("REDIRECT_HTTP_AUTHORIZATION", "Authorization", SIZE_MAX),
    [VARIABLE_IDEMPOTENCY_KEY] =
        ONCE("HTTP_IDEMPOTENCY_KEY", "Idempotency-Key", REQUEST_KEY_BYTES_MAX),
    [VARIABLE_REQUEST_ID] = ONCE("HTTP_X_REQUEST_ID", "X-Request-Id", SIZE_MAX),
};

_Static_assert(ARRAY_LENGTH(rows) == VARIABLE_COUNT, "every variable has its row");

/* The variable of this name; VARIABLE_COUNT for those that nobody looks at. */
static size_t row_find(struct str name)
{
    size_t i = 0;

    while (i < VARIABLE_COUNT && !str_equal(rows[i].name, name))
        i++;
    return i;
}

/* What is wrong with this value of a variable; NULL when it was taken. */
static const char *variable_take(struct environment *environment, size_t i, struct str value)
{
    if (environment->values[i].data != NULL)
        return rows[i].twice;
    if (value.length > rows[i].bytes_max)
        return rows[i].too_long;
    environment->values[i] = value;
    return NULL;
}

enum err environment_read(const char *const *list, struct environment *ret_environment,
                          const char **ret_why)
{
    const char *why = NULL;
    size_t count = 0;

    *ret_environment = (struct environment){.values = {STR_EMPTY}};
    for (; count < REQUEST_VARIABLES_MAX && list[count] != NULL; count++) {
        struct str value = str_from(list[count]);
        size_t i = row_find(str_cut(&value, '='));
        const char *wrong = NULL;

        if (i < VARIABLE_COUNT && value.data != NULL)
            wrong = variable_take(ret_environment, i, value);
        if (why == NULL)
            why = wrong;
    }
    if (why == NULL && list[count] != NULL)
        why = "there are too many headers";
    if (why == NULL)
        return ERR_OK;
    *ret_why = why;
    return ERR_MALFORMED;
}
