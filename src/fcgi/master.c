/* The master's loop: see master.h. */
#include "risiti/base/base.h"

#include "risiti/fcgi/master.h"

#include <signal.h>

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/base/str.h"
#include "risiti/fcgi/pool.h"
#include "risiti/fcgi/process.h"
#include "risiti/fcgi/signals.h"

#define MASTER_TICK_MS 250
#define MASTER_KILL_WAIT_MS 5000 /* for the kernel to end killed workers */
#define MASTER_NOTIFY_SIZE 96

struct master {
    const struct master_options *options;
    struct config *config;
    struct pool pool;
    bool is_ready;
};

static void master_log_findings(const char *event, enum log_level level,
                                const struct buffer *findings)
{
    struct str rest = buffer_str(findings);

    while (rest.length > 0) {
        struct str line = str_cut(&rest, '\n');

        if (line.length > 0)
            log_write(level, event, LOG_FIELDS(LOG_STR("finding", line)));
    }
}

/* A wrong new configuration changes nothing but the log. */
static struct config *master_load(const struct master *master)
{
    struct config_findings findings;
    struct config *config = NULL;
    enum err err;

    config_findings_init(&findings);
    err = config_load(master->options->config_path, &config, &findings);
    master_log_findings("config_warning", LOG_LEVEL_WARNING, &findings.warnings);
    if (err != ERR_OK) {
        master_log_findings("config_error", LOG_LEVEL_ERROR, &findings.errors);
        log_write(LOG_LEVEL_ERROR, "reload_refused",
                  LOG_FIELDS(LOG_ERROR_NAME("error", err),
                             LOG_TEXT("effect", "the configuration of before goes on")));
    } else if (master->options->workers != MASTER_WORKERS_AS_CONFIGURED) {
        config->service_workers = master->options->workers;
    }
    config_findings_release(&findings);
    return err == ERR_OK ? config : NULL;
}

static void master_reload(struct master *master)
{
    char state[MASTER_NOTIFY_SIZE];
    struct config *config = master_load(master);

    if (config == NULL)
        return;
    if (config->service_workers == 0) {
        log_write(LOG_LEVEL_ERROR, "reload_refused",
                  LOG_FIELDS(LOG_TEXT("effect", "a change to workers = 0 needs a restart")));
        config_free(config);
        return;
    }
    if (strcmp(config->service_listen, master->config->service_listen) != 0 ||
        strcmp(config->service_listen_group, master->config->service_listen_group) != 0)
        log_write(LOG_LEVEL_WARNING, "reload_incomplete",
                  LOG_FIELDS(LOG_TEXT("effect", "the socket changes with the next restart")));
    if (snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
                 (long long)clock_monotonic_ms() * 1000) < (int)sizeof(state))
        process_notify(state);
    if (process_open_log(config) != ERR_OK)
        log_write(LOG_LEVEL_ERROR, "log_open_failed",
                  LOG_FIELDS(LOG_TEXT("target", config->log_target)));
    pool_set_config(&master->pool, config);
    config_free(master->config);
    master->config = config;
    process_notify("READY=1");
    log_write(LOG_LEVEL_INFO, "reloaded", LOG_NO_FIELDS);
}

static void master_handle_signals(struct master *master)
{
    if (signals_take_reopen()) {
        if (log_reopen() != ERR_OK)
            log_write(LOG_LEVEL_ERROR, "log_reopen_failed", LOG_NO_FIELDS);
        pool_signal(&master->pool, SIGUSR1);
    }
    if (signals_take_reload())
        master_reload(master);
}

static void master_tick(struct master *master)
{
    (void)signals_poll(NULL, 0, MASTER_TICK_MS); /* waits only */
    pool_reap(&master->pool);
    pool_tick(&master->pool);
    if (!master->is_ready && pool_is_serving(&master->pool)) {
        master->is_ready = true;
        process_notify("READY=1");
        log_write(LOG_LEVEL_INFO, "serving",
                  LOG_FIELDS(LOG_INT("workers", master->config->service_workers)));
    }
    process_notify("WATCHDOG=1");
}

static void master_wait_until(struct master *master, int64_t end_ms)
{
    struct listener *listener = master->options->listener;

    while (clock_monotonic_ms() < end_ms) {
        if (pool_live_count(&master->pool) == 0) {
            /* What connected before the path went is answered; nothing new can come now. */
            if (!listener->is_own || listener->path[0] == '\0' || !listener_has_backlog(listener))
                return;
            pool_serve_backlog(&master->pool);
        }
        (void)signals_poll(NULL, 0, MASTER_TICK_MS); /* SIGCHLD ends it early */
        pool_reap(&master->pool);
        pool_tick(&master->pool);
        process_notify("WATCHDOG=1");
    }
}

/* Requests under way are finished, within drain_timeout. */
static void master_stop(struct master *master)
{
    process_notify("STOPPING=1");
    log_write(LOG_LEVEL_INFO, "stopping", LOG_NO_FIELDS);
    listener_hide(master->options->listener);
    pool_stop(&master->pool);
    master_wait_until(master, clock_monotonic_ms() + master->config->service_drain_timeout * 1000);
    if (pool_live_count(&master->pool) == 0)
        return;
    log_write(LOG_LEVEL_ERROR, "workers_killed",
              LOG_FIELDS(LOG_INT("count", pool_live_count(&master->pool)),
                         LOG_TEXT("why", "requests took longer than drain_timeout")));
    pool_kill(&master->pool);
    master_wait_until(master, clock_monotonic_ms() + MASTER_KILL_WAIT_MS);
}

int master_run(const struct master_options *options)
{
    struct master master = {.options = options, .config = options->config};
    enum err err = pool_init(&master.pool, options->config, options->listener);

    if (err == ERR_OK) {
        pool_tick(&master.pool);
        while (!signals_want_stop()) {
            master_tick(&master);
            master_handle_signals(&master);
        }
        master_stop(&master);
        pool_release(&master.pool);
    } else {
        log_write(LOG_LEVEL_ERROR, "cannot_start", LOG_FIELDS(LOG_ERROR_NAME("error", err)));
    }
    config_free(master.config);
    return err == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
