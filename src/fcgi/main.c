/*
 * risiti-fcgi: flags, and which of the ways of being started this is. In this order: --listen; a
 * listening socket on descriptor 0 (web servers, spawn-fcgi); systemd's sockets; one CGI request
 * (GATEWAY_INTERFACE); the socket of the configuration.
 */
#include "risiti/base/base.h"

#include <getopt.h>
#include <stdarg.h>
#include <unistd.h>

#include "risiti/base/config.h"
#include "risiti/base/err.h"
#include "risiti/base/number.h"
#include "risiti/base/str.h"
#include "risiti/fcgi/cgi.h"
#include "risiti/fcgi/listener.h"
#include "risiti/fcgi/master.h"
#include "risiti/fcgi/pool.h"
#include "risiti/fcgi/process.h"
#include "risiti/fcgi/signals.h"
#include "risiti/fcgi/worker.h"

#define EXIT_USAGE 2
#define SYSTEMD_FIRST_SOCKET 3

enum way { WAY_ADDRESS, WAY_STDIN, WAY_SYSTEMD, WAY_CGI };

struct options {
    const char *config_path; /* NULL: not given */
    const char *listen;      /* NULL: not given */
    int64_t workers;         /* or MASTER_WORKERS_AS_CONFIGURED */
};

static const char usage[] =
    "usage: risiti-fcgi [--config FILE] [--listen PATH|HOST:PORT] [--workers N]\n"
    "       risiti-fcgi --version | --help\n"
    "\n"
    "Serves FastCGI on descriptor 0 when it is a listening socket, on systemd's sockets, or on\n"
    "--listen, which the configuration's [service] listen stands for when it is missing. With\n"
    "GATEWAY_INTERFACE in its environment and no socket it answers one CGI request.\n"
    "\n"
    "  --config FILE   configuration (RISITI_CONFIG, else " CONFIG_DEFAULT_PATH ")\n"
    "  --listen WHERE  path of a unix socket, or a loopback HOST:PORT\n"
    "  --workers N     number of workers; 0: this process serves by itself\n";

RISITI_PRINTF(1, 2) static void complain(const char *format, ...)
{
    char text[1024];
    va_list values;
    int length;

    va_start(values, format);
    length = vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    if (length >= 0)
        (void)fprintf(stderr, "risiti-fcgi: %s\n", text); /* there is nowhere else to tell it */
}

