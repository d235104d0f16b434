/* After each step: the database against the model, and against what it was before the step. */
#include "risiti/base/base.h"

#include "sim.h"

#include "risiti/base/crypto.h"
#include "risiti/base/number.h"

#define DAY_S (INT64_C(24) * 3600)
/* The time of a version 7 id, in hexadecimal digits. */
#define ID_TIME_LENGTH 12

const char admin_shop_hex[] = "00000000000070008000000000000001";

struct rows rows_now;
static struct rows rows_before;

static const char rows_sql[] =
    "SELECT LOWER(HEX(p.id)), LOWER(HEX(p.app_id)), p.mpesa_receipt_number, p.status, "
    "p.payment_type, LOWER(HEX(p.merged_into)), CAST(p.amount * 100 AS INTEGER), p.claimed, "
    "p.held, p.conflict, p.reversed, p.open_reference IS NOT NULL, p.version, COALESCE(e.n, 0), "
    "COALESCE(e.last, 0), LOWER(HEX(c.app_id)), c.receipt, COALESCE(e.moved, 0) "
    "FROM payment p LEFT JOIN claim c ON c.payment_id = p.id LEFT JOIN (SELECT payment_id, "
    "COUNT(*) AS n, MAX(sequence) AS last, SUM(event = 'moved') AS moved FROM payment_event "
    "GROUP BY payment_id) e ON e.payment_id = p.id ORDER BY p.id";

enum {
    AT_ID,
    AT_APP,
    AT_RECEIPT,
    AT_STATUS,
    AT_TYPE,
    AT_MERGED,
    AT_CENTS,
    AT_CLAIMED,
    AT_HELD,
    AT_CONFLICT,
    AT_REVERSED,
    AT_OPEN,
    AT_VERSION,
    AT_EVENTS,
    AT_LAST,
    AT_CLAIM_APP,
    AT_CLAIM_RECEIPT,
    AT_MOVED
};

static void text_take(const char *column, char *text, size_t size)
{
    const int length = snprintf(text, size, "%s", column != NULL ? column : "");

    ASSERT(length >= 0 && (size_t)length < size);
}

static unsigned number_take(const char *column)
{
    uint64_t number = 0;

    if (column != NULL && number_parse(str_from(column), 0, UINT32_MAX, &number) != ERR_OK)
        sim_fail("a column is no number: %s", column);
    return (unsigned)number;
}

static void row_take(char **columns, void *context)
{
    struct row *row = &rows_now.items[rows_now.count];

    (void)context;
    ASSERT(rows_now.count < SIM_ROWS_MAX);
    memset(row, 0, sizeof(*row));
    text_take(columns[AT_ID], row->id, sizeof(row->id));
    text_take(columns[AT_APP], row->app, sizeof(row->app));
    text_take(columns[AT_RECEIPT], row->receipt, sizeof(row->receipt));
    text_take(columns[AT_STATUS], row->status, sizeof(row->status));
    text_take(columns[AT_TYPE], row->type, sizeof(row->type));
    text_take(columns[AT_MERGED], row->merged_into, sizeof(row->merged_into));
    text_take(columns[AT_CLAIM_APP], row->claim_app, sizeof(row->claim_app));
    text_take(columns[AT_CLAIM_RECEIPT], row->claim_receipt, sizeof(row->claim_receipt));
    row->cents = number_take(columns[AT_CENTS]);
    row->claimed = number_take(columns[AT_CLAIMED]) != 0;
    row->held = number_take(columns[AT_HELD]) != 0;
    row->conflict = number_take(columns[AT_CONFLICT]) != 0;
    row->reversed = number_take(columns[AT_REVERSED]) != 0;
    row->is_open = number_take(columns[AT_OPEN]) != 0;
    row->version = number_take(columns[AT_VERSION]);
    row->events = number_take(columns[AT_EVENTS]);
    row->sequence_max = number_take(columns[AT_LAST]);
    row->has_claim = columns[AT_CLAIM_APP] != NULL;
    row->was_moved = number_take(columns[AT_MOVED]) != 0;
    rows_now.count++;
}

const char *app_hex(unsigned app, char buffer[UUID_TEXT_SIZE])
{
    return sql_id(&sim_apps[app].id, buffer);
}

const struct row *row_by_receipt(const char *receipt)
{
    for (int i = 0; i < rows_now.count; i++)
        if (strcmp(rows_now.items[i].receipt, receipt) == 0)
            return &rows_now.items[i];
    return NULL;
}

const struct row *row_by_id(const char *id)
{
    for (int i = 0; i < rows_now.count; i++)
        if (strcmp(rows_now.items[i].id, id) == 0)
            return &rows_now.items[i];
    return NULL;
}

