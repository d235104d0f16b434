/* The table of errors: see err.h. */
#include "risiti/base/base.h"

#include "risiti/base/err.h"

#define ROW(name, code_, title_, status_, retryable_) \
    [ERR_##name] = { \
        {.code = (code_), .title = (title_), .status = (status_), .retryable = (retryable_)}, \
        #name}

static const struct {
    struct err_info info;
    const char *name;
} errs[] = {
    ROW(OK, "ok", "Success", 200, false),
    ROW(INVALID, "invalid-request", "The request has wrong fields", 400, false),
    ROW(SYNTAX, "invalid-json", "The body is not valid JSON", 400, false),
    ROW(MALFORMED, "malformed-request", "The request cannot be understood", 400, false),
    ROW(TRUNCATED, "truncated-request", "The request ended early", 400, false),
    ROW(TOO_LARGE, "too-large", "The request is too large", 413, false),
    ROW(MEDIA_TYPE, "unsupported-media-type", "The body must be application/json", 415, false),
    ROW(METHOD, "method-not-allowed", "This path does not take that method", 405, false),
    ROW(ROUTE, "not-found", "There is nothing at this path", 404, false),
    ROW(KEY_MISSING, "missing-key", "An API key is required", 401, false),
    ROW(KEY_MISTYPED, "mistyped-key", "This is not an API key of this service", 401, false),
    ROW(KEY_UNKNOWN, "unknown-key", "This API key is not valid", 401, false),
    ROW(APP_DISABLED, "app-disabled", "This app is disabled", 403, false),
    ROW(FORBIDDEN, "forbidden", "This address may not call this path", 403, false),
    ROW(THROTTLED, "too-many-misses", "Too many receipts were not found", 429, true),
    ROW(IDEMPOTENCY, "idempotency-unsupported", "Idempotency-Key is not supported", 400, false),
    ROW(NOT_FOUND, "payment-not-found", "Payment not found", 404, false),
    ROW(ALREADY_CLAIMED, "already-claimed", "Payment already claimed", 409, false),
    ROW(AMBIGUOUS, "ambiguous", "Several payments match", 409, false),
    ROW(DUPLICATE, "duplicate", "This exists already", 409, false),
    ROW(STATE, "wrong-state", "The payment's state does not allow this", 409, false),
    ROW(PUSH_REFUSED, "push-refused", "M-Pesa refused the request", 502, false),
    ROW(PUSH_LOCKED, "subscriber-locked", "The phone has another request open", 409, true),
    ROW(PUSH_OPEN, "push-open", "The phone has a request of this service open", 409, true),
    ROW(PUSH_REPEATED, "push-repeated", "The phone was just asked for this amount", 409, true),
    ROW(PUSH_UNKNOWN, "push-unknown", "The outcome at M-Pesa is not known yet", 202, false),
    ROW(DARAJA_DOWN, "mpesa-unreachable", "M-Pesa cannot be reached", 503, true),
    ROW(DARAJA_AUTH, "mpesa-credentials", "M-Pesa refused this service's credentials", 502, false),
    ROW(DB_AWAY, "database-away", "The service cannot work right now", 503, true),
    ROW(DB_CONFLICT, "database-busy", "The service is busy with this payment", 503, true),
    ROW(DB_COMMIT_UNKNOWN, "commit-unknown", "Whether this took effect is not known", 503, true),
    ROW(DB_FULL, "database-full", "The service cannot store anything right now", 503, true),
    ROW(DB_QUERY, "internal-error", "Something went wrong on our side", 500, false),
    ROW(DB_SCHEMA, "database-schema", "The service is being upgraded", 503, true),
    ROW(TIMEOUT, "timeout", "This took too long", 503, true),
    ROW(IO, "internal-error", "Something went wrong on our side", 500, false),
    ROW(CONFIG, "internal-error", "Something went wrong on our side", 500, false),
    ROW(CRYPTO, "internal-error", "Something went wrong on our side", 500, false),
    ROW(NOMEM, "internal-error", "Something went wrong on our side", 500, false),
    ROW(INTERNAL, "internal-error", "Something went wrong on our side", 500, false),
};

_Static_assert(ARRAY_LENGTH(errs) == ERR_COUNT, "every error has its row");

static size_t err_row(enum err err)
{
    return (unsigned)err < ERR_COUNT ? (size_t)err : (size_t)ERR_INTERNAL;
}

const struct err_info *err_info(enum err err)
{
    return &errs[err_row(err)].info;
}

const char *err_name(enum err err)
{
    return errs[err_row(err)].name;
}

void assert_failed(const char *condition, const char *file, int line)
{
    (void)fprintf(stderr, "assertion failed: %s at %s:%d\n", condition, file, line);
    abort();
}
