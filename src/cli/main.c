/* risiti: the operator's command line. The table of commands, and what is set up for each. */
#include "risiti/base/base.h"

#include "risiti/cli/cli.h"

#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "risiti/base/uuid.h"
#include "risiti/db/db.h"
#include "risiti/domain/health.h"

/* What one command may read and print. */
#define ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define OUTPUT_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* clang-format off */
static const struct cli_command commands[] = {
    {"config", "check", "", "check the configuration file", CLI_NEEDS_NOTHING, cli_config_check},
    {"config", "example", "", "print a configuration file with every key", CLI_NEEDS_NOTHING,
     cli_config_example},
    {"db", "migrate", "", "make or update the tables; safe to run by several at once",
     CLI_NEEDS_DATABASE, cli_db_migrate},
    {"db", "status", "", "which migrations the database has", CLI_NEEDS_DATABASE, cli_db_status},
    {"db", "verify", "", "recompute every payment from its history", CLI_NEEDS_SCHEMA,
     cli_db_verify},
    {"app", "create", "NAME [--claim-requires none|amount|phone]",
     "make an app and its first key, which is shown once", CLI_NEEDS_SCHEMA, cli_app_create},
    {"app", "list", "", "all apps", CLI_NEEDS_SCHEMA, cli_app_list},
    {"app", "set", "APP --claim-requires none|amount|phone",
     "what an app must name beside a receipt to claim it", CLI_NEEDS_SCHEMA, cli_app_set},
    {"app", "disable", "APP", "refuse all requests of an app", CLI_NEEDS_SCHEMA, cli_app_disable},
    {"app", "enable", "APP", "take its requests again", CLI_NEEDS_SCHEMA, cli_app_enable},
    {"key", "create", "APP [--expires DATE]", "a further key for an app, shown once",
     CLI_NEEDS_SCHEMA, cli_key_create},
    {"key", "list", "[APP]", "keys, never their text", CLI_NEEDS_SCHEMA, cli_key_list},
    {"key", "revoke", "KEY_ID", "end a key; works within 5 seconds", CLI_NEEDS_SCHEMA,
     cli_key_revoke},
    {"payment", "list", "[--app APP] [--status S] [--type T] [--claimed yes|no] [--from DATE] "
     "[--to DATE] [--reference R] [--limit N]", "payments, newest first", CLI_NEEDS_SCHEMA,
     cli_payment_list},
    {"inbox", "list", "[--state S] [--limit N]",
     "callbacks that are not applied, and how many wait in the spool", CLI_NEEDS_SCHEMA,
     cli_inbox_list},
    {"inbox", "show", "ID", "one callback with its body", CLI_NEEDS_SCHEMA, cli_inbox_show},
    {"inbox", "replay", "ID...", "apply callbacks again; what is applied stays as it is",
     CLI_NEEDS_SCHEMA, cli_inbox_replay},
    {"inbox", "release", "ID...", "apply callbacks from quarantine as if they came from Safaricom",
     CLI_NEEDS_SCHEMA, cli_inbox_release},
    {"daraja", "check", "", "try the credentials and the configuration, and explain what is wrong",
     CLI_NEEDS_SCHEMA, cli_daraja_check},
    {"daraja", "register-urls", "[SHORT_CODE] [--new-secret] [--dry-run]",
     "give Daraja the URLs of C2B confirmations", CLI_NEEDS_SCHEMA, cli_daraja_register_urls},
    {"urls", "list", "", "secrets of C2B URLs: made, last used, ended; never their text",
     CLI_NEEDS_SCHEMA, cli_urls_list},
    {"urls", "new", "SHORT_CODE", "make a new secret and print its URLs; older ones go on working",
     CLI_NEEDS_SCHEMA, cli_urls_new},
    {"urls", "end", "NAME", "end a secret that no confirmation comes on any more",
     CLI_NEEDS_SCHEMA, cli_urls_end},
    {"payment", "show", "ID|RECEIPT", "one payment with its history", CLI_NEEDS_SCHEMA,
     cli_payment_show},
    {"jobs", "run", "", "run the background tasks until told to leave", CLI_NEEDS_CONFIG,
     cli_jobs_run},
    {"jobs", "once", "[--for SECONDS]", "do what is due, or run that long: for cron",
     CLI_NEEDS_SCHEMA, cli_jobs_once},
    {"conflict", "list", "[--all] [--limit N]", "contradictions that wait for a decision",
     CLI_NEEDS_SCHEMA, cli_conflict_list},
    {"conflict", "show", "ID", "one of them, with the push and the money", CLI_NEEDS_SCHEMA,
     cli_conflict_show},
    {"conflict", "resolve", "ID move|release|fail",
     "decide: the money is the push's app's, or anybody's, or that and the push has failed",
     CLI_NEEDS_SCHEMA, cli_conflict_resolve},
};
/* clang-format on */