/* False: end with `ret_status`. */
static bool parse_flags(int count, char **values, struct options *ret_options, int *ret_status)
{
    static const struct option flags[] = {
        {"config", required_argument, NULL, 'c'},  {"listen", required_argument, NULL, 'l'},
        {"workers", required_argument, NULL, 'w'}, {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};
    uint64_t number;
    int flag;

    *ret_status = EXIT_USAGE;
    while ((flag = getopt_long(count, values, "", flags, NULL)) != -1) {
        switch (flag) {
        case 'c':
            ret_options->config_path = optarg;
            break;
        case 'l':
            ret_options->listen = optarg;
            break;
        case 'w':
            if (number_parse(str_from(optarg), 0, POOL_WORKERS_MAX, &number) != ERR_OK) {
                complain("--workers takes a number from 0 to %d", POOL_WORKERS_MAX);
                return false;
            }
            ret_options->workers = (int64_t)number;
            break;
        case 'v':
            *ret_status = puts("risiti-fcgi " PACKAGE_VERSION) >= 0 ? EXIT_SUCCESS : EXIT_FAILURE;
            return false;
        case 'h':
            *ret_status = fputs(usage, stdout) >= 0 ? EXIT_SUCCESS : EXIT_FAILURE;
            return false;
        default: /* getopt_long has said what is wrong */
            (void)fputs("Try risiti-fcgi --help.\n", stderr);
            return false;
        }
    }
    if (optind < count) {
        complain("\"%s\" is no flag; try risiti-fcgi --help", values[optind]);
        return false;
    }
    return true;
}

/* The number of sockets that systemd handed over to this very process; 0 for none. */
static size_t systemd_socket_count(void)
{
    const char *pid = getenv("LISTEN_PID");
    const char *count_text = getenv("LISTEN_FDS");
    uint64_t number;
    uint64_t count = 0;

    if (number_parse(str_from(pid), 1, INT32_MAX, &number) != ERR_OK || (pid_t)number != getpid() ||
        number_parse(str_from(count_text), 1, INT32_MAX, &count) != ERR_OK)
        return 0;
    return (size_t)count;
}

static enum way way_of_start(const struct options *options)
{
    if (options->listen != NULL)
        return WAY_ADDRESS;
    if (listener_is_listening(STDIN_FILENO))
        return WAY_STDIN;
    if (systemd_socket_count() > 0)
        return WAY_SYSTEMD;
    return WAY_ADDRESS;
}

/*
 * Servers pass words of the query string as arguments to a CGI program: what a stranger writes
 * into a URL must not become a flag. So this is decided before flags are looked at.
 */
static bool is_cgi_request(void)
{
    return getenv("GATEWAY_INTERFACE") != NULL && !listener_is_listening(STDIN_FILENO) &&
           systemd_socket_count() == 0;
}

static enum err listen_by(enum way way, const struct options *options, const struct config *config,
                          struct listener *ret_listener)
{
    enum err err = ERR_OK;

    switch (way) {
    case WAY_STDIN:
        err = listener_adopt(ret_listener, STDIN_FILENO, 1);
        break;
    case WAY_SYSTEMD:
        err = listener_adopt(ret_listener, SYSTEMD_FIRST_SOCKET, systemd_socket_count());
        break;
    default:
        err = listener_open(ret_listener,
                            options->listen != NULL ? options->listen : config->service_listen,
                            config->service_listen_group);
        break;
    }
    if (err != ERR_OK)
        complain("%s", ret_listener->why);
    (void)unsetenv("LISTEN_PID"); /* cannot fail for these names */
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    return err;
}

static struct config *load_config(const char *path)
{
    struct config_findings findings;
    struct config *config = NULL;
    enum err err;

    config_findings_init(&findings);
    err = config_load(path, &config, &findings);
    /* Standard error is where a start is watched; a failure to write there can be told nowhere. */
    (void)fprintf(stderr, "%.*s", STR_ARG(buffer_str(&findings.warnings)));
    (void)fprintf(stderr, "%.*s", STR_ARG(buffer_str(&findings.errors)));
    if (err != ERR_OK)
        complain("the configuration %s cannot be used", path);
    config_findings_release(&findings);
    return err == ERR_OK ? config : NULL;
}

static bool prepare(const struct config *config)
{
    enum err err = process_open_log(config);

    if (err != ERR_OK) {
        complain("cannot open the log %s", config->log_target);
        return false;
    }
    err = process_harden();
    if (err == ERR_OK)
        err = signals_init();
    if (err != ERR_OK)
        complain("cannot set up this process");
    return err == ERR_OK;
}

/* Takes over the configuration. */
static int serve(const struct options *options, const char *path, struct config *config)
{
    struct listener listener = {0};
    int status = EXIT_FAILURE;

    if (options->workers != MASTER_WORKERS_AS_CONFIGURED)
        config->service_workers = options->workers;
    if (!prepare(config) ||
        listen_by(way_of_start(options), options, config, &listener) != ERR_OK) {
        config_free(config);
        return EXIT_FAILURE;
    }
    if (config->service_workers > 0) {
        const struct master_options master = {.config_path = path,
                                              .config = config,
                                              .listener = &listener,
                                              .workers = options->workers};

        status = master_run(&master);
    } else {
        const struct worker_options worker = {
            .config = config, .listener = &listener, .master_pipe = -1};

        if (process_limit_memory() == ERR_OK)
            status = worker_run(&worker);
        config_free(config);
    }
    listener_close(&listener);
    return status;
}

static int answer_cgi(void)
{
    struct config *config = load_config(config_path(NULL));
    int status = EXIT_FAILURE;

    if (config == NULL || !prepare(config) || process_limit_memory() != ERR_OK)
        cgi_answer_unavailable();
    else
        status = cgi_run(config, (const char *const *)environ);
    config_free(config);
    return status;
}

int main(int argc, char **argv)
{
    struct options options = {.workers = MASTER_WORKERS_AS_CONFIGURED};
    struct config *config;
    const char *path;
    int status;

    if (process_fill_standard_descriptors() != ERR_OK)
        return EXIT_FAILURE;
    if (is_cgi_request())
        return answer_cgi();
    if (!parse_flags(argc, argv, &options, &status))
        return status;
    path = config_path(options.config_path);
    config = load_config(path);
    if (config == NULL)
        return EXIT_FAILURE;
    status = serve(&options, path, config);
    return status;
}
