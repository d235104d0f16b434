/*
 * Fuzz target: any bytes as a CGI environment, a line a variable, behind a line with base_path; an
 * empty line ends it, and the body follows. What a request says must be sane even when it is
 * refused, and its path must be one that no two readers can understand differently.
 */
#include "risiti/base/base.h"

#include "risiti/http/request.h"

#include "fuzz.h"

#define INPUT_BYTES_MAX 131072
#define ARENA_BYTES_MAX (8 * INPUT_BYTES_MAX)
/* More than a request may have. */
#define LINES_MAX (REQUEST_VARIABLES_MAX + 8)
#define BODY_BYTES_MAX 4096

static const struct config_networks trusted = {
    .items = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127}, 104}},
    .count = 1,
};

static const char *lines[LINES_MAX + 1];

/* Reads one byte less than is asked, so that bodies come in pieces. */
static ptrdiff_t body_read(void *stream, char *bytes, size_t count)
{
    struct str *rest = stream;
    struct str piece = str_first(*rest, count > 1 ? count - 1 : count);

    if (piece.length > 0)
        memcpy(bytes, piece.data, piece.length);
    *rest = str_skip(*rest, piece.length);
    return (ptrdiff_t)piece.length;
}

/* Cuts the variables off `rest`, up to an empty line. */
static void lines_cut(struct arena *arena, struct str *rest)
{
    size_t count = 0;

    while (rest->length > 0 && count < LINES_MAX) {
        struct str line = str_cut(rest, '\n');

        if (line.length == 0)
            break;
        lines[count] = arena_copy(arena, line);
        ASSERT(lines[count] != NULL);
        count++;
    }
    lines[count] = NULL;
}

static void path_check(struct str path)
{
    struct str rest = str_skip(path, 1);

    ASSERT(str_starts_with(path, STR("/")));
    ASSERT(str_is_utf8(path));
    while (rest.length > 0) {
        struct str segment = str_cut(&rest, '/');

        ASSERT(segment.length > 0);
        ASSERT(!str_equal(segment, STR(".")) && !str_equal(segment, STR("..")));
    }
    ASSERT(path.length == 1 || !str_ends_with(path, STR("/")));
}

static void request_check(const struct request *request)
{
    path_check(request->path);
    ASSERT(request->api_key.length <= REQUEST_KEY_BYTES_MAX);
    ASSERT(str_find(request->api_key, ',') == request->api_key.length);
    ASSERT(str_find(request->content_type, ';') == request->content_type.length);
    ASSERT(request->client.length == 0 || request->remote.length > 0);
    ASSERT(request->has_length || request->length == 0);
}

static void body_check(struct request *request, struct str body)
{
    struct str rest = body;
    struct body_source source = {body_read, &rest};
    enum err err = request_read_body(request, &source, BODY_BYTES_MAX);

    ASSERT(err == ERR_OK || err == ERR_TOO_LARGE || err == ERR_TRUNCATED);
    if (err != ERR_OK) {
        ASSERT(request->body.length == 0);
        return;
    }
    ASSERT(request->body.length <= BODY_BYTES_MAX);
    ASSERT(request->body.length == (request->has_length ? request->length : body.length));
    ASSERT(str_equal(request->body, str_first(body, request->body.length)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct str rest = str_first((struct str){(const char *)bytes, size}, INPUT_BYTES_MAX);
    struct request_options options = {.trusted_proxies = &trusted};
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct request request;
    const char *why = NULL;
    enum err err;

    ASSERT(arena != NULL);
    options.base_path = str_cut(&rest, '\n');
    lines_cut(arena, &rest);
    err = request_init(&request, arena, lines, &options, &why);
    ASSERT(err == ERR_OK || err == ERR_TRUNCATED || err == ERR_MALFORMED || err == ERR_ROUTE);
    ASSERT((err == ERR_MALFORMED) == (why != NULL));
    ASSERT(request.id.length > 0 && request.id.length <= 64);
    if (err == ERR_OK || err == ERR_ROUTE)
        request_check(&request);
    if (err == ERR_OK)
        body_check(&request, rest);
    arena_free(arena);
    return 0;
}
