/*
 * One client of a race on several database nodes: see run. It goes through rows that were made
 * before, in the order in which all clients do, and writes what became of each to standard output:
 * "ok ROW", "no ROW", "unknown ROW" (the answer to COMMIT was lost and could not be settled).
 *
 * usage: race claim|naive|stk|c2b|till|guard SOCKET DATABASE ROWS APP_ID
 */
#include "build-config.h"

#include <mysql.h>

#include "risiti/base/base.h"

#include <unistd.h>

#include "fixture.h"
#include "risiti/base/clock.h"
#include "risiti/base/number.h"
#include "risiti/domain/claim.h"
#include "risiti/domain/push_lock.h"

#define TEXT_SIZE 32
/* A callback that is not taken comes again, as the spool would bring it. */
#define DELIVERIES_MAX 400
#define PAUSE_MS 25
#define ROWS_MAX 100000
#define SQL_SIZE 128

struct client {
    struct service *service;
    struct app app;
    MYSQL *naive; /* a connection beside the service's */
};

static void say(const char *what, unsigned row)
{
    printf("%s %u\n", what, row);
    (void)fflush(stdout); /* a reader that has gone ends the race */
}

static void say_result(enum err err, unsigned row)
{
    if (err == ERR_OK)
        say("ok", row);
    else if (err == ERR_DB_COMMIT_UNKNOWN || err == ERR_DB_AWAY || err == ERR_DB_CONFLICT)
        say("unknown", row);
    else
        say("no", row);
}

static struct str text_of(char buffer[TEXT_SIZE], const char *format, unsigned row)
{
    const int length = snprintf(buffer, TEXT_SIZE, "%s%07u", format, row);

    ASSERT(length > 0 && length < TEXT_SIZE);
    return str_from(buffer);
}

static void claim_row(struct client *client, unsigned row)
{
    char receipt[TEXT_SIZE];
    const struct payment_selector selector = {.receipt = text_of(receipt, "GAL", row)};
    struct claim_result result;

    say_result(claim_payment(client->service, &client->app, &selector, &result), row);
}

/* Whether the naive client sees its row free. */
static bool naive_looks(MYSQL *mysql, const char *sql)
{
    MYSQL_RES *rows;
    MYSQL_ROW row;
    bool is_free;

    if (mysql_query(mysql, "BEGIN") != 0 || mysql_query(mysql, sql) != 0)
        return false;
    rows = mysql_store_result(mysql);
    if (rows == NULL)
        return false;
    row = mysql_fetch_row(rows);
    is_free = row != NULL && row[0] != NULL && row[0][0] == '0';
    mysql_free_result(rows);
    return is_free;
}

/* What must not be done: look, then update by id. It shows that the race is one. */
static void naive_row(struct client *client, unsigned row)
{
    char look[SQL_SIZE], update[SQL_SIZE];

    (void)snprintf(look, sizeof(look), "SELECT claimed FROM naive WHERE id = %u", row);
    (void)snprintf(update, sizeof(update), "UPDATE naive SET claimed = 1 WHERE id = %u", row);
    if (naive_looks(client->naive, look) && mysql_query(client->naive, update) == 0 &&
        mysql_query(client->naive, "COMMIT") == 0) {
        say("ok", row);
        return;
    }
    (void)mysql_query(client->naive, "ROLLBACK"); /* a node that is away has rolled back */
    say("no", row);
}

/* Brings one callback until it is kept. */
static void deliver(struct client *client, enum inbox_kind kind, struct str body, unsigned row)
{
    const struct callback callback = {
        .kind = kind, .body = body, .source = STR(SAFARICOM), .is_listed = true};
    struct callback_effect effect;
    enum err err = ERR_DB_AWAY;

    for (int i = 0; i < DELIVERIES_MAX && err != ERR_OK; i++) {
        err = callback_receive(client->service, &callback, &effect);
        arena_reset(client->service->arena);
        if (err != ERR_OK)
            clock_sleep_ms(PAUSE_MS);
    }
    say_result(err, row);
}

