/* risiti inbox …: the journal of callbacks, for the operator. */
#include "risiti/base/base.h"

#include "risiti/cli/cli.h"

#include "risiti/base/clock.h"
#include "risiti/base/number.h"
#include "risiti/domain/callback_replay.h"
#include "risiti/domain/spool.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 10000
#define IDS_MAX 1000

static void row_members(struct cli *cli, const struct inbox_row *row)
{
    struct jwrite *json = &cli->writer;

    jwrite_uuid(json, "id", &row->id);
    jwrite_str(json, "kind", inbox_kind_name(row->kind));
    jwrite_str(json, "state", inbox_state_name(row->state));
    jwrite_time(json, "received_at", row->received_at_us);
    jwrite_str(json, "source", row->source);
    jwrite_str(json, "request_id", row->request_id);
    if (row->payment_id != NULL)
        jwrite_uuid(json, "payment_id", row->payment_id);
    else
        jwrite_null(json, "payment_id");
    jwrite_str(json, "checkout_request_id", row->checkout_request_id);
    jwrite_int(json, "attempts", row->attempts);
    cli_write_time(cli, "next_try_at", row->next_try_at_us);
    jwrite_str(json, "note", row->note);
}

static void row_line(struct cli *cli, const struct inbox_row *row)
{
    char id[UUID_TEXT_SIZE], at[CLOCK_RFC3339_SIZE];

    buffer_format(&cli->output, "%s  %-27s  %-3.*s  %-11.*s  %-15.*s  %.*s\n",
                  uuid_format(&row->id, id), clock_format_rfc3339(row->received_at_us, at),
                  STR_ARG(inbox_kind_name(row->kind)), STR_ARG(inbox_state_name(row->state)),
                  STR_ARG(row->source.length > 0 ? row->source : STR("-")), STR_ARG(row->note));
}

/* How many files wait on this host. */
static void spool_write_count(struct cli *cli)
{
    struct spool_count count = {0};
    bool is_known = cli->service.spool == NULL || spool_count(cli->service.spool, &count) == ERR_OK;

    if (!is_known)
        cli_complain("%s cannot be read: run this as the service's user",
                     cli->config->callbacks_spool);
    if (cli->json && is_known) {
        jwrite_int(&cli->writer, "spooled", count.waiting);
        jwrite_int(&cli->writer, "damaged", count.damaged);
    } else if (cli->json) {
        jwrite_null(&cli->writer, "spooled");
        jwrite_null(&cli->writer, "damaged");
    } else if (count.waiting + count.damaged > 0) {
        buffer_format(&cli->output, "%u in the spool of this host, %u damaged files\n",
                      count.waiting, count.damaged);
    }
}

int cli_inbox_list(struct cli *cli)
{
    const char *state_text = cli_option(cli, "--state");
    const char *limit_text = cli_option(cli, "--limit");
    uint64_t limit = LIMIT_DEFAULT;
    enum inbox_state state;
    struct inbox_rows rows;
    enum err err;

    if (!cli_positionals(cli, 0, 0))
        return CLI_USAGE;
    if ((state_text != NULL && inbox_state_parse(str_from(state_text), &state) != ERR_OK) ||
        (limit_text != NULL &&
         number_parse(str_from(limit_text), 1, LIMIT_MAX, &limit) != ERR_OK)) {
        cli_complain("--state takes applied, repeated, waiting, failed, quarantined, conflict, "
                     "unmatched, foreign or malformed; --limit 1 to %d",
                     LIMIT_MAX);
        return CLI_USAGE;
    }
    err = inbox_store_list(cli->service.db, cli->service.arena, state_text != NULL ? &state : NULL,
                           (unsigned)limit, &rows);
    if (err != ERR_OK)
        return cli_fail(cli, err, "inbox list");
    if (cli->json) {
        jwrite_object_begin(&cli->writer, NULL);
        jwrite_array_begin(&cli->writer, "callbacks");
    }
    for (size_t i = 0; i < rows.count; i++) {
        if (!cli->json) {
            row_line(cli, &rows.items[i]);
            continue;
        }
        jwrite_object_begin(&cli->writer, NULL);
        row_members(cli, &rows.items[i]);
        jwrite_object_end(&cli->writer);
    }
    if (cli->json)
        jwrite_array_end(&cli->writer);
    spool_write_count(cli);
    if (cli->json)
        jwrite_object_end(&cli->writer);
    return CLI_OK;
}

