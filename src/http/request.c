/* One request out of the CGI environment: see request.h. */
#include "risiti/base/base.h"

#include "risiti/http/request.h"

#include "risiti/base/number.h"
#include "risiti/base/uuid.h"

#include "client.h"
#include "environment.h"
#include "path.h"

#define REQUEST_ID_BYTES_MAX 64
/* Of a User-Agent; the rest is not worth a line in the log. */
/* What is read at once from a body of unknown length before memory is taken for it. */
#define FIRST_PIECE_BYTES 1024

static const char *const method_names[] = {
    [METHOD_GET] = "GET",     [METHOD_POST] = "POST",     [METHOD_PUT] = "PUT",
    [METHOD_PATCH] = "PATCH", [METHOD_DELETE] = "DELETE", [METHOD_OTHER] = "OTHER",
};

const char *method_name(enum method method)
{
    ASSERT((unsigned)method < ARRAY_LENGTH(method_names));
    return method_names[method];
}

/* Copies text out of the server's memory; nothing is allocated for empty text. */
static enum err text_keep(const struct request *request, struct str text, struct str *ret_text)
{
    struct str copy;

    if (text.length == 0)
        return ERR_OK;
    copy = arena_str(request->arena, text);
    if (copy.data == NULL)
        return ERR_NOMEM;
    *ret_text = copy;
    return ERR_OK;
}

/* One part of a request after the other, each filling its members of `request`. */
struct reading {
    struct request *request;
    struct environment environment;
    const struct request_options *options;
    const char *why; /* of the latest ERR_MALFORMED */
};

static struct str variable(const struct reading *reading, enum variable name)
{
    return reading->environment.values[name];
}

static enum err malformed(struct reading *reading, const char *why)
{
    reading->why = why;
    return ERR_MALFORMED;
}

static bool is_sane_id(struct str id)
{
    return id.length > 0 && id.length <= REQUEST_ID_BYTES_MAX &&
           str_consists_of(id, STR("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789._-"));
}

static enum err id_read(struct reading *reading)
{
    struct str given = variable(reading, VARIABLE_REQUEST_ID);
    char text[UUID_TEXT_SIZE];
    struct uuid uuid;
    enum err err;

    if (is_sane_id(given))
        return text_keep(reading->request, given, &reading->request->id);
    err = uuid_new(&uuid);
    if (err != ERR_OK)
        return err;
    return text_keep(reading->request, str_from(uuid_format(&uuid, text)), &reading->request->id);
}

static enum err method_read(struct reading *reading)
{
    struct str name = variable(reading, VARIABLE_METHOD);

    if (name.length == 0)
        return ERR_TRUNCATED;
    for (unsigned i = METHOD_GET; i < METHOD_OTHER; i++)
        if (str_equal(name, str_from(method_names[i])))
            reading->request->method = (enum method)i;
    return ERR_OK;
}

static enum err peer_read(struct reading *reading)
{
    struct request *request = reading->request;
    struct str client = client_address(&reading->environment, reading->options->trusted_proxies);
    enum err err = text_keep(request, variable(reading, VARIABLE_REMOTE), &request->remote);

    return err == ERR_OK ? text_keep(request, client, &request->client) : err;
}

static enum err path_and_query_read(struct reading *reading)
{
    struct request *request = reading->request;
    struct str query = variable(reading, VARIABLE_URI);
    enum err err;

    if (query.length > 0)
        (void)str_cut(&query, '?'); /* the path, which path_read looks at */
    else
        query = variable(reading, VARIABLE_QUERY);
    err = text_keep(request, query, &request->query);
    if (err != ERR_OK)
        return err;
    return path_read(request->arena, &reading->environment, reading->options->base_path,
                     &request->path, &reading->why);
}

static enum err length_read(struct reading *reading)
{
    struct str text = variable(reading, VARIABLE_LENGTH);
    uint64_t length = 0;

    if (text.length == 0)
        return ERR_OK;
    if (number_parse(text, 0, SIZE_MAX, &length) != ERR_OK)
        return malformed(reading, "Content-Length is not a number");
    reading->request->has_length = true;
    reading->request->length = (size_t)length;
    return ERR_OK;
}

static enum err type_read(struct reading *reading)
{
    struct str text = variable(reading, VARIABLE_TYPE);
    char *copy;

    text = str_trim(str_cut(&text, ';'));
    if (text.length == 0)
        return ERR_OK;
    copy = arena_copy(reading->request->arena, text);
    if (copy == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < text.length; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] + ('a' - 'A'));
    reading->request->content_type = (struct str){copy, text.length};
    return ERR_OK;
}

/* The token of "Bearer TOKEN"; empty for every other scheme. */
static struct str bearer_token(struct str authorization)
{
    struct str rest = str_trim(authorization);
    struct str scheme = str_cut(&rest, ' ');

    return str_equal_nocase(scheme, STR("Bearer")) ? str_trim(rest) : STR_EMPTY;
}

