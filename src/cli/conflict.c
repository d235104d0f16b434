/* risiti conflict …: contradictions that wait for the operator, and how they are decided. */
#include "risiti/base/base.h"

#include "risiti/cli/cli.h"

#include <pwd.h>
#include <unistd.h>

#include "risiti/base/clock.h"
#include "risiti/base/number.h"
#include "risiti/domain/conflict.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 10000
#define DECIDED_BY_BYTES_MAX 64

static void conflict_members(struct cli *cli, const struct conflict *conflict)
{
    struct jwrite *json = &cli->writer;

    jwrite_uuid(json, "conflict_id", &conflict->id);
    jwrite_str(json, "kind", conflict_kind_name(conflict->kind));
    jwrite_uuid(json, "push_id", &conflict->push_id);
    if (conflict->has_payment)
        jwrite_uuid(json, "payment_id", &conflict->payment_id);
    else
        jwrite_null(json, "payment_id");
    jwrite_str(json, "note", conflict->note);
    jwrite_time(json, "created_at", conflict->created_at_us);
    cli_write_time(cli, "resolved_at", conflict->resolved_at_us);
    jwrite_str(json, "decision", conflict->decision);
    jwrite_str(json, "decided_by", conflict->decided_by);
}

static void conflict_line(struct cli *cli, const struct conflict *conflict)
{
    char id[UUID_TEXT_SIZE], at[CLOCK_RFC3339_SIZE];

    buffer_format(&cli->output, "%s  %-27s  %-17.*s  %s%.*s  %.*s\n",
                  uuid_format(&conflict->id, id), clock_format_rfc3339(conflict->created_at_us, at),
                  STR_ARG(conflict_kind_name(conflict->kind)),
                  conflict->resolved_at_us != 0 ? "decided: " : "open", STR_ARG(conflict->decision),
                  STR_ARG(conflict->note));
}

int cli_conflict_list(struct cli *cli)
{
    bool all = cli_flag(cli, "--all");
    const char *limit_text = cli_option(cli, "--limit");
    uint64_t limit = LIMIT_DEFAULT;
    struct conflicts conflicts;
    enum err err;

    if (limit_text != NULL && number_parse(str_from(limit_text), 1, LIMIT_MAX, &limit) != ERR_OK) {
        cli_complain("--limit takes 1 to %d", LIMIT_MAX);
        return CLI_USAGE;
    }
    if (!cli_positionals(cli, 0, 0))
        return CLI_USAGE;
    err = conflict_list(&cli->service, !all, (size_t)limit, &conflicts);
    if (err != ERR_OK)
        return cli_fail(cli, err, "conflict list");
    if (cli->json)
        jwrite_array_begin(&cli->writer, NULL);
    for (size_t i = 0; i < conflicts.count; i++) {
        if (!cli->json) {
            conflict_line(cli, &conflicts.items[i]);
            continue;
        }
        jwrite_object_begin(&cli->writer, NULL);
        conflict_members(cli, &conflicts.items[i]);
        jwrite_object_end(&cli->writer);
    }
    if (cli->json)
        jwrite_array_end(&cli->writer);
    return CLI_OK;
}

/* The conflict that the first argument names; what is wrong was said already. */
static enum err conflict_named(struct cli *cli, struct conflict_case *ret_case)
{
    struct uuid id;
    enum err err = uuid_parse(str_from(cli->arguments[0]), &id);

    err = err == ERR_OK ? conflict_show(&cli->service, &id, ret_case) : ERR_NOT_FOUND;
    if (err == ERR_NOT_FOUND)
        cli_complain("there is no conflict with this id");
    else if (err != ERR_OK)
        (void)cli_fail(cli, err, "conflict"); /* the caller's code is the same */
    return err;
}

int cli_conflict_show(struct cli *cli)
{
    struct conflict_case found;

    if (!cli_positionals(cli, 1, 1))
        return CLI_USAGE;
    if (conflict_named(cli, &found) != ERR_OK)
        return CLI_FAILED;
    if (cli->json) {
        jwrite_object_begin(&cli->writer, NULL);
        conflict_members(cli, &found.conflict);
        jwrite_object_begin(&cli->writer, "push");
        cli_payment_members(cli, &found.push);
        jwrite_object_end(&cli->writer);
        if (found.conflict.has_payment) {
            jwrite_object_begin(&cli->writer, "payment");
            cli_payment_members(cli, &found.money);
            jwrite_object_end(&cli->writer);
        }
        jwrite_object_end(&cli->writer);
        return CLI_OK;
    }
    conflict_line(cli, &found.conflict);
    buffer_append(&cli->output, STR("push:\n  "));
    cli_payment_line(cli, &found.push);
    if (found.conflict.has_payment) {
        buffer_append(&cli->output, STR("money:\n  "));
        cli_payment_line(cli, &found.money);
    }
    return CLI_OK;
}

/* The name of the user who runs this program: it stands in the history. */
static struct str decided_by(void)
{
    const struct passwd *user = getpwuid(getuid());

    return user != NULL ? str_first(str_from(user->pw_name), DECIDED_BY_BYTES_MAX) : STR("unknown");
}

/* Why a decision was refused, in the words of this conflict. */
static int decision_refused(const struct conflict_case *found, enum conflict_decision decision)
{
    if (found->conflict.resolved_at_us != 0)
        cli_complain("it was decided already: %.*s", STR_ARG(found->conflict.decision));
    else if (decision == CONFLICT_FAIL)
        cli_complain("the push was paid or joined with another payment: it cannot fail");
    else
        cli_complain("there is no money here that could be moved to the push's app");
    return CLI_FAILED;
}

int cli_conflict_resolve(struct cli *cli)
{
    struct conflict_case found;
    enum conflict_decision decision;
    enum err err;

    if (!cli_positionals(cli, 2, 2))
        return CLI_USAGE;
    if (conflict_decision_parse(str_from(cli->arguments[1]), &decision) != ERR_OK ||
        decision == CONFLICT_PROVEN) {
        cli_complain("the decision is one of move, release, fail");
        return CLI_USAGE;
    }
    if (conflict_named(cli, &found) != ERR_OK)
        return CLI_FAILED;
    err = conflict_decide(&cli->service, &found.conflict.id, decision, decided_by());
    if (err == ERR_STATE)
        return decision_refused(&found, decision);
    if (err == ERR_OK)
        err = conflict_show(&cli->service, &found.conflict.id, &found);
    if (err != ERR_OK)
        return cli_fail(cli, err, "conflict resolve");
    if (cli->json) {
        jwrite_object_begin(&cli->writer, NULL);
        conflict_members(cli, &found.conflict);
        jwrite_object_end(&cli->writer);
    } else {
        conflict_line(cli, &found.conflict);
    }
    return CLI_OK;
}