void cli_complain(const char *format, ...)
{
    va_list values;

    (void)fputs("risiti: ", stderr);
    va_start(values, format);
    (void)vfprintf(stderr, format, values);
    va_end(values);
    (void)fputc('\n', stderr);
}

static void usage_print(FILE *stream)
{
    (void)fprintf(stream, "usage: risiti [--config FILE] [--json] COMMAND ...\n\ncommands:\n");
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        (void)fprintf(stream, "  %s %s%s%s\n      %s\n", commands[i].noun, commands[i].verb,
                      commands[i].usage[0] != '\0' ? " " : "", commands[i].usage, commands[i].help);
    (void)fprintf(stream,
                  "\nThe configuration is --config, RISITI_CONFIG or %s.\n"
                  "Exit codes: 0 ok, 1 failed, 2 wrong usage.\n",
                  CONFIG_DEFAULT_PATH);
}

/* Takes `count` words out of the arguments. */
static void arguments_remove(struct cli *cli, int at, int count)
{
    for (int i = at; i + count < cli->argument_count; i++)
        cli->arguments[i] = cli->arguments[i + count];
    cli->argument_count -= count;
}

bool cli_flag(struct cli *cli, const char *name)
{
    for (int i = 0; i < cli->argument_count; i++)
        if (strcmp(cli->arguments[i], name) == 0) {
            arguments_remove(cli, i, 1);
            return true;
        }
    return false;
}

const char *cli_option(struct cli *cli, const char *name)
{
    size_t length = strlen(name);

    for (int i = 0; i < cli->argument_count; i++) {
        const char *argument = cli->arguments[i];

        if (strncmp(argument, name, length) != 0)
            continue;
        if (argument[length] == '=') {
            arguments_remove(cli, i, 1);
            return argument + length + 1;
        }
        if (argument[length] == '\0' && i + 1 < cli->argument_count) {
            const char *value = cli->arguments[i + 1];

            arguments_remove(cli, i, 2);
            return value;
        }
    }
    return NULL;
}

bool cli_positionals(struct cli *cli, int min, int max)
{
    for (int i = 0; i < cli->argument_count; i++)
        if (strncmp(cli->arguments[i], "--", 2) == 0) {
            cli_complain("unknown option or missing value: %s", cli->arguments[i]);
            return false;
        }
    if (cli->argument_count >= min && cli->argument_count <= max)
        return true;
    cli_complain("wrong number of arguments; see risiti --help");
    return false;
}

void cli_write_time(struct cli *cli, const char *name, int64_t instant_us)
{
    if (instant_us != 0)
        jwrite_time(&cli->writer, name, instant_us);
    else
        jwrite_null(&cli->writer, name);
}

int cli_fail(struct cli *cli, enum err err, const char *what)
{
    bool is_database = err == ERR_DB_AWAY || err == ERR_DB_QUERY || err == ERR_DB_FULL ||
                       err == ERR_DB_CONFLICT || err == ERR_DB_COMMIT_UNKNOWN;

    if (is_database)
        cli_complain("%s: %s: %s", what, err_info(err)->title, db_last_error(cli->service.db));
    else if (err == ERR_DB_SCHEMA)
        cli_complain("%s: the database's tables do not fit this program; see risiti db status",
                     what);
    else
        cli_complain("%s: %s", what, err_info(err)->title);
    return CLI_FAILED;
}

