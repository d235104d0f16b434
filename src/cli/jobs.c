/* risiti jobs …: the background tasks in a process of their own, or once from cron. */
#include "risiti/base/base.h"

#include "risiti/cli/cli.h"

#include <signal.h>

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/base/number.h"
#include "risiti/jobs/jobs.h"

#define FOR_SECONDS_MAX 86400
/* How soon a signal is heeded while nothing is due. */
#define STEP_MS 100

static volatile sig_atomic_t is_told_to_leave;

static void leave(int signal_number)
{
    (void)signal_number; /* both mean the same */
    is_told_to_leave = 1;
}

static bool cli_jobs_wait(void *context, int64_t duration_ms)
{
    int64_t end_ms = clock_monotonic_ms() + duration_ms;

    (void)context; /* there is nothing to wake up for but the time and a signal */
    while (is_told_to_leave == 0 && clock_monotonic_ms() < end_ms)
        clock_sleep_ms(STEP_MS < duration_ms ? STEP_MS : duration_ms);
    return is_told_to_leave == 0;
}

static void cli_jobs_beat(void *context)
{
    (void)context; /* nobody watches this process */
}

static const struct jobs_host host = {.wait = cli_jobs_wait, .beat = cli_jobs_beat};

/* A task's row is finished before the process leaves. */
static bool signals_take(void)
{
    struct sigaction action = {.sa_handler = leave};

    return sigemptyset(&action.sa_mask) == 0 && sigaction(SIGTERM, &action, NULL) == 0 &&
           sigaction(SIGINT, &action, NULL) == 0;
}

static bool log_prepare(const struct cli *cli)
{
    const struct log_options options = {
        .target = cli->config->log_target,
        .format = (enum log_format)cli->config->log_format,
        .level = (enum log_level)cli->config->log_level,
        .program = "risiti-jobs",
    };

    if (log_open(&options) == ERR_OK)
        return true;
    cli_complain("cannot open the log %s", cli->config->log_target);
    return false;
}

int cli_jobs_run(struct cli *cli)
{
    if (!cli_positionals(cli, 0, 0))
        return CLI_USAGE;
    if (!log_prepare(cli) || !signals_take())
        return CLI_FAILED;
    return jobs_serve(cli->config, &host) == EXIT_SUCCESS ? CLI_OK : CLI_FAILED;
}

int cli_jobs_once(struct cli *cli)
{
    const char *text = cli_option(cli, "--for");
    struct jobs_options options = {.service = &cli->service,
                                   .tasks = job_tasks,
                                   .task_count = job_task_count,
                                   .host = &host,
                                   .until_idle = text == NULL};
    uint64_t seconds = 0, done = 0;
    enum err err;

    if (text != NULL && number_parse(str_from(text), 1, FOR_SECONDS_MAX, &seconds) != ERR_OK) {
        cli_complain("--for takes 1 to %d seconds", FOR_SECONDS_MAX);
        return CLI_USAGE;
    }
    if (!cli_positionals(cli, 0, 0))
        return CLI_USAGE;
    if (!log_prepare(cli) || !signals_take())
        return CLI_FAILED;
    options.duration_ms = (int64_t)seconds * 1000;
    err = jobs_run(&options, &done);
    if (err != ERR_OK)
        return cli_fail(cli, err, "jobs once");
    if (cli->json) {
        jwrite_object_begin(&cli->writer, NULL);
        jwrite_int(&cli->writer, "done", (int64_t)done);
        jwrite_object_end(&cli->writer);
    }
    return CLI_OK;
}
