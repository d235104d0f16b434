/*
 * An answer under construction: status, headers, a JSON body; and its form as CGI output. A failed
 * append marks the body's buffer; response_serialize then reports it.
 */
#ifndef RISITI_HTTP_RESPONSE_H
#define RISITI_HTTP_RESPONSE_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/buffer.h"
#include "risiti/base/err.h"
#include "risiti/base/jwrite.h"
#include "risiti/base/str.h"

#define RESPONSE_HEADERS_MAX 12
#define RESPONSE_BODY_BYTES_MAX (1024 * 1024)
/* A whole number and its NUL. */
#define RESPONSE_NUMBER_SIZE 12

struct response_header {
    const char *name;
    struct str value;
};

struct response {
    unsigned status;
    const char *content_type; /* "application/json" unless changed */
    struct response_header headers[RESPONSE_HEADERS_MAX];
    size_t header_count;
    struct buffer body;
    struct jwrite json;                     /* writes into body: a response is not moved */
    char retry_after[RESPONSE_NUMBER_SIZE]; /* what the Retry-After header points to */
};

/* 200, application/json, empty. The body's memory is kept over response_clear. */
void response_init(struct response *response);
void response_release(struct response *response);
/* As after response_init. */
void response_clear(struct response *response);
/*
 * Adds a header; `name` is static, `value` lives as long as the arena of the request. Values with
 * control characters are dropped: they could forge a header. At most RESPONSE_HEADERS_MAX.
 */
void response_header_add(struct response *response, const char *name, struct str value);
/* Adds Retry-After. */
void response_retry_after(struct response *response, unsigned seconds);
/*
 * "Status: 200 OK", the headers, Content-Length, Cache-Control: no-store, X-Content-Type-Options:
 * nosniff, an empty line and the body. The body's failure (ERR_TOO_LARGE, ERR_NOMEM) is returned.
 */
RISITI_CHECKED enum err response_serialize(const struct response *response, struct buffer *output);

#endif
