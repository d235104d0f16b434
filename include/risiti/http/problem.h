/*
 * Refusals as application/problem+json (RFC 9457): type, title, status, detail, code; `error` or
 * `message` for clients of the service's first version; `errors` with every wrong field.
 */
#ifndef RISITI_HTTP_PROBLEM_H
#define RISITI_HTTP_PROBLEM_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/http/response.h"

#define PROBLEM_FIELDS_MAX 32

struct problem_field {
    struct str name;
    const char *message; /* static text */
};

struct problem {
    struct str detail; /* a sentence on this occurrence; the title when empty */
    struct problem_field fields[PROBLEM_FIELDS_MAX];
    size_t field_count;
    unsigned retry_after_seconds; /* 0: the error's default (2 for retryable ones) */
    /* Writes further members, or NULL. `context` is handed through. */
    void (*extend)(struct jwrite *json, const void *context);
    const void *context;
};

/* Notes a wrong field; those beyond the maximum are dropped. `name` must outlive the answer. */
void problem_add_field(struct problem *problem, struct str name, const char *message);
/*
 * Replaces the response, its headers too, by the problem for `err`, which must not be ERR_OK.
 * `problem` may be NULL. `message` takes the place of `error` for ERR_ALREADY_CLAIMED. 401 gets
 * WWW-Authenticate; retryable errors and those with retry_after_seconds get Retry-After.
 */
void problem_write(struct response *response, enum err err, const struct problem *problem);

#endif