int cli_finish(struct cli *cli, bool is_fine)
{
    cli->shows_failure = true;
    return is_fine ? CLI_OK : CLI_FAILED;
}

/* Loads the configuration; says every finding on standard error. */
static enum err config_get(struct cli *cli)
{
    struct config_findings findings;
    enum err err;

    config_findings_init(&findings);
    err = config_load(cli->config_path, &cli->config, &findings);
    if (findings.errors.length > 0)
        (void)fputs(findings.errors.data, stderr);
    config_findings_release(&findings);
    return err;
}

/* Runs the command with what it needs. */
static int command_run(struct cli *cli, const struct cli_command *command)
{
    enum err err;

    if (command->needs >= CLI_NEEDS_CONFIG && config_get(cli) != ERR_OK)
        return CLI_FAILED;
    if (command->needs < CLI_NEEDS_DATABASE)
        return command->run(cli);
    err = service_open(&cli->service, cli->config, ARENA_BYTES_MAX);
    if (err != ERR_OK)
        return cli_fail(cli, err, "start");
    cli->service.request_id = STR("cli");
    err = command->needs >= CLI_NEEDS_SCHEMA ? health_schema(&cli->service)
                                             : db_connect(cli->service.db);
    return err == ERR_OK ? command->run(cli) : cli_fail(cli, err, "database");
}

/* Shows what the command has written, if it succeeded. */
static int output_show(struct cli *cli, int code)
{
    if (code == CLI_OK && cli->output.err != ERR_OK)
        return cli_fail(cli, cli->output.err, "output");
    if ((code != CLI_OK && !cli->shows_failure) || cli->output.length == 0)
        return code;
    if (fwrite(cli->output.data, 1, cli->output.length, stdout) != cli->output.length ||
        (cli->json && fputc('\n', stdout) == EOF) || fflush(stdout) != 0) {
        cli_complain("cannot write to standard output");
        return CLI_FAILED;
    }
    return code;
}

static const struct cli_command *command_find(const struct cli *cli)
{
    for (size_t i = 0; cli->argument_count >= 2 && i < ARRAY_LENGTH(commands); i++)
        if (strcmp(cli->arguments[0], commands[i].noun) == 0 &&
            strcmp(cli->arguments[1], commands[i].verb) == 0)
            return &commands[i];
    return NULL;
}

int main(int argc, char **argv)
{
    struct cli cli = {.arguments = argv + 1, .argument_count = argc - 1};
    const struct cli_command *command;
    int code;

    /* Secrets pass through this process: no core dump, no reading by others of the same user. */
    (void)prctl(PR_SET_DUMPABLE, 0);
    /* A reader that went away, or a peer that hung up, is an error of the write, not our end. */
    (void)signal(SIGPIPE, SIG_IGN);
    if (cli_flag(&cli, "--help") || cli.argument_count == 0) {
        usage_print(argc > 1 ? stdout : stderr);
        return argc > 1 ? CLI_OK : CLI_USAGE;
    }
    if (cli_flag(&cli, "--version")) {
        printf("risiti %s\n", PACKAGE_VERSION);
        return CLI_OK;
    }
    cli.json = cli_flag(&cli, "--json");
    cli.config_path = config_path(cli_option(&cli, "--config"));
    command = command_find(&cli);
    if (command == NULL) {
        cli_complain("no such command; see risiti --help");
        return CLI_USAGE;
    }
    arguments_remove(&cli, 0, 2);
    buffer_init(&cli.output, OUTPUT_BYTES_MAX);
    jwrite_init(&cli.writer, &cli.output);
    code = output_show(&cli, command_run(&cli, command));
    buffer_release(&cli.output);
    service_close(&cli.service);
    config_free(cli.config);
    return code;
}
