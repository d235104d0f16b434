/* risiti key …: the keys of apps. */
#include "risiti/base/base.h"

#include "risiti/cli/cli.h"

#include "risiti/base/clock.h"
#include "risiti/base/crypto.h"
#include "risiti/domain/app.h"

int cli_key_create(struct cli *cli)
{
    const char *expires = cli_option(cli, "--expires");
    int64_t expires_at_us = 0;
    struct app_new_key key;
    struct app app;
    enum err err;

    if (!cli_positionals(cli, 1, 1))
        return CLI_USAGE;
    if (expires != NULL && (clock_parse_rfc3339(str_from(expires), &expires_at_us) != ERR_OK ||
                            expires_at_us <= clock_now_us())) {
        cli_complain("--expires takes a date such as 2027-01-31 that is still to come");
        return CLI_USAGE;
    }
    if (cli_app_named(cli, cli->arguments[0], &app) != ERR_OK)
        return CLI_FAILED;
    err = app_key_create(&cli->service, &app, expires_at_us, &key);
    if (err == ERR_STATE) {
        cli_complain("ADMIN_SHOP gets no key");
        return CLI_FAILED;
    }
    if (err != ERR_OK)
        return cli_fail(cli, err, "key create");
    if (cli->json) {
        jwrite_object_begin(&cli->writer, NULL);
        jwrite_uuid(&cli->writer, "key_id", &key.id);
        jwrite_text(&cli->writer, "api_key", key.text);
        jwrite_object_end(&cli->writer);
    } else {
        char text[UUID_TEXT_SIZE];

        buffer_format(&cli->output, "key id   %s\napi key  %s\n", uuid_format(&key.id, text),
                      key.text);
        buffer_append(&cli->output, STR("The key is not stored and not shown again.\n"));
    }
    crypto_wipe(&key, sizeof(key));
    return CLI_OK;
}

static void key_write(struct cli *cli, const struct api_key *key)
{
    int64_t now_us = clock_now_us();
    const char *state = key->revoked_at_us != 0                                   ? "revoked"
                        : key->expires_at_us != 0 && key->expires_at_us <= now_us ? "expired"
                                                                                  : "active";
    char id[UUID_TEXT_SIZE], used[CLOCK_RFC3339_SIZE] = "never";

    if (cli->json) {
        jwrite_object_begin(&cli->writer, NULL);
        jwrite_uuid(&cli->writer, "key_id", &key->id);
        jwrite_str(&cli->writer, "app", key->app_name);
        jwrite_text(&cli->writer, "hint", key->hint);
        jwrite_text(&cli->writer, "state", state);
        jwrite_time(&cli->writer, "created_at", key->created_at_us);
        cli_write_time(cli, "expires_at", key->expires_at_us);
        cli_write_time(cli, "revoked_at", key->revoked_at_us);
        cli_write_time(cli, "last_used_at", key->last_used_at_us);
        jwrite_object_end(&cli->writer);
        return;
    }
    if (key->last_used_at_us != 0)
        (void)clock_format_rfc3339(key->last_used_at_us, used);
    buffer_format(&cli->output, "%s  rst_live_%s…  %-7s  used %s  %.*s\n",
                  uuid_format(&key->id, id), key->hint, state, used, STR_ARG(key->app_name));
}

int cli_key_list(struct cli *cli)
{
    struct api_keys keys;
    struct app app;
    enum err err;

    if (!cli_positionals(cli, 0, 1))
        return CLI_USAGE;
    if (cli->argument_count == 1 && cli_app_named(cli, cli->arguments[0], &app) != ERR_OK)
        return CLI_FAILED;
    err = app_key_list(&cli->service, cli->argument_count == 1 ? &app : NULL, &keys);
    if (err != ERR_OK)
        return cli_fail(cli, err, "key list");
    if (cli->json)
        jwrite_array_begin(&cli->writer, NULL);
    for (size_t i = 0; i < keys.count; i++)
        key_write(cli, &keys.items[i]);
    if (cli->json)
        jwrite_array_end(&cli->writer);
    return CLI_OK;
}

int cli_key_revoke(struct cli *cli)
{
    struct uuid id;
    enum err err;

    if (!cli_positionals(cli, 1, 1))
        return CLI_USAGE;
    if (uuid_parse(str_from(cli->arguments[0]), &id) != ERR_OK) {
        cli_complain("KEY_ID is the id that key list shows, not the key itself");
        return CLI_USAGE;
    }
    err = app_key_revoke(&cli->service, &id);
    if (err == ERR_NOT_FOUND)
        cli_complain("there is no key with this id");
    else if (err != ERR_OK)
        (void)cli_fail(cli, err, "key revoke");
    return err == ERR_OK ? CLI_OK : CLI_FAILED;
}