/* Each row has an amount of its own: tills have no reference to tell pushes apart by. */
static const char *amount_of(char buffer[TEXT_SIZE], unsigned row)
{
    (void)snprintf(buffer, TEXT_SIZE, "%u.00", 1000 + row);
    return buffer;
}

static void stk_row(struct client *client, unsigned row)
{
    char receipt[TEXT_SIZE], checkout[TEXT_SIZE], amount[TEXT_SIZE];
    const struct stk stk = {.checkout = text_of(checkout, "ws_CO_", row),
                            .receipt = text_of(receipt, "GAL", row),
                            .amount = amount_of(amount, row),
                            .phone = PHONE};

    deliver(client, INBOX_KIND_STK, stk_body(&stk), row);
}

static void c2b_row(struct client *client, unsigned row)
{
    char receipt[TEXT_SIZE], account[TEXT_SIZE], amount[TEXT_SIZE];
    const struct c2b c2b = {.receipt = text_of(receipt, "GAL", row),
                            .amount = amount_of(amount, row),
                            .account = text_of(account, "R", row).data,
                            .phone = "2547 ***** 678"};

    deliver(client, INBOX_KIND_C2B, c2b_body(&c2b), row);
}

static void till_row(struct client *client, unsigned row)
{
    char receipt[TEXT_SIZE], amount[TEXT_SIZE];
    const struct c2b c2b = {.receipt = text_of(receipt, "GAL", row),
                            .amount = amount_of(amount, row),
                            .short_code = TILL,
                            .account = "",
                            .phone = "2547 ***** 678"};

    deliver(client, INBOX_KIND_C2B, c2b_body(&c2b), row);
}

struct guarded {
    struct client *client;
    struct payment push;
};

static enum err guard_work(struct db *db, void *context)
{
    struct guarded *guarded = context;
    struct push_refusal refusal;

    (void)db; /* the service's own */
    return push_lock_take(guarded->client->service, &guarded->push, &refusal);
}

/* Many ask one phone at once. */
static void guard_row(struct client *client, unsigned row)
{
    char phone[TEXT_SIZE];
    struct guarded guarded = {.client = client,
                              .push = {.short_code = STR(PAYBILL),
                                       .phone = text_of(phone, "25472", row),
                                       .amount = {10000}}};
    enum err err = uuid_new(&guarded.push.id);

    if (err == ERR_OK)
        err = db_run_unit(client->service->db,
                          &(struct db_unit){.work = guard_work, .context = &guarded});
    say_result(err, row);
}

static const struct {
    const char *name;
    void (*run)(struct client *client, unsigned row);
} races[] = {
    {"claim", claim_row}, {"naive", naive_row}, {"stk", stk_row},
    {"c2b", c2b_row},     {"till", till_row},   {"guard", guard_row},
};

int main(int argument_count, char **arguments)
{
    struct db_options options = {.user = "root"};
    struct client client = {.service = NULL};
    uint64_t rows;

    if (argument_count != 6 || number_parse(str_from(arguments[4]), 1, ROWS_MAX, &rows) != ERR_OK ||
        uuid_parse(str_from(arguments[5]), &client.app.id) != ERR_OK) {
        (void)fprintf(stderr, "usage: race NAME SOCKET DATABASE ROWS APP_ID\n");
        return 2;
    }
    options.socket = arguments[2];
    options.name = arguments[3];
    client.app.name = STR("racer");
    client.service = fixture_open(&options);
    client.naive = mysql_init(NULL);
    if (client.naive == NULL || db_connect(client.service->db) != ERR_OK ||
        mysql_real_connect(client.naive, NULL, "root", NULL, options.name, 0, options.socket, 0) ==
            NULL)
        return EXIT_FAILURE;
    /* All start at once: when there is something on standard input. */
    (void)puts("ready 0");
    (void)fflush(stdout);
    (void)getchar();
    for (size_t i = 0; i < ARRAY_LENGTH(races); i++)
        for (unsigned row = 0; strcmp(arguments[1], races[i].name) == 0 && row < rows; row++) {
            races[i].run(&client, row);
            arena_reset(client.service->arena);
        }
    mysql_close(client.naive);
    fixture_close(client.service);
    return 0;
}
