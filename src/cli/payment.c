/* risiti payment …: payments of every app, for the operator. */
#include "risiti/base/base.h"

#include "risiti/cli/cli.h"

#include "risiti/base/clock.h"
#include "risiti/base/number.h"
#include "risiti/base/receipt.h"
#include "risiti/domain/app.h"
#include "risiti/domain/payment.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 10000

/* Why a payment cannot be claimed now, or that it can. */
static const char *claimable_text(const struct payment *payment)
{
    if (payment->is_merged)
        return "merged into another payment";
    if (payment->claimed)
        return "claimed";
    if (payment->status != PAYMENT_STATUS_SUCCESS)
        return "not paid";
    if (payment->reversed)
        return "reversed";
    return payment->held ? "held" : "claimable";
}

void cli_payment_members(struct cli *cli, const struct payment *payment)
{
    struct jwrite *json = &cli->writer;

    jwrite_uuid(json, "payment_id", &payment->id);
    jwrite_uuid(json, "app_id", &payment->app_id);
    jwrite_str(json, "payment_type", payment_type_name(payment->type));
    jwrite_str(json, "status", payment_status_name(payment->status));
    jwrite_str(json, "receipt", payment->receipt);
    jwrite_str(json, "reference", payment->external_reference);
    jwrite_money(json, "amount", payment->amount);
    jwrite_str(json, "phone", payment->phone);
    jwrite_str(json, "short_code", payment->short_code);
    jwrite_str(json, "checkout_request_id", payment->checkout_request_id);
    jwrite_str(json, "result_code", payment->result_code);
    jwrite_str(json, "result_description", payment->result_description);
    jwrite_bool(json, "claimed", payment->claimed);
    cli_write_time(cli, "claimed_at", payment->claimed_at_us);
    jwrite_text(json, "claimable", claimable_text(payment));
    jwrite_bool(json, "conflict", payment->conflict);
    if (payment->is_merged)
        jwrite_uuid(json, "merged_into", &payment->merged_into);
    cli_write_time(cli, "paid_at", payment->paid_at_us);
    jwrite_time(json, "created_at", payment->created_at_us);
}

void cli_payment_line(struct cli *cli, const struct payment *payment)
{
    char id[UUID_TEXT_SIZE], at[CLOCK_RFC3339_SIZE], amount[MONEY_TEXT_SIZE];
    struct str receipt = payment->receipt.data != NULL ? payment->receipt : STR("-");

    buffer_format(&cli->output, "%s  %-27s  %-3.*s  %-7.*s  %10s  %-12.*s  %s%s\n",
                  uuid_format(&payment->id, id), clock_format_rfc3339(payment->created_at_us, at),
                  STR_ARG(payment_type_name(payment->type)),
                  STR_ARG(payment_status_name(payment->status)),
                  money_format_decimal(payment->amount, amount), STR_ARG(receipt),
                  claimable_text(payment), payment->conflict ? ", conflict" : "");
}

/* Reads one time option; false with a message for a wrong one. */
static bool time_option(struct cli *cli, const char *name, int64_t *ret_us)
{
    const char *text = cli_option(cli, name);

    if (text == NULL || clock_parse_rfc3339(str_from(text), ret_us) == ERR_OK)
        return true;
    cli_complain("%s takes a date such as 2026-11-23 or an RFC 3339 time", name);
    return false;
}

/* The filter from the options; false with a message for a wrong one. */
static bool filter_read(struct cli *cli, struct payment_filter *filter, size_t *ret_limit)
{
    const char *status = cli_option(cli, "--status");
    const char *type = cli_option(cli, "--type");
    const char *claimed = cli_option(cli, "--claimed");
    const char *limit = cli_option(cli, "--limit");
    uint64_t count = LIMIT_DEFAULT;

    filter->reference = str_from(cli_option(cli, "--reference"));
    filter->has_status = status != NULL;
    filter->has_type = type != NULL;
    filter->has_claimed = claimed != NULL;
    if (!time_option(cli, "--from", &filter->from_us) || !time_option(cli, "--to", &filter->to_us))
        return false;
    if ((status != NULL && payment_status_parse(str_from(status), &filter->status) != ERR_OK) ||
        (type != NULL && payment_type_parse(str_from(type), &filter->type) != ERR_OK) ||
        (claimed != NULL && strcmp(claimed, "yes") != 0 && strcmp(claimed, "no") != 0) ||
        (limit != NULL && number_parse(str_from(limit), 1, LIMIT_MAX, &count) != ERR_OK)) {
        cli_complain("--status takes PENDING, SUCCESS or FAILED; --type STK or C2B; "
                     "--claimed yes or no; --limit 1 to %d",
                     LIMIT_MAX);
        return false;
    }
    filter->claimed = claimed != NULL && strcmp(claimed, "yes") == 0;
    *ret_limit = (size_t)count;
    return true;
}