static enum err keys_read(struct reading *reading)
{
    struct request *request = reading->request;
    struct str key = str_trim(variable(reading, VARIABLE_KEY));
    struct str authorization = variable(reading, VARIABLE_AUTHORIZATION);
    struct str token;
    enum err err;

    /* By this name Apache hands it over behind a rewrite. */
    if (authorization.data == NULL)
        authorization = variable(reading, VARIABLE_AUTHORIZATION_REDIRECTED);
    token = bearer_token(authorization);
    if (token.length > REQUEST_KEY_BYTES_MAX)
        return malformed(reading, "the Bearer token is too long");
    /* Apache joins headers that come twice; no key has a comma. */
    if (str_find(key, ',') < key.length)
        return malformed(reading, "X-API-KEY was given twice");
    if (str_find(token, ',') < token.length)
        return malformed(reading, "Authorization was given twice");
    if (key.length > 0 && token.length > 0 && !str_equal(key, token))
        return malformed(reading, "two API keys");
    err = text_keep(request, key.length > 0 ? key : token, &request->api_key);
    if (err != ERR_OK)
        return err;
    return text_keep(request, variable(reading, VARIABLE_IDEMPOTENCY_KEY),
                     &request->idempotency_key);
}

enum err request_init(struct request *ret_request, struct arena *arena,
                      const char *const *environment, const struct request_options *options,
                      const char **ret_why)
{
    /* A path outside of base_path is the last refusal: every malformed header comes before it. */
    static enum err (*const parts[])(struct reading *) = {
        id_read, method_read, peer_read, length_read, type_read, keys_read, path_and_query_read,
    };
    struct reading reading = {.request = ret_request, .options = options};
    const char *why = NULL;
    enum err refusal = environment_read(environment, &reading.environment, &why);

    *ret_request = (struct request){.arena = arena, .method = METHOD_OTHER};
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        enum err err = parts[i](&reading);

        if (err == ERR_NOMEM || err == ERR_CRYPTO)
            return err;
        if (err == ERR_OK || (refusal != ERR_OK && err != ERR_TRUNCATED))
            continue;
        refusal = err;
        why = reading.why;
    }
    if (refusal == ERR_MALFORMED)
        *ret_why = why;
    return refusal;
}

/* Reads until `count` bytes are there or the body ends. */
static enum err body_fill(const struct body_source *source, char *bytes, size_t count,
                          size_t *ret_length)
{
    size_t length = 0;

    while (length < count) {
        ptrdiff_t piece = source->read(source->stream, bytes + length, count - length);

        if (piece < 0)
            return ERR_TRUNCATED;
        if (piece == 0)
            break;
        ASSERT((size_t)piece <= count - length);
        length += (size_t)piece;
    }
    *ret_length = length;
    return ERR_OK;
}

static enum err announced_body_read(struct request *request, const struct body_source *source,
                                    size_t bytes_max)
{
    char *bytes;
    size_t length = 0;
    enum err err;

    if (request->length > bytes_max)
        return ERR_TOO_LARGE;
    if (request->length == 0)
        return ERR_OK;
    bytes = arena_alloc(request->arena, request->length, 1);
    if (bytes == NULL)
        return ERR_NOMEM;
    err = body_fill(source, bytes, request->length, &length);
    if (err != ERR_OK)
        return err;
    if (length < request->length)
        return ERR_TRUNCATED;
    request->body = (struct str){bytes, length};
    return ERR_OK;
}

/* A chunked body that came through plain CGI, or more often no body at all. */
static enum err unannounced_body_read(struct request *request, const struct body_source *source,
                                      size_t bytes_max)
{
    char first[FIRST_PIECE_BYTES];
    size_t room = bytes_max < SIZE_MAX ? bytes_max + 1 : bytes_max;
    size_t first_room = room < sizeof(first) ? room : sizeof(first);
    size_t first_length = 0, length = 0;
    char *bytes;
    enum err err = body_fill(source, first, first_room, &first_length);

    if (err != ERR_OK)
        return err;
    if (first_length > bytes_max)
        return ERR_TOO_LARGE;
    if (first_length == 0)
        return ERR_OK;
    if (first_length < first_room)
        return text_keep(request, (struct str){first, first_length}, &request->body);
    bytes = arena_alloc(request->arena, room, 1);
    if (bytes == NULL)
        return ERR_NOMEM;
    memcpy(bytes, first, first_length);
    err = body_fill(source, bytes + first_length, room - first_length, &length);
    if (err != ERR_OK)
        return err;
    if (first_length + length > bytes_max)
        return ERR_TOO_LARGE;
    request->body = (struct str){bytes, first_length + length};
    return ERR_OK;
}

enum err request_read_body(struct request *request, const struct body_source *source,
                           size_t bytes_max)
{
    return request->has_length ? announced_body_read(request, source, bytes_max)
                               : unannounced_body_read(request, source, bytes_max);
}
