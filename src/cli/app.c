/* risiti app …: tenants. */
#include "risiti/base/base.h"

#include "risiti/cli/cli.h"

#include "risiti/base/clock.h"
#include "risiti/domain/app.h"

enum err cli_app_named(struct cli *cli, const char *name, struct app *ret_app)
{
    enum err err = app_find(&cli->service, str_from(name), ret_app);

    if (err == ERR_NOT_FOUND)
        cli_complain("there is no app named %s", name);
    else if (err != ERR_OK)
        (void)cli_fail(cli, err, "app");
    return err;
}

static bool claim_requires_read(struct cli *cli, const char *text, enum claim_requires *ret_value)
{
    (void)cli;
    if (text != NULL && claim_requires_parse(str_from(text), ret_value) == ERR_OK)
        return true;
    cli_complain("--claim-requires takes none, amount or phone");
    return false;
}

int cli_app_create(struct cli *cli)
{
    const char *requires_text = cli_option(cli, "--claim-requires");
    enum claim_requires claim_requires = CLAIM_REQUIRES_NONE;
    struct app_new_key key;
    struct app app;
    enum err err;

    if (!cli_positionals(cli, 1, 1) ||
        (requires_text != NULL && !claim_requires_read(cli, requires_text, &claim_requires)))
        return CLI_USAGE;
    err = app_create(&cli->service, str_from(cli->arguments[0]), claim_requires, &app, &key);
    if (err == ERR_DUPLICATE) {
        cli_complain("there is an app named %s already", cli->arguments[0]);
        return CLI_FAILED;
    }
    if (err == ERR_INVALID) {
        cli_complain("a name has 1 to %d printable bytes and no space at its ends",
                     APP_NAME_BYTES_MAX);
        return CLI_USAGE;
    }
    if (err != ERR_OK)
        return cli_fail(cli, err, "app create");
    if (cli->json) {
        jwrite_object_begin(&cli->writer, NULL);
        jwrite_uuid(&cli->writer, "id", &app.id);
        jwrite_str(&cli->writer, "name", app.name);
        jwrite_text(&cli->writer, "api_key", key.text);
        jwrite_uuid(&cli->writer, "key_id", &key.id);
        jwrite_object_end(&cli->writer);
    } else {
        char text[UUID_TEXT_SIZE];

        buffer_format(&cli->output, "app      %.*s\n", STR_ARG(app.name));
        buffer_format(&cli->output, "id       %s\n", uuid_format(&app.id, text));
        buffer_format(&cli->output, "key id   %s\n", uuid_format(&key.id, text));
        buffer_format(&cli->output, "api key  %s\n", key.text);
        buffer_append(&cli->output, STR("The key is not stored and not shown again.\n"));
    }
    crypto_wipe(&key, sizeof(key));
    return CLI_OK;
}

static void app_write(struct cli *cli, const struct app *app)
{
    char id[UUID_TEXT_SIZE];

    if (!cli->json) {
        buffer_format(&cli->output, "%s  %-8s  %-6.*s  %.*s\n", uuid_format(&app->id, id),
                      app->active ? "active" : "disabled",
                      STR_ARG(claim_requires_name(app->claim_requires)), STR_ARG(app->name));
        return;
    }
    jwrite_object_begin(&cli->writer, NULL);
    jwrite_uuid(&cli->writer, "id", &app->id);
    jwrite_str(&cli->writer, "name", app->name);
    jwrite_bool(&cli->writer, "active", app->active);
    jwrite_str(&cli->writer, "claim_requires", claim_requires_name(app->claim_requires));
    jwrite_time(&cli->writer, "created_at", app->created_at_us);
    jwrite_object_end(&cli->writer);
}

int cli_app_list(struct cli *cli)
{
    struct apps apps;
    enum err err;

    if (!cli_positionals(cli, 0, 0))
        return CLI_USAGE;
    err = app_list(&cli->service, &apps);
    if (err != ERR_OK)
        return cli_fail(cli, err, "app list");
    if (cli->json)
        jwrite_array_begin(&cli->writer, NULL);
    for (size_t i = 0; i < apps.count; i++)
        app_write(cli, &apps.items[i]);
    if (cli->json)
        jwrite_array_end(&cli->writer);
    return CLI_OK;
}

int cli_app_set(struct cli *cli)
{
    const char *requires_text = cli_option(cli, "--claim-requires");
    enum claim_requires claim_requires;
    struct app app;
    enum err err;

    if (!cli_positionals(cli, 1, 1) || !claim_requires_read(cli, requires_text, &claim_requires))
        return CLI_USAGE;
    if (cli_app_named(cli, cli->arguments[0], &app) != ERR_OK)
        return CLI_FAILED;
    err = app_set_claim_requires(&cli->service, &app, claim_requires);
    if (err == ERR_STATE)
        cli_complain("ADMIN_SHOP claims nothing");
    else if (err != ERR_OK)
        (void)cli_fail(cli, err, "app set");
    return err == ERR_OK ? CLI_OK : CLI_FAILED;
}

static int app_switch(struct cli *cli, bool active)
{
    struct app app;
    enum err err;

    if (!cli_positionals(cli, 1, 1))
        return CLI_USAGE;
    if (cli_app_named(cli, cli->arguments[0], &app) != ERR_OK)
        return CLI_FAILED;
    err = app_set_active(&cli->service, &app, active);
    if (err == ERR_STATE)
        cli_complain("ADMIN_SHOP cannot be disabled");
    else if (err != ERR_OK)
        (void)cli_fail(cli, err, "app");
    return err == ERR_OK ? CLI_OK : CLI_FAILED;
}

int cli_app_disable(struct cli *cli)
{
    return app_switch(cli, false);
}

int cli_app_enable(struct cli *cli)
{
    return app_switch(cli, true);
}