int cli_payment_list(struct cli *cli)
{
    const char *app_name = cli_option(cli, "--app");
    struct payment_filter filter = {.has_status = false};
    struct payments payments;
    struct app app;
    size_t limit;
    enum err err;

    if (!filter_read(cli, &filter, &limit) || !cli_positionals(cli, 0, 0))
        return CLI_USAGE;
    if (app_name != NULL && cli_app_named(cli, app_name, &app) != ERR_OK)
        return CLI_FAILED;
    filter.app_id = app_name != NULL ? &app.id : NULL;
    err = payment_store_list(cli->service.db, cli->service.arena, &filter, limit, &payments);
    if (err != ERR_OK)
        return cli_fail(cli, err, "payment list");
    if (cli->json)
        jwrite_array_begin(&cli->writer, NULL);
    for (size_t i = 0; i < payments.count; i++) {
        if (!cli->json) {
            cli_payment_line(cli, &payments.items[i]);
            continue;
        }
        jwrite_object_begin(&cli->writer, NULL);
        cli_payment_members(cli, &payments.items[i]);
        jwrite_object_end(&cli->writer);
    }
    if (cli->json)
        jwrite_array_end(&cli->writer);
    return CLI_OK;
}

static void event_write(struct cli *cli, const struct payment_event *event)
{
    char at[CLOCK_RFC3339_SIZE];

    if (!cli->json) {
        buffer_format(&cli->output, "  %-27s  %-18.*s  %-16.*s  %.*s  request %.*s",
                      clock_format_rfc3339(event->at_us, at), STR_ARG(event->event),
                      STR_ARG(event->evidence), STR_ARG(event->detail), STR_ARG(event->request_id));
        if (event->source.length > 0)
            buffer_format(&cli->output, " from %.*s", STR_ARG(event->source));
        buffer_append_byte(&cli->output, '\n');
        return;
    }
    jwrite_object_begin(&cli->writer, NULL);
    jwrite_time(&cli->writer, "at", event->at_us);
    jwrite_str(&cli->writer, "event", event->event);
    jwrite_str(&cli->writer, "evidence", event->evidence);
    jwrite_str(&cli->writer, "detail", event->detail);
    jwrite_str(&cli->writer, "request_id", event->request_id);
    jwrite_str(&cli->writer, "source", event->source);
    if (event->inbox_id != NULL)
        jwrite_uuid(&cli->writer, "inbox_id", event->inbox_id);
    if (event->app_id != NULL)
        jwrite_uuid(&cli->writer, "app_id", event->app_id);
    jwrite_object_end(&cli->writer);
}

/* By id, or by receipt when the argument is no id. */
static enum err payment_named(struct cli *cli, struct payment *ret_payment)
{
    struct str name = str_from(cli->arguments[0]);
    struct str receipt = receipt_normalise(cli->service.arena, name);
    struct uuid id;

    if (uuid_parse(name, &id) == ERR_OK)
        return payment_store_by_id(cli->service.db, cli->service.arena, &id, PAYMENT_READ,
                                   ret_payment);
    if (receipt.data == NULL)
        return ERR_NOT_FOUND;
    return payment_store_by_receipt(cli->service.db, cli->service.arena, receipt, PAYMENT_READ,
                                    ret_payment);
}

int cli_payment_show(struct cli *cli)
{
    struct payment payment;
    struct payment_events events;
    enum err err;

    if (!cli_positionals(cli, 1, 1))
        return CLI_USAGE;
    err = payment_named(cli, &payment);
    if (err == ERR_NOT_FOUND) {
        cli_complain("there is no payment with this id or receipt");
        return CLI_FAILED;
    }
    if (err == ERR_OK)
        err = event_store_list(cli->service.db, cli->service.arena, &payment.id, PAYMENT_EVENTS_MAX,
                               &events);
    if (err != ERR_OK)
        return cli_fail(cli, err, "payment show");
    if (cli->json) {
        jwrite_object_begin(&cli->writer, NULL);
        cli_payment_members(cli, &payment);
        jwrite_array_begin(&cli->writer, "history");
    } else {
        cli_payment_line(cli, &payment);
    }
    for (size_t i = 0; i < events.count; i++)
        event_write(cli, &events.items[i]);
    if (cli->json) {
        jwrite_array_end(&cli->writer);
        jwrite_object_end(&cli->writer);
    }
    return CLI_OK;
}