int money_by_receipt(const char *receipt)
{
    for (int i = 0; i < sim.money_count; i++)
        if (strcmp(sim.money[i].receipt, receipt) == 0)
            return i;
    return SIM_NONE;
}

int push_by_id(const char *id)
{
    for (int i = 0; i < sim.push_count; i++)
        if (strcmp(sim.pushes[i].id, id) == 0)
            return i;
    return SIM_NONE;
}

static bool is_status(const struct row *row, const char *status)
{
    return strcmp(row->status, status) == 0;
}

static bool is_merged(const struct row *row)
{
    return row->merged_into[0] != '\0';
}

/* ---- one row ---- */

static void receipt_check(const struct row *row)
{
    const int index = money_by_receipt(row->receipt);
    const struct sim_money *money = &sim.money[index >= 0 ? index : 0];

    if (index == SIM_NONE || !money->is_told)
        sim_fail("nobody has told us of receipt %s", row->receipt);
    else if (!money->is_ours)
        sim_fail("receipt %s is %s", row->receipt,
                 money->is_forged ? "forged" : "of a short code that is not ours");
    else if (money->cents != row->cents)
        sim_fail("%s is %lld cents, Daraja had %lld", row->receipt, (long long)row->cents,
                 (long long)money->cents);
    if (row->is_open)
        sim_fail("%s has its receipt and is unsettled", row->id);
    if (!is_status(row, "SUCCESS"))
        sim_fail("%s has a receipt and is %s", row->receipt, row->status);
}

static bool fate_is_paid(enum fate fate)
{
    return fate == FATE_PAID || fate == FATE_PAID_DOUBTED;
}

static bool fate_is_refused(enum fate fate)
{
    return fate == FATE_REFUSED || fate == FATE_LOCKED || fate == FATE_NOT_SENT;
}

/* SUCCESS and FAILED are what Daraja said, or the operator. */
static void status_check(const struct row *row)
{
    const int index = push_by_id(row->id);
    const struct sim_push *push = &sim.pushes[index >= 0 ? index : 0];

    if (is_status(row, "SUCCESS") && row->receipt[0] == '\0' && !is_merged(row) &&
        (index == SIM_NONE || !fate_is_paid(push->fate)))
        sim_fail("push %d is SUCCESS, and nobody has paid it", index);
    if (is_status(row, "FAILED") &&
        (index == SIM_NONE || (!fate_is_refused(push->fate) && !push->is_failure_told)))
        sim_fail("push %d is FAILED, and Daraja did not say so", index);
    if (is_status(row, "FAILED") && row->is_open)
        sim_fail("push %d is FAILED and unsettled", index);
}

static void claim_check(const struct row *row)
{
    if (row->claimed != row->has_claim)
        sim_fail("%s: claimed = %d, rows in claim: %d", row->id, row->claimed, row->has_claim);
    if (!row->claimed)
        return;
    if (!is_status(row, "SUCCESS") || is_merged(row))
        sim_fail("%s is claimed, and %s", row->id, is_merged(row) ? "merged" : row->status);
    if (strcmp(row->claim_app, row->app) != 0 && !row->was_moved)
        sim_fail("%s was claimed by one app and is another's", row->id);
    if (strcmp(row->claim_receipt, row->receipt) != 0)
        sim_fail("%s: its claim has receipt \"%s\", the payment \"%s\"", row->id,
                 row->claim_receipt, row->receipt);
}

/* A push is its app's for ever; other money is ADMIN_SHOP's until it is claimed or moved. */
static void owner_check(const struct row *row)
{
    const int index = push_by_id(row->id);
    char hex[UUID_TEXT_SIZE];

    if (index != SIM_NONE) {
        if (strcmp(row->app, app_hex(sim.pushes[index].app, hex)) != 0)
            sim_fail("push %d has got another owner", index);
    } else if (strcmp(row->type, "C2B") == 0 && strcmp(row->app, admin_shop_hex) != 0 &&
               !row->claimed && !row->was_moved) {
        sim_fail("%s was paid by hand, and is an app's that has not claimed it", row->receipt);
    }
}

static void merge_check(const struct row *row)
{
    const struct row *survivor = is_merged(row) ? row_by_id(row->merged_into) : NULL;

    if (!is_merged(row))
        return;
    if (survivor == NULL || is_merged(survivor))
        sim_fail("%s is merged into nothing", row->id);
    if (row->receipt[0] != '\0')
        sim_fail("%s is merged and keeps its receipt", row->id);
}

static void row_check(const struct row *row)
{
    if (row->events != row->version || row->sequence_max != row->version)
        sim_fail("%s has version %u, %u events, the last of them number %u", row->id, row->version,
                 row->events, row->sequence_max);
    if (row->receipt[0] != '\0')
        receipt_check(row);
    status_check(row);
    claim_check(row);
    owner_check(row);
    merge_check(row);
}

