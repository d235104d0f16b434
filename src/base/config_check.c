/* The rules over the whole configuration: what one value alone cannot show. See config_rows.h. */
#include "risiti/base/base.h"

#include "risiti/base/config_rows.h"

#include <regex.h>
#include <sys/un.h>

#include "risiti/base/crypto.h"
#include "risiti/base/number.h"

#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)
#define PORT_MAX 65535
#define STORE_DIGITS_MIN 5
#define HOST_BYTES STR("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")
#define IPV6_BYTES STR("0123456789abcdefABCDEF:.")
#define PATH_BYTES STR("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/")
#define KEY(section, name) config_key(loader, CONFIG_ROW_##section##_##name)
#define SHORT_CODE_KEY_OF(index, name) config_short_code_key(loader, (index), SHORT_CODE_ROW_##name)

/* ---- URLs and paths ---- */

struct url {
    bool is_https;
    struct str host, path;
};

/* Whether "." or ".." is a piece of the path, or two slashes stand together. */
static bool has_odd_segment(struct str path)
{
    struct str rest = str_skip(path, 1);

    while (rest.data != NULL) {
        struct str piece = str_cut(&rest, '/');

        if (str_equal(piece, STR(".")) || str_equal(piece, STR("..")) ||
            (piece.length == 0 && rest.data != NULL))
            return true;
    }
    return false;
}

/* What is wrong with a path prefix; NULL when it is good. An empty one is. */
static const char *path_problem(struct str path)
{
    if (path.length == 0)
        return NULL;
    if (!str_starts_with(path, STR("/")))
        return "must start with a slash";
    if (str_ends_with(path, STR("/")))
        return "must not end with a slash";
    if (!str_consists_of(path, PATH_BYTES))
        return "may hold letters, digits and - . _ ~ / only";
    return has_odd_segment(path) ? "must not hold empty, . or .. segments" : NULL;
}

/* "[::1]" */
static bool is_bracketed(struct str host)
{
    return host.length > 2 &&
           str_consists_of(str_first(str_skip(host, 1), host.length - 2), IPV6_BYTES);
}

/* "name", "name:8443", "127.0.0.1:80", "[::1]:80" */
static bool host_port_parse(struct str text, bool port_needed, struct str *ret_host)
{
    struct str host = text, port = STR_EMPTY;
    size_t end = str_starts_with(text, STR("[")) ? str_find(text, ']') : 0;
    size_t colon = end + str_find(str_skip(text, end), ':');
    uint64_t number;

    if (colon < text.length) {
        host = str_first(text, colon);
        port = str_skip(text, colon + 1);
    }
    if ((port_needed || colon < text.length) && number_parse(port, 1, PORT_MAX, &number) != ERR_OK)
        return false;
    if (host.length == 0 || (end == 0 ? !str_consists_of(host, HOST_BYTES)
                                      : end + 1 != host.length || !is_bracketed(host)))
        return false;
    *ret_host = host;
    return true;
}

/* Scheme, host, perhaps a port, perhaps a path; no user, query or fragment. */
static bool url_parse(struct str text, struct url *ret_url)
{
    bool is_https = str_starts_with(text, STR("https://"));
    struct str rest = str_skip(text, is_https ? 8 : 7), host;
    size_t slash = str_find(rest, '/');

    if ((!is_https && !str_starts_with(text, STR("http://"))) ||
        !host_port_parse(str_first(rest, slash), false, &host) ||
        path_problem(str_skip(rest, slash)) != NULL)
        return false;
    *ret_url = (struct url){.is_https = is_https, .host = host, .path = str_skip(rest, slash)};
    return true;
}

/* Daraja refuses these words, in any case, in URLs that are registered with it. */
static void check_words(struct config_loader *loader, struct str host, struct str path)
{
    static const struct str words[] = {
        STR_INIT("mpesa"), STR_INIT("m-pesa"), STR_INIT("safaricom"), STR_INIT("exe"),
        STR_INIT("exec"),  STR_INIT("cmd"),    STR_INIT("sql"),       STR_INIT("query"),
    };

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (str_contains_nocase(host, words[i]) || str_contains_nocase(path, words[i])) {
            config_error(loader, KEY(service, public_url),
                         "holds \"%s\", a word that Daraja refuses in URLs", words[i].data);
            return;
        }
}

/* https, or http to this machine when that is allowed. True when the URL is good. */
static bool check_url(struct config_loader *loader, struct config_key key, struct str text,
                      struct url *ret_url)
{
    if (!url_parse(text, ret_url)) {
        config_error(loader, key, "must be https://HOST[:PORT][/PATH] without a slash at its end");
        return false;
    }
    if (!ret_url->is_https &&
        !(loader->config->service_allow_http && config_host_is_loopback(ret_url->host))) {
        config_error(loader, key,
                     "must be https; http is taken for loopback hosts with allow_http = yes");
        return false;
    }
    return true;
}

