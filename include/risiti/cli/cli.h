/*
 * The command line: a table of commands, what each one gets, and how they answer: text for people
 * or, with --json, one JSON value on standard output. Errors go to standard error.
 */
#ifndef RISITI_CLI_CLI_H
#define RISITI_CLI_CLI_H

#include "risiti/base/base.h"
#include "risiti/base/buffer.h"
#include "risiti/base/config.h"
#include "risiti/base/err.h"
#include "risiti/base/jwrite.h"
#include "risiti/base/str.h"
#include "risiti/domain/service.h"

/* Exit codes. */
enum cli_exit { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct cli {
    const char *config_path;
    struct config *config;
    struct service service; /* for commands that need the database */
    bool json;              /* --json was given */
    struct buffer output;   /* goes to standard output when the command has succeeded, */
    bool shows_failure;     /* or also when not: what it found is what was asked for */
    struct jwrite writer;   /* into output */
    char **arguments;       /* what follows noun and verb, options included */
    int argument_count;
};

enum cli_needs { CLI_NEEDS_NOTHING, CLI_NEEDS_CONFIG, CLI_NEEDS_DATABASE, CLI_NEEDS_SCHEMA };

struct cli_command {
    const char *noun, *verb;
    const char *usage; /* the arguments: "NAME [--claim-requires none|amount|phone]" */
    const char *help;  /* one line */
    enum cli_needs needs;
    int (*run)(struct cli *cli);
};

/*
 * An option's value, taken out of the arguments: "--expires DATE" or "--expires=DATE". NULL when it
 * was not given; a missing value is found by cli_positionals.
 */
const char *cli_option(struct cli *cli, const char *name);
/* Takes "--name" without a value out of the arguments; whether it was there. */
bool cli_flag(struct cli *cli, const char *name);
/*
 * What is left: between `min` and `max` words, none of them an option. False, with a message, for
 * anything else.
 */
RISITI_CHECKED bool cli_positionals(struct cli *cli, int min, int max);

struct payment;
/* One payment as the operator sees it: its members in JSON, or a line. */
void cli_payment_members(struct cli *cli, const struct payment *payment);
void cli_payment_line(struct cli *cli, const struct payment *payment);

struct app;
/* An app by name or id; when there is none, or on a failure, that was said already. */
RISITI_CHECKED enum err cli_app_named(struct cli *cli, const char *name, struct app *ret_app);
/* Writes a time, or null for 0. */
void cli_write_time(struct cli *cli, const char *name, int64_t instant_us);

/* A line on standard error: "risiti: …". */
RISITI_PRINTF(1, 2) void cli_complain(const char *format, ...);
/* The exit code of a command whose output counts also when it is not fine. */
int cli_finish(struct cli *cli, bool is_fine);
/* Says in words why a call of the domain failed. Returns CLI_FAILED. */
int cli_fail(struct cli *cli, enum err err, const char *what);

int cli_app_create(struct cli *cli);
int cli_app_list(struct cli *cli);
int cli_app_set(struct cli *cli);
int cli_app_disable(struct cli *cli);
int cli_app_enable(struct cli *cli);
int cli_key_create(struct cli *cli);
int cli_key_list(struct cli *cli);
int cli_key_revoke(struct cli *cli);
int cli_payment_list(struct cli *cli);
int cli_payment_show(struct cli *cli);
int cli_conflict_list(struct cli *cli);
int cli_conflict_show(struct cli *cli);
int cli_conflict_resolve(struct cli *cli);
int cli_inbox_list(struct cli *cli);
int cli_inbox_show(struct cli *cli);
int cli_inbox_replay(struct cli *cli);
int cli_inbox_release(struct cli *cli);
int cli_daraja_check(struct cli *cli);
int cli_daraja_register_urls(struct cli *cli);
int cli_jobs_run(struct cli *cli);
int cli_jobs_once(struct cli *cli);
int cli_urls_list(struct cli *cli);
int cli_urls_new(struct cli *cli);
int cli_urls_end(struct cli *cli);
int cli_config_check(struct cli *cli);
int cli_config_example(struct cli *cli);
int cli_db_migrate(struct cli *cli);
int cli_db_status(struct cli *cli);
int cli_db_verify(struct cli *cli);

#endif
