/* The path of a request: see path.h. */
#include "risiti/base/base.h"

#include "path.h"

#include "risiti/http/query.h"

/* The first segments of all paths of this service that go on behind them. */
static const struct str roots[] = {STR_INIT("/api"), STR_INIT("/hooks")};

/* Whether `path` is `above` or goes on behind it with a slash. */
static bool lies_below(struct str path, struct str above)
{
    struct str rest = str_skip(path, above.length);

    return str_starts_with(path, above) && (rest.length == 0 || str_starts_with(rest, STR("/")));
}

static bool has_root(struct str path)
{
    for (size_t i = 0; i < ARRAY_LENGTH(roots); i++)
        if (lies_below(path, roots[i]))
            return true;
    return false;
}

/* What follows `above`, which `path` lies below. */
static struct str path_below(struct str path, struct str above)
{
    return path.length > above.length ? str_skip(path, above.length) : STR("/");
}

/*
 * Whether SCRIPT_NAME names a program. lighttpd takes it from the URL: behind its prefix "/" any
 * first segment is one, and whoever asks would choose where the service is mounted. Its file is
 * then the document root with that name; a program there goes by its ending, elsewhere by an alias.
 */
static bool is_program(const struct environment *environment)
{
    struct str name = environment->values[VARIABLE_SCRIPT];
    struct str file = environment->values[VARIABLE_SCRIPT_FILE];
    struct str root = environment->values[VARIABLE_DOCUMENT_ROOT];

    if (str_ends_with(name, STR(".fcgi")) || str_ends_with(name, STR(".cgi")))
        return true;
    if (str_ends_with(root, STR("/")))
        root.length--;
    return file.length != root.length + name.length || !str_starts_with(file, root) ||
           !str_ends_with(file, name);
}

/*
 * Whether the service is mounted at the script's name (mod_fcgid, CGI). It is not when a server
 * gives the whole path by that name (nginx, mod_proxy_fcgi), nor when the name is one that our own
 * paths begin with.
 */
static bool is_mount(struct str path, struct str script)
{
    return script.length > 1 && path.length > script.length && lies_below(path, script) &&
           !has_root(path);
}

static enum err mount_cut(struct str *path, struct str script, struct str base)
{
    bool is_based = base.length > 0 && lies_below(*path, base);

    if (is_based) {
        *path = path_below(*path, base);
        script = lies_below(script, base) ? path_below(script, base) : STR_EMPTY;
    }
    if (is_mount(*path, script))
        *path = path_below(*path, script);
    else if (base.length > 0 && !is_based)
        return ERR_ROUTE;
    return ERR_OK;
}

static bool is_dots(struct str segment)
{
    return str_equal(segment, STR(".")) || str_equal(segment, STR(".."));
}

/* Folds repeated and trailing slashes. */
static enum err path_fold(struct arena *arena, struct str decoded, struct str *ret_path,
                          const char **ret_why)
{
    char *bytes = arena_alloc(arena, decoded.length + 2, 1);
    size_t length = 0;

    if (bytes == NULL)
        return ERR_NOMEM;
    if (!str_is_utf8(decoded)) {
        *ret_why = "the path is not valid UTF-8";
        return ERR_MALFORMED;
    }
    while (decoded.length > 0) {
        struct str segment = str_cut(&decoded, '/');

        if (is_dots(segment)) {
            *ret_why = "the path has a dot segment";
            return ERR_MALFORMED;
        }
        if (segment.length == 0)
            continue;
        bytes[length++] = '/';
        memcpy(bytes + length, segment.data, segment.length);
        length += segment.length;
    }
    if (length == 0)
        bytes[length++] = '/';
    *ret_path = (struct str){bytes, length};
    return ERR_OK;
}

static bool has_encoded_slash(struct str raw)
{
    for (size_t i = 0; i + 2 < raw.length; i++)
        if (str_equal_nocase((struct str){raw.data + i, 3}, STR("%2F")))
            return true;
    return false;
}

/* The path in "/a?b", or in "http://host/a?b", which a client may send as well. */
static struct str target_path(struct str uri)
{
    struct str target = str_first(uri, str_find(uri, '?'));
    struct str rest = target;
    struct str scheme = str_cut(&rest, ':');

    if (!str_equal_nocase(scheme, STR("http")) && !str_equal_nocase(scheme, STR("https")))
        return target;
    if (!str_starts_with(rest, STR("//")))
        return target;
    rest = str_skip(rest, 2);
    rest = str_skip(rest, str_find(rest, '/'));
    return rest.length > 0 ? rest : STR("/");
}

static enum err uri_decode(struct arena *arena, struct str uri, struct str *ret_decoded,
                           const char **ret_why)
{
    struct str raw = target_path(uri);
    enum err err;

    if (!str_starts_with(raw, STR("/"))) {
        *ret_why = "the path does not begin with a slash";
        return ERR_MALFORMED;
    }
    if (has_encoded_slash(raw)) {
        *ret_why = "the path has an encoded slash";
        return ERR_MALFORMED;
    }
    err = percent_decode(arena, raw, ret_decoded);
    if (err != ERR_INVALID)
        return err;
    *ret_why = "the path has a broken percent escape or a zero byte";
    return ERR_MALFORMED;
}

/* The whole path: by REQUEST_URI, or by what a server without it has decoded already. */
static enum err whole_path(struct arena *arena, const struct environment *environment,
                           struct str *ret_path, const char **ret_why)
{
    struct str uri = environment->values[VARIABLE_URI];
    struct str script = environment->values[VARIABLE_SCRIPT];
    struct str info = environment->values[VARIABLE_PATH_INFO];
    struct str decoded;
    enum err err = ERR_OK;

    if (uri.length > 0) {
        err = uri_decode(arena, uri, &decoded, ret_why);
    } else {
        decoded = arena_format(arena, "%.*s%.*s", STR_ARG(script), STR_ARG(info));
        if (decoded.data == NULL)
            err = ERR_NOMEM;
    }
    return err == ERR_OK ? path_fold(arena, decoded, ret_path, ret_why) : err;
}

enum err path_read(struct arena *arena, const struct environment *environment, struct str base_path,
                   struct str *ret_path, const char **ret_why)
{
    struct str path, script = STR_EMPTY;
    const char *ignored = NULL;
    enum err err = whole_path(arena, environment, &path, ret_why);

    if (err != ERR_OK)
        return err;
    /* A script's name that cannot be folded is none that the path could begin with. */
    if (is_program(environment))
        err = path_fold(arena, environment->values[VARIABLE_SCRIPT], &script, &ignored);
    if (err == ERR_NOMEM)
        return err;
    err = mount_cut(&path, script, base_path);
    *ret_path = path;
    return err;
}
