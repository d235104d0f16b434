/* risiti daraja …: going live with Daraja, and finding out why something does not work. */
#include "risiti/base/base.h"

#include "risiti/cli/cli.h"

#include "risiti/daraja/daraja.h"
#include "risiti/domain/c2b_urls.h"
#include "risiti/domain/oauth.h"

/* A checkout id that no push has: asking for it tries passkey and short code, and moves nothing. */
#define NO_CHECKOUT_ID "ws_CO_00000000000000000000000000"

/* One thing that was tried. */
static void finding_write(struct cli *cli, const char *what, bool is_fine, const char *text,
                          struct str detail)
{
    if (!cli->json) {
        buffer_format(&cli->output, "%-4s  %s: %s%s%.*s\n", is_fine ? "ok" : "FAIL", what, text,
                      detail.length > 0 ? ": " : "", STR_ARG(detail));
        return;
    }
    jwrite_object_begin(&cli->writer, NULL);
    jwrite_text(&cli->writer, "check", what);
    jwrite_bool(&cli->writer, "ok", is_fine);
    jwrite_text(&cli->writer, "text", text);
    jwrite_str(&cli->writer, "detail", detail);
    jwrite_object_end(&cli->writer);
}

/* What Daraja or the network said, for people. */
static struct str answer_text(const struct daraja_answer *answer)
{
    return answer->why != NULL ? str_from(answer->why) : answer->message;
}

static const char *token_explanation(enum err err, const struct daraja_answer *answer)
{
    if (err != ERR_DARAJA_AUTH && err != ERR_DARAJA_DOWN)
        return "the database, where the workers' token is, cannot be used";
    if (err == ERR_DARAJA_DOWN)
        return "Daraja cannot be reached; look at base_url, ca_file and the firewall";
    if (answer->status == 400 || answer->status == 401)
        return "Daraja refuses consumer_key and consumer_secret; are they of the app, and of the "
               "environment that base_url names?";
    if (answer->status == 0 && answer->why == NULL)
        return "a worker asks for one just now and has none yet; try again in a minute";
    return "Daraja gave no token";
}

static bool token_check(struct cli *cli)
{
    struct daraja_answer answer;
    enum err err =
        oauth_check(cli->service.oauth, cli->service.daraja, cli->service.arena, &answer);
    const char *text =
        answer.status == 0 ? "there is one, which all workers share" : "Daraja gives one";

    finding_write(cli, "token", err == ERR_OK,
                  err == ERR_OK ? text : token_explanation(err, &answer), answer_text(&answer));
    return err == ERR_OK;
}

/* Tries a short code's passkey with a query for a push that does not exist. */
static bool short_code_check(struct cli *cli, const struct config_short_code *short_code)
{
    struct stk_query_result result;
    struct daraja_answer answer = {.status = 0};
    const char *text = "number and passkey are accepted";
    bool is_fine = true;
    enum err err = daraja_stk_query(cli->service.daraja, cli->service.arena, short_code,
                                    STR(NO_CHECKOUT_ID), &result, &answer);

    if (str_contains_nocase(answer.message, STR("wrong credentials"))) {
        text = "the passkey is not this short code's";
        is_fine = false;
    } else if (str_contains_nocase(answer.message, STR("merchant does not exist"))) {
        text = short_code->type == SHORT_CODE_TILL
                   ? "Daraja does not know it; is store_number the head office that went live?"
                   : "Daraja does not know it";
        is_fine = false;
    } else if (err != ERR_OK && answer.status == 0) {
        text = "could not be tried";
        is_fine = false;
    }
    finding_write(cli, short_code->number, is_fine, text,
                  is_fine ? STR_EMPTY : answer_text(&answer));
    return is_fine;
}

int cli_daraja_check(struct cli *cli)
{
    const struct config *config = cli->config;
    bool has_url = config->service_public_url[0] != '\0';
    bool is_fine = cli->service.daraja != NULL && has_url && config->short_code_count > 0;

    if (!cli_positionals(cli, 0, 0))
        return CLI_USAGE;
    if (cli->json)
        jwrite_array_begin(&cli->writer, NULL);
    finding_write(cli, "public_url", has_url,
                  has_url ? config->service_public_url
                          : "is not set: Daraja needs it for callbacks",
                  STR_EMPTY);
    if (cli->service.daraja == NULL)
        finding_write(cli, "consumer_key", false, "is not set", STR_EMPTY);
    if (config->short_code_count == 0)
        finding_write(cli, "shortcode", false, "no [shortcode NUMBER] section is there", STR_EMPTY);
    if (cli->service.daraja != NULL && token_check(cli)) {
        for (size_t i = 0; i < config->short_code_count; i++)
            is_fine = short_code_check(cli, &config->short_codes[i]) && is_fine;
    } else {
        is_fine = false;
    }
    if (cli->json)
        jwrite_array_end(&cli->writer);
    return cli_finish(cli, is_fine);
}

static bool register_one(struct cli *cli, const struct config_short_code *short_code,
                         bool new_secret, bool dry_run)
{
    struct daraja_answer answer = {.status = 0};
    struct c2b_urls urls;
    const char *text = dry_run ? "would be registered" : "registered";
    enum err err = c2b_urls_get(&cli->service, short_code, new_secret, &urls);

    if (err == ERR_OK && !dry_run)
        err = daraja_c2b_register(cli->service.daraja, cli->service.arena, short_code,
                                  urls.confirmation, urls.validation, &answer);
    if (err == ERR_CONFIG)
        text = "public_url and secret_key must be set";
    else if (err != ERR_OK)
        text = "Daraja did not take the URLs";
    else if (answer.reply == DARAJA_REPLY_ALREADY)
        text = "other URLs may be registered already; in production only the portal's URL "
               "Management can delete them. Prove it with a small payment";
    finding_write(cli, short_code->number, err == ERR_OK, text, answer_text(&answer));
    if (err == ERR_OK) {
        finding_write(cli, short_code->number, true, "confirmation", urls.confirmation);
        finding_write(cli, short_code->number, true, "validation", urls.validation);
    }
    return err == ERR_OK;
}

int cli_daraja_register_urls(struct cli *cli)
{
    const struct config *config = cli->config;
    bool new_secret = cli_flag(cli, "--new-secret");
    bool dry_run = cli_flag(cli, "--dry-run");
    bool is_fine = true;
    const struct config_short_code *only = NULL;

    if (!cli_positionals(cli, 0, 1))
        return CLI_USAGE;
    if (cli->argument_count == 1)
        only = config_short_code_find(config, str_from(cli->arguments[0]));
    if (config->short_code_count == 0 || (cli->argument_count == 1 && only == NULL)) {
        cli_complain("the configuration has no such short code");
        return CLI_FAILED;
    }
    if (cli->service.daraja == NULL && !dry_run) {
        cli_complain("consumer_key is not set");
        return CLI_FAILED;
    }
    if (cli->json)
        jwrite_array_begin(&cli->writer, NULL);
    for (size_t i = 0; i < config->short_code_count; i++)
        if (only == NULL || only == &config->short_codes[i])
            is_fine = register_one(cli, &config->short_codes[i], new_secret, dry_run) && is_fine;
    if (cli->json)
        jwrite_array_end(&cli->writer);
    return cli_finish(cli, is_fine);
}
