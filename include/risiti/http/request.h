/*
 * One HTTP request as the CGI environment describes it, whatever web server filled it: a plain
 * struct with everything checked once. Nothing points into libfcgi's memory; all text lives in the
 * request's arena.
 */
#ifndef RISITI_HTTP_REQUEST_H
#define RISITI_HTTP_REQUEST_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"

/* Longer values of these are refused: ERR_MALFORMED. */
#define REQUEST_URI_BYTES_MAX 8192
#define REQUEST_KEY_BYTES_MAX 256
#define REQUEST_VARIABLES_MAX 256

enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE, METHOD_OTHER };

struct request {
    struct arena *arena;
    enum method method;
    struct str path;  /* decoded once, below base_path, without trailing slash; "/" for the root */
    struct str query; /* raw, without the question mark */
    struct str content_type; /* lower case, without parameters; empty when absent */
    bool has_length;         /* CONTENT_LENGTH was given */
    size_t length;
    struct str body;    /* set by request_read_body */
    struct str api_key; /* X-API-KEY, or a Bearer token; empty when neither came */
    struct str client;  /* the client's address; empty when it is not known */
    struct str remote;  /* REMOTE_ADDR, for the log */
    struct str id;      /* X-Request-Id when sane, else a new one; never empty after success */
    struct str idempotency_key; /* as it came; empty when absent */
};

struct request_options {
    struct str base_path;                          /* "" or "/pay" */
    const struct config_networks *trusted_proxies; /* whose X-Forwarded-For is believed */
};

/* Reads at most `count` bytes of the body. 0 at its end, -1 when the peer broke off. */
struct body_source {
    ptrdiff_t (*read)(void *stream, char *bytes, size_t count);
    void *stream;
};

/*
 * Fills the request from a NULL-terminated environment ("NAME=value"). `ret_request` is always
 * filled as far as possible (the id at least, when there is memory), so that a refusal can be
 * answered and logged. ERR_TRUNCATED when REQUEST_METHOD is missing (the peer went away while
 * handing over), ERR_MALFORMED with a sentence in `ret_why` (a header that must come once came
 * twice, an encoded slash, NUL or dot segment in the path, an over-long value, two API keys),
 * ERR_ROUTE when the path lies outside base_path, ERR_NOMEM, ERR_CRYPTO without a random id.
 *
 * The path is REQUEST_URI up to the question mark; without REQUEST_URI, SCRIPT_NAME + PATH_INFO.
 * base_path is cut off, and the script's own name when the path goes on behind it (mod_fcgid, CGI);
 * not "/api" and "/hooks", which our paths begin with, and not a name that lighttpd took from the
 * URL: a prefix there needs base_path. Repeated and trailing slashes are folded.
 *
 * The client is REMOTE_ADDR, or with a trusted proxy there the last address in X-Forwarded-For
 * that is not trusted itself (the first one when all are). It is unknown (empty) when REMOTE_ADDR
 * is a loopback or private address that is not a trusted proxy and X-Forwarded-For, Forwarded or
 * Via came along, when a trusted proxy sent one of the others without X-Forwarded-For, and when
 * what is found is no address.
 */
RISITI_CHECKED enum err request_init(struct request *ret_request, struct arena *arena,
                                     const char *const *environment,
                                     const struct request_options *options, const char **ret_why);
/*
 * Reads the whole body; without an announced length, up to its end. ERR_TOO_LARGE above `bytes_max`
 * (by its announced length: nothing is read), ERR_TRUNCATED when fewer bytes came than announced or
 * the peer broke off, ERR_NOMEM.
 */
RISITI_CHECKED enum err request_read_body(struct request *request, const struct body_source *source,
                                          size_t bytes_max);
/* "GET"; "OTHER" for those that no route has. */
const char *method_name(enum method method);

#endif