/* ---- one row, and what it was ---- */

static bool is_same(const struct row *was, const struct row *row)
{
    return strcmp(was->app, row->app) == 0 && strcmp(was->receipt, row->receipt) == 0 &&
           strcmp(was->status, row->status) == 0 && was->claimed == row->claimed &&
           was->held == row->held && was->conflict == row->conflict &&
           was->reversed == row->reversed && was->is_open == row->is_open &&
           strcmp(was->merged_into, row->merged_into) == 0;
}

/* Money is free again; the push that it was held for may not be waiting for it still. */
static void release_check(const struct row *row)
{
    const int index = money_by_receipt(row->receipt);
    const struct sim_money *money = &sim.money[index >= 0 ? index : 0];

    /*
     * Holds end by themselves after a day. The millisecond in an id tells what came first where
     * clocks agree; of two in the same one nobody knows, and a push that was committed after the
     * money had come cannot have been paid by it.
     */
    if (index == SIM_NONE || time_passed_s() > DAY_S || sim_workers[0].skew_us != 0 ||
        sim_workers[1].skew_us != 0 || sim_workers[2].skew_us != 0 || sim_workers[3].skew_us != 0)
        return;
    for (int i = 0; i < sim.push_count; i++) {
        const struct sim_push *push = &sim.pushes[i];
        const struct row *own = row_by_id(push->id);

        if (own != NULL && own->is_open && strncmp(own->id, row->id, ID_TIME_LENGTH) < 0 &&
            push->cents == money->cents && strcmp(push->short_code, money->short_code) == 0 &&
            strcmp(push->phone.digits, money->phone.digits) == 0)
            sim_fail("%s is released, and push %d may still be paid by it", row->receipt, i);
    }
}

static void change_check(const struct row *was, const struct row *row)
{
    const char *name = row->receipt[0] != '\0' ? row->receipt : row->id;

    if (row->version < was->version || (row->version == was->version && !is_same(was, row)))
        sim_fail("%s has changed, and its version has not", name);
    if (is_status(was, "SUCCESS") && !is_status(row, "SUCCESS"))
        sim_fail("%s was SUCCESS and is %s", name, row->status);
    if (!is_status(was, "PENDING") && is_status(row, "PENDING"))
        sim_fail("%s was %s and is PENDING", name, was->status);
    if (was->claimed && !row->claimed)
        sim_fail("%s was claimed and is not", name);
    if (was->cents != row->cents)
        sim_fail("%s has changed its amount", name);
    if (was->receipt[0] != '\0' && strcmp(was->receipt, row->receipt) != 0 && !is_merged(row))
        sim_fail("%s has lost its receipt %s", row->id, was->receipt);
    if (was->held && !was->conflict && !row->held && !is_merged(row))
        release_check(row);
    if (is_merged(was) && strcmp(was->merged_into, row->merged_into) != 0)
        sim_fail("%s is not merged any more", name);
    if (strcmp(was->app, row->app) != 0 && !row->was_moved &&
        (was->claimed || !row->claimed || strcmp(was->app, admin_shop_hex) != 0))
        sim_fail("%s has changed its owner without a claim", name);
}

static void changes_check(void)
{
    int i = 0;

    for (int b = 0; b < rows_before.count; b++) {
        const struct row *was = &rows_before.items[b];

        while (i < rows_now.count && strcmp(rows_now.items[i].id, was->id) < 0)
            i++;
        if (i == rows_now.count || strcmp(rows_now.items[i].id, was->id) != 0)
            sim_fail("payment %s is gone", was->id);
        else
            change_check(was, &rows_now.items[i]);
    }
}

/* Who was told that a claim was won has the payment. */
static void wins_check(void)
{
    for (int i = 0; i < sim.win_count; i++) {
        const struct sim_win *win = &sim.wins[i];
        const struct row *row = row_by_id(win->payment);
        char hex[UUID_TEXT_SIZE];

        if (row == NULL || !row->claimed || strcmp(row->claim_app, app_hex(win->app, hex)) != 0)
            sim_fail("a claim of %s was won, and is not there", win->payment);
    }
}

void check_step(void)
{
    /* A COMMIT on its way is a lock, and not an outcome yet. */
    rows_now.count = 0;
    sql_rows(rows_sql, row_take, NULL);
    for (int i = 0; i < rows_now.count; i++)
        row_check(&rows_now.items[i]);
    changes_check();
    wins_check();
    rows_before = rows_now;
}

void check_forget(void)
{
    rows_now.count = rows_before.count = 0;
}
