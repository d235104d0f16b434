/* risiti db …: the tables. */
#include "risiti/base/base.h"

#include "risiti/cli/cli.h"

#include "risiti/db/migrate.h"
#include "risiti/domain/history.h"

static void migration_report(const struct migration *migration)
{
    (void)fprintf(stderr, "applying %04u_%s\n", migration->number, migration->name);
}

int cli_db_migrate(struct cli *cli)
{
    struct migrate_status status;
    enum err err;

    if (!cli_positionals(cli, 0, 0))
        return CLI_USAGE;
    err = migrate_run(cli->service.db, cli->json ? NULL : migration_report);
    if (err == ERR_OK)
        err = migrate_status(cli->service.db, &status);
    if (err != ERR_OK)
        return cli_fail(cli, err, "db migrate");
    if (cli->json) {
        jwrite_object_begin(&cli->writer, NULL);
        jwrite_int(&cli->writer, "applied", status.applied);
        jwrite_object_end(&cli->writer);
    } else {
        buffer_format(&cli->output, "the database is at migration %u\n", status.applied);
    }
    return CLI_OK;
}

int cli_db_status(struct cli *cli)
{
    struct migrate_status status;
    bool fits;
    enum err err;

    if (!cli_positionals(cli, 0, 0))
        return CLI_USAGE;
    err = migrate_status(cli->service.db, &status);
    if (err != ERR_OK)
        return cli_fail(cli, err, "db status");
    fits = migrate_check(cli->service.db) == ERR_OK;
    if (cli->json) {
        jwrite_object_begin(&cli->writer, NULL);
        jwrite_int(&cli->writer, "applied", status.applied);
        jwrite_int(&cli->writer, "known", status.known);
        jwrite_bool(&cli->writer, "may_serve", fits);
        jwrite_bool(&cli->writer, "checksum_differs", status.checksum_differs);
        jwrite_object_end(&cli->writer);
    } else {
        buffer_format(&cli->output, "applied migrations: %u\nknown to this program: %u\n%s\n",
                      status.applied, status.known,
                      fits ? "this program may serve"
                           : "this program may not serve: run risiti db migrate, or upgrade it");
        if (status.checksum_differs)
            buffer_append(&cli->output,
                          STR("an applied migration is not the one in this program\n"));
    }
    return CLI_OK;
}

static void finding_report(void *context, const struct history_finding *finding)
{
    char id[UUID_TEXT_SIZE];
    struct cli *cli = context;

    if (cli->json) {
        jwrite_object_begin(&cli->writer, NULL);
        jwrite_uuid(&cli->writer, "payment_id", &finding->payment_id);
        jwrite_text(&cli->writer, "what", finding->what);
        jwrite_object_end(&cli->writer);
    } else {
        buffer_format(&cli->output, "%s  %s\n", uuid_format(&finding->payment_id, id),
                      finding->what);
    }
}

int cli_db_verify(struct cli *cli)
{
    struct history_check check = {.report = finding_report, .context = cli};
    enum err err;

    if (!cli_positionals(cli, 0, 0))
        return CLI_USAGE;
    if (cli->json) {
        jwrite_object_begin(&cli->writer, NULL);
        jwrite_array_begin(&cli->writer, "differences");
    }
    err = history_check_all(&cli->service, &check);
    if (err != ERR_OK)
        return cli_fail(cli, err, "db verify");
    if (cli->json) {
        jwrite_array_end(&cli->writer);
        jwrite_int(&cli->writer, "payments", (int64_t)check.payments);
        jwrite_int(&cli->writer, "events", (int64_t)check.events);
        jwrite_object_end(&cli->writer);
    } else {
        buffer_format(&cli->output, "%llu payments, %llu events, %llu differences\n",
                      (unsigned long long)check.payments, (unsigned long long)check.events,
                      (unsigned long long)check.differences);
    }
    return cli_finish(cli, check.differences == 0);
}
