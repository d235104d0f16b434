/* risiti-sandbox: a Daraja that runs on this machine. Starts the threads and waits for a signal. */
#include "risiti/base/base.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/base/mem.h"
#include "risiti/sandbox/flags.h"
#include "risiti/sandbox/server.h"

#define EXIT_WRONG_USAGE 2
#define PATH_SIZE 4096
/* Files that are open beside connections: the log, epoll, wake-up pipes. */
#define FILES_RESERVED 64
#define FILES_WANTED (SERVER_CONNECTIONS_MAX + COURIER_IN_FLIGHT_MAX + FILES_RESERVED)
/* A name look-up under way cannot be interrupted: after this the process ends without waiting. */
#define END_WITHIN_US 150000

/* Half of the files that may be open, for each direction. */
static size_t connections_allowed(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return FILES_RESERVED;
    if (limit.rlim_cur < FILES_WANTED) {
        limit.rlim_cur = limit.rlim_max < FILES_WANTED ? limit.rlim_max : FILES_WANTED;
        /* When it is refused, the old limit is counted with. */
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0 && getrlimit(RLIMIT_NOFILE, &limit) != 0)
            return FILES_RESERVED;
    }
    if (limit.rlim_cur >= FILES_WANTED)
        return SERVER_CONNECTIONS_MAX;
    return limit.rlim_cur > (rlim_t)4 * FILES_RESERVED
               ? (size_t)(limit.rlim_cur - FILES_RESERVED) / 2
               : FILES_RESERVED / 2;
}

/* Writes beside the file and renames, so that who finds it finds all of it. */
static enum err ready_file_write(const char *path, const char *url)
{
    char beside[PATH_SIZE];
    int length = snprintf(beside, sizeof(beside), "%s.%ld", path, (long)getpid());
    FILE *file;
    bool written;

    if (length <= 0 || (size_t)length >= sizeof(beside))
        return ERR_INVALID;
    file = fopen(beside, "we");
    if (file == NULL)
        return ERR_IO;
    written = fprintf(file, "%s\n", url) > 0;
    written = fclose(file) == 0 && written;
    if (written && rename(beside, path) == 0)
        return ERR_OK;
    (void)unlink(beside); /* it may not be there */
    return ERR_IO;
}

/* The signals that end the program, blocked in every thread: main waits for them. */
static sigset_t signals_block(void)
{
    sigset_t signals;

    /* With these arguments none of them can fail. */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    return signals;
}

static void on_end_overdue(int number)
{
    (void)number;
    _exit(EXIT_SUCCESS);
}

static void end_timer(suseconds_t delay_us)
{
    struct itimerval timer = {.it_value = {.tv_usec = delay_us}};

    (void)signal(SIGALRM, on_end_overdue);
    (void)setitimer(ITIMER_REAL, &timer, NULL); /* valid arguments: it cannot fail */
}

static struct sandbox *sandbox_new(const struct flags *flags)
{
    struct sandbox *sandbox = mem_alloc(1, sizeof(*sandbox));

    if (sandbox == NULL)
        return NULL;
    sandbox->ledger = ledger_new(LEDGER_PAYMENTS_MAX);
    if (sandbox->ledger == NULL || pthread_mutex_init(&sandbox->lock, NULL) != 0) {
        ledger_free(sandbox->ledger);
        mem_free(sandbox);
        return NULL;
    }
    sandbox->options = flags->options;
    sandbox->merchants = flags->merchants;
    sandbox->oauth = flags->oauth;
    ids_init(&sandbox->ids, (uint64_t)clock_now_us());
    return sandbox;
}

static void sandbox_free(struct sandbox *sandbox)
{
    if (sandbox == NULL)
        return;
    courier_free(sandbox->courier);
    ledger_free(sandbox->ledger);
    (void)pthread_mutex_destroy(&sandbox->lock); /* nobody holds it */
    mem_free(sandbox);
}

/* Says where it listens and waits for the signal. */
static enum err serve(const struct flags *flags, const sigset_t *signals, const char *url)
{
    int number = 0;

    if (flags->ready_file != NULL && ready_file_write(flags->ready_file, url) != ERR_OK) {
        (void)fprintf(stderr, "risiti-sandbox: %s cannot be written\n", flags->ready_file);
        return ERR_IO;
    }
    (void)printf("%s\n", url);
    (void)fflush(stdout); /* who started us may have closed it */
    log_write(LOG_LEVEL_INFO, "listening", LOG_FIELDS(LOG_TEXT("url", url)));
    while (sigwait(signals, &number) != 0)
        continue;
    log_write(LOG_LEVEL_INFO, "end", LOG_FIELDS(LOG_INT("signal", number)));
    if (flags->ready_file != NULL)
        (void)unlink(flags->ready_file); /* somebody else may have removed it */
    return ERR_OK;
}

static bool callback_goes_again(void *context)
{
    struct sandbox *sandbox = context;

    return faults_happen(&sandbox->faults, FAULT_REDELIVER,
                         fates_next(&sandbox->fates, STR("redeliver"), 0));
}

/* Everything between the bound socket and the end of the program. */
static enum err run(const struct flags *flags, const sigset_t *signals, int listener,
                    const char *url)
{
    struct sandbox *sandbox = sandbox_new(flags);
    size_t connections = connections_allowed();
    struct server *server = NULL;
    enum err err = ERR_NOMEM;

    if (sandbox != NULL)
        err = courier_start(&sandbox->lock, connections, &sandbox->courier);
    if (err == ERR_OK) {
        courier_set_again(sandbox->courier, callback_goes_again, sandbox);
        err = server_start(sandbox, listener, connections, &server);
        if (err == ERR_OK)
            err = serve(flags, signals, url);
        end_timer(END_WITHIN_US);
        courier_stop(sandbox->courier);
        server_stop(server);
    }
    sandbox_free(sandbox);
    end_timer(0);
    return err;
}

int main(int argument_count, char **arguments)
{
    static struct flags flags; /* too large for comfort on the stack */
    char url[SERVER_URL_SIZE];
    sigset_t signals;
    int listener;
    enum err err;

    switch (flags_read(argument_count, arguments, &flags)) {
    case FLAGS_DONE:
        return EXIT_SUCCESS;
    case FLAGS_WRONG:
        return EXIT_WRONG_USAGE;
    case FLAGS_RUN:
        break;
    }
    err = server_bind(str_from(flags.listen), &listener, url);
    if (err != ERR_OK) {
        (void)fprintf(stderr, "risiti-sandbox: --listen %s: %s\n", flags.listen,
                      err == ERR_FORBIDDEN ? "only a loopback address with a port is served"
                      : err == ERR_INVALID ? "not an address with a port"
                                           : strerror(errno));
        return err == ERR_IO ? EXIT_FAILURE : EXIT_WRONG_USAGE;
    }
    signals = signals_block();
    if (log_open(&(struct log_options){.target = "stderr",
                                       .format = flags.log_format,
                                       .level = LOG_LEVEL_INFO,
                                       .program = "risiti-sandbox"}) != ERR_OK ||
        curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return EXIT_FAILURE;
    err = run(&flags, &signals, listener, url);
    curl_global_cleanup();
    log_close();
    if (err != ERR_OK)
        (void)fprintf(stderr, "risiti-sandbox: %s\n", err_name(err));
    return err == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
