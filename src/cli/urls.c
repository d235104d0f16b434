/* risiti urls …: the secrets in C2B URLs, for the operator. */
#include "risiti/base/base.h"

#include "risiti/cli/cli.h"

#include "risiti/base/clock.h"
#include "risiti/domain/c2b_urls.h"

#define HASH_TEXT_SIZE (2 * SHA256_BYTES + 1)

static const char *time_or(int64_t instant_us, const char *fallback,
                           char buffer[CLOCK_RFC3339_SIZE])
{
    return instant_us != 0 ? clock_format_rfc3339(instant_us, buffer) : fallback;
}

static void secret_write(struct cli *cli, const struct c2b_token_row *row)
{
    char hash[HASH_TEXT_SIZE], made[CLOCK_RFC3339_SIZE], used[CLOCK_RFC3339_SIZE],
        ended[CLOCK_RFC3339_SIZE];
    struct str name = str_first(str_from(crypto_hex(row->hash.bytes, SHA256_BYTES, hash)),
                                C2B_SECRET_NAME_LENGTH);

    if (!cli->json) {
        buffer_format(&cli->output, "%.*s  %-7.*s  made %-27s  used %-27s  %s%s\n", STR_ARG(name),
                      STR_ARG(row->short_code), clock_format_rfc3339(row->created_at_us, made),
                      time_or(row->last_used_at_us, "never", used),
                      row->ended_at_us != 0 ? "ended " : "serves",
                      time_or(row->ended_at_us, "", ended));
        return;
    }
    jwrite_object_begin(&cli->writer, NULL);
    jwrite_str(&cli->writer, "name", name);
    jwrite_str(&cli->writer, "short_code", row->short_code);
    jwrite_time(&cli->writer, "created_at", row->created_at_us);
    cli_write_time(cli, "last_used_at", row->last_used_at_us);
    cli_write_time(cli, "ended_at", row->ended_at_us);
    jwrite_object_end(&cli->writer);
}

int cli_urls_list(struct cli *cli)
{
    struct c2b_token_rows rows;
    enum err err;

    if (!cli_positionals(cli, 0, 0))
        return CLI_USAGE;
    err = c2b_secrets_list(&cli->service, &rows);
    if (err != ERR_OK)
        return cli_fail(cli, err, "urls list");
    if (cli->json)
        jwrite_array_begin(&cli->writer, NULL);
    for (size_t i = 0; i < rows.count; i++)
        secret_write(cli, &rows.items[i]);
    if (cli->json)
        jwrite_array_end(&cli->writer);
    return CLI_OK;
}

int cli_urls_new(struct cli *cli)
{
    const struct config_short_code *short_code;
    struct c2b_urls urls;
    enum err err;

    if (!cli_positionals(cli, 1, 1))
        return CLI_USAGE;
    short_code = config_short_code_find(cli->config, str_from(cli->arguments[0]));
    if (short_code == NULL) {
        cli_complain("the configuration has no such short code");
        return CLI_FAILED;
    }
    err = c2b_urls_get(&cli->service, short_code, /* new_secret= */ true, &urls);
    if (err == ERR_CONFIG) {
        cli_complain("public_url and secret_key must be set");
        return CLI_FAILED;
    }
    if (err != ERR_OK)
        return cli_fail(cli, err, "urls new");
    if (!cli->json) {
        buffer_format(&cli->output, "confirmation  %.*s\nvalidation    %.*s\n",
                      STR_ARG(urls.confirmation), STR_ARG(urls.validation));
        return CLI_OK;
    }
    jwrite_object_begin(&cli->writer, NULL);
    jwrite_str(&cli->writer, "confirmation", urls.confirmation);
    jwrite_str(&cli->writer, "validation", urls.validation);
    jwrite_object_end(&cli->writer);
    return CLI_OK;
}

int cli_urls_end(struct cli *cli)
{
    enum c2b_end end;
    enum err err;

    if (!cli_positionals(cli, 1, 1))
        return CLI_USAGE;
    err = c2b_secret_end(&cli->service, str_from(cli->arguments[0]), &end);
    if (err == ERR_NOT_FOUND || err == ERR_AMBIGUOUS) {
        cli_complain("%s secret has this name; see risiti urls list",
                     err == ERR_NOT_FOUND ? "no" : "more than one");
        return CLI_FAILED;
    }
    if (err != ERR_OK)
        return cli_fail(cli, err, "urls end");
    switch (end) {
    case C2B_END_DONE:
    case C2B_END_BEFORE:
        return CLI_OK;
    case C2B_END_IN_USE:
        cli_complain("confirmations came on it within the last %lld hours: its URLs are still "
                     "registered at Daraja",
                     (long long)cli->config->callbacks_secret_idle);
        break;
    case C2B_END_LAST_ONE:
        cli_complain("it is the only one of its short code: make a new one first");
        break;
    }
    return CLI_FAILED;
}