/* False, with a message, for what is no id. */
static bool id_read(const char *text, struct uuid *ret_id)
{
    if (uuid_parse(str_from(text), ret_id) == ERR_OK)
        return true;
    cli_complain("%s is no id; see risiti inbox list", text);
    return false;
}

int cli_inbox_show(struct cli *cli)
{
    struct inbox_row row;
    struct uuid id;
    enum err err;

    if (!cli_positionals(cli, 1, 1) || !id_read(cli->arguments[0], &id))
        return CLI_USAGE;
    err = inbox_store_by_id(cli->service.db, cli->service.arena, &id, INBOX_READ, &row);
    if (err == ERR_NOT_FOUND) {
        cli_complain("there is no callback with this id");
        return CLI_FAILED;
    }
    if (err != ERR_OK)
        return cli_fail(cli, err, "inbox show");
    if (cli->json) {
        jwrite_object_begin(&cli->writer, NULL);
        row_members(cli, &row);
        jwrite_bool(&cli->writer, "has_secret", row.token_hash != NULL);
        jwrite_str(&cli->writer, "body", row.body);
        jwrite_object_end(&cli->writer);
        return CLI_OK;
    }
    row_line(cli, &row);
    buffer_append(&cli->output, row.body);
    buffer_append_byte(&cli->output, '\n');
    return CLI_OK;
}

static void effect_write(struct cli *cli, const struct uuid *id,
                         const struct callback_effect *effect)
{
    char text[UUID_TEXT_SIZE], payment[UUID_TEXT_SIZE] = "";

    if (effect->has_payment)
        (void)uuid_format(&effect->payment_id, payment);
    if (!cli->json) {
        buffer_format(&cli->output, "%s  %-11.*s  %s%s%s\n", uuid_format(id, text),
                      STR_ARG(inbox_state_name(effect->state)), payment,
                      effect->note != NULL ? "  " : "", effect->note != NULL ? effect->note : "");
        return;
    }
    jwrite_object_begin(&cli->writer, NULL);
    jwrite_uuid(&cli->writer, "id", id);
    jwrite_str(&cli->writer, "state", inbox_state_name(effect->state));
    jwrite_text(&cli->writer, "payment_id", effect->has_payment ? payment : NULL);
    jwrite_text(&cli->writer, "note", effect->note);
    jwrite_object_end(&cli->writer);
}

/* One row; false, with a message, when nothing could be done with it. */
static bool replay_one(struct cli *cli, const struct uuid *id, unsigned flags)
{
    struct callback_effect effect;
    char text[UUID_TEXT_SIZE];
    enum err err = callback_replay(&cli->service, id, flags, &effect);

    if (err == ERR_OK) {
        effect_write(cli, id, &effect);
        return effect.state != INBOX_STATE_FAILED;
    }
    if (err == ERR_NOT_FOUND)
        cli_complain("%s: there is no callback with this id", uuid_format(id, text));
    else if (err == ERR_STATE)
        cli_complain("%s is in quarantine: see risiti inbox release", uuid_format(id, text));
    else
        (void)cli_fail(cli, err, uuid_format(id, text)); /* the others are tried */
    return false;
}

static int replay_all(struct cli *cli, unsigned flags)
{
    bool is_fine = true;
    struct uuid id;

    if (!cli_positionals(cli, 1, IDS_MAX))
        return CLI_USAGE;
    for (int i = 0; i < cli->argument_count; i++)
        if (!id_read(cli->arguments[i], &id))
            return CLI_USAGE;
    if (cli->json)
        jwrite_array_begin(&cli->writer, NULL);
    for (int i = 0; i < cli->argument_count; i++)
        if (id_read(cli->arguments[i], &id))
            is_fine = replay_one(cli, &id, flags) && is_fine;
    if (cli->json)
        jwrite_array_end(&cli->writer);
    return cli_finish(cli, is_fine);
}

int cli_inbox_replay(struct cli *cli)
{
    return replay_all(cli, CALLBACK_REPLAY_ANY);
}

int cli_inbox_release(struct cli *cli)
{
    return replay_all(cli, CALLBACK_REPLAY_RELEASE);
}