static void check_urls(struct config_loader *loader)
{
    const struct config *config = loader->config;
    const char *problem = path_problem(str_from(config->service_base_path));
    struct url url;

    if (problem != NULL)
        config_error(loader, KEY(service, base_path), "%s", problem);
    if (config->service_public_url[0] != '\0' &&
        check_url(loader, KEY(service, public_url), str_from(config->service_public_url), &url) &&
        !config->service_allow_http)
        check_words(loader, url.host, url.path);
    (void)check_url(loader, KEY(daraja, base_url), str_from(config->daraja_base_url), &url);
}

/* ---- sockets, logs, the database ---- */

static void check_listen(struct config_loader *loader)
{
    struct str listen = str_from(loader->config->service_listen), host;

    if (listen.length == 0)
        return;
    if (str_starts_with(listen, STR("/"))) {
        if (listen.length > SOCKET_PATH_MAX)
            config_error(loader, KEY(service, listen), "a socket's path has at most %zu bytes",
                         SOCKET_PATH_MAX);
    } else if (!host_port_parse(listen, true, &host)) {
        config_error(loader, KEY(service, listen), "must be an absolute path or HOST:PORT");
    } else if (!config_host_is_loopback(host)) {
        config_warning(loader, KEY(service, listen),
                       "whoever can connect here is taken for the web server: use a unix socket "
                       "or loopback");
    }
}

static void check_database(struct config_loader *loader)
{
    const struct config *config = loader->config;
    struct str host = str_from(config->database_host);

    if (host.length > 0 && !config_host_is_loopback(host) && config->database_tls_ca[0] == '\0')
        config_warning(loader, KEY(database, tls_ca),
                       "is not set: what goes to the database host is not encrypted");
    if (host.length == 0 && config->database_socket[0] != '/')
        config_error(loader, KEY(database, socket), "must be an absolute path, or host be set");
    if (strlen(config->database_socket) > SOCKET_PATH_MAX)
        config_error(loader, KEY(database, socket), "a socket's path has at most %zu bytes",
                     SOCKET_PATH_MAX);
}

static void check_log(struct config_loader *loader)
{
    struct str target = str_from(loader->config->log_target);

    if (!str_equal(target, STR("stderr")) && !str_equal(target, STR("syslog")) &&
        !str_starts_with(target, STR("/")))
        config_error(loader, KEY(log, target), "must be stderr, syslog or an absolute path");
}

static void check_spool(struct config_loader *loader)
{
    struct str spool = str_from(loader->config->callbacks_spool);

    if (spool.length > 0 && !str_starts_with(spool, STR("/")))
        config_error(loader, KEY(callbacks, spool), "must be an absolute path");
    if (loader->config->callbacks_spool_unlisted > loader->config->callbacks_spool_files)
        config_error(loader, KEY(callbacks, spool_unlisted), "must not be above spool_files");
}

/* What a request takes beside its call to Daraja. */
#define DARAJA_SLACK_S 10

static void check_limits(struct config_loader *loader)
{
    const struct config *config = loader->config;

    if (config->limits_lookup_misses_free > config->limits_lookup_misses_max)
        config_error(loader, KEY(limits, lookup_misses_free),
                     "must not be above lookup_misses_max");
    if (config->daraja_timeout >= config->service_request_timeout)
        config_error(loader, KEY(daraja, timeout), "must be below [service] request_timeout");
    else if (config->daraja_timeout + DARAJA_SLACK_S > config->service_request_timeout)
        config_warning(loader, KEY(daraja, timeout),
                       "is close to [service] request_timeout: a push that hangs may be cut before "
                       "its outcome is noted");
}

/* ---- secrets and callbacks ---- */

static void check_secrets(struct config_loader *loader)
{
    const struct config *config = loader->config;
    bool has_key = config->daraja_consumer_key.text[0] != '\0';
    bool has_secret = config->daraja_consumer_secret.text[0] != '\0';
    struct str secret_key = str_from(config->service_secret_key.text);
    unsigned char bytes[SEAL_KEY_BYTES];

    if (has_key && !has_secret)
        config_error(loader, KEY(daraja, consumer_secret), "is missing beside consumer_key");
    if (has_secret && !has_key)
        config_error(loader, KEY(daraja, consumer_key), "is missing beside consumer_secret");
    if (secret_key.length > 0 && crypto_unhex(secret_key, bytes, sizeof(bytes)) != ERR_OK)
        config_error(loader, KEY(service, secret_key),
                     "must be 64 hex digits: openssl rand -hex 32");
    crypto_wipe(bytes, sizeof(bytes));
    if (secret_key.length == 0 && has_key)
        config_error(loader, KEY(service, secret_key),
                     "is needed with consumer_key: openssl rand -hex 32");
    if (!has_key && !has_secret)
        config_warning(loader, KEY(daraja, consumer_key), "is not set: pushes will not work");
    else if (config->service_public_url[0] == '\0')
        config_warning(loader, KEY(service, public_url), "is not set: pushes will not work");
}

static void check_callbacks(struct config_loader *loader)
{
    const struct config *config = loader->config;

    for (size_t i = 0; i < config->callbacks_allow.count; i++)
        if (config_network_has_loopback(&config->callbacks_allow.items[i])) {
            config_error(loader, KEY(callbacks, allow),
                         "takes callbacks from this machine (loopback), from which Safaricom "
                         "never calls: remove it");
            break;
        }
    if (config->callbacks_allow_loopback && !config->service_allow_http)
        config_error(loader, KEY(callbacks, allow_loopback),
                     "is for the sandbox and tests, and needs [service] allow_http = yes");
}

/* ---- short codes ---- */

static void check_store_number(struct config_loader *loader, size_t index)
{
    struct config_short_code *short_code = &loader->config->short_codes[index];
    struct str store = str_from(short_code->store_number);
    uint64_t number;

    if (short_code->type == SHORT_CODE_PAYBILL) {
        if (store.length > 0 && !str_equal(store, str_from(short_code->number)))
            config_error(loader, SHORT_CODE_KEY_OF(index, store_number), "is for tills only");
        memcpy(short_code->store_number, short_code->number, sizeof(short_code->store_number));
    } else if (store.length < STORE_DIGITS_MIN ||
               number_parse(store, 0, UINT64_MAX, &number) != ERR_OK) {
        config_error(loader, SHORT_CODE_KEY_OF(index, store_number),
                     "a till needs its store number, 5 to 7 digits");
    }
}

static void check_pattern(struct config_loader *loader, size_t index)
{
    const char *text = loader->config->short_codes[index].account_pattern;
    char problem[CONFIG_TEXT_SIZE];
    regex_t pattern;
    int result = regcomp(&pattern, text, REG_EXTENDED | REG_NOSUB);

    if (result == 0) {
        regfree(&pattern);
        return;
    }
    (void)regerror(result, &pattern, problem, sizeof(problem));
    config_error(loader, SHORT_CODE_KEY_OF(index, account_pattern),
                 "is no POSIX extended expression: %s", problem);
}

static void check_short_code(struct config_loader *loader, size_t index)
{
    const struct config_short_code *short_code = &loader->config->short_codes[index];

    check_store_number(loader, index);
    check_pattern(loader, index);
    if (short_code->amount_min.cents > short_code->amount_max.cents)
        config_error(loader, SHORT_CODE_KEY_OF(index, amount_min), "must not be above amount_max");
    if (short_code->is_default && short_code->passkey.text[0] == '\0' &&
        loader->config->daraja_consumer_key.text[0] != '\0')
        config_warning(loader, SHORT_CODE_KEY_OF(index, passkey),
                       "is not set: pushes will not work");
}

/* Exactly one short code is the default; a single one is by itself. */
static void check_default(struct config_loader *loader)
{
    struct config *config = loader->config;
    size_t defaults = 0, last = 0;

    if (config->short_code_count == 1)
        config->short_codes[0].is_default = true;
    for (size_t i = 0; i < config->short_code_count; i++)
        if (config->short_codes[i].is_default) {
            defaults++;
            last = i;
        }
    if (defaults > 1)
        config_error(loader, SHORT_CODE_KEY_OF(last, default),
                     "another short code is the default already");
    if (defaults == 0 && config->short_code_count > 1)
        config_error(loader, SHORT_CODE_KEY_OF(0, default),
                     "one of the short codes must be the default");
}

void config_check(struct config_loader *loader)
{
    check_urls(loader);
    check_listen(loader);
    check_database(loader);
    check_log(loader);
    check_spool(loader);
    check_limits(loader);
    check_secrets(loader);
    check_callbacks(loader);
    check_default(loader);
    for (size_t i = 0; i < loader->config->short_code_count; i++)
        check_short_code(loader, i);
    if (loader->config->short_code_count == 0)
        config_place_warning(loader, (struct config_place){.line = 0},
                             "there is no [shortcode NUMBER] section: no payment can come in");
}
