/* The background tasks, and the operator: see tasks.h. */
#include "risiti/base/base.h"

#include "tasks.h"

#include "risiti/base/crypto.h"
#include "risiti/domain/callback_replay.h"
#include "risiti/domain/callback_spool.h"
#include "risiti/domain/conflict.h"
#include "risiti/domain/history.h"
#include "risiti/domain/hold.h"
#include "risiti/domain/push_check.h"
#include "risiti/domain/spool.h"

#define CONFLICTS_MAX 100
#define RECEIPT_SIZE 24

const struct task tasks[] = {
    {"spool_drain", spool_drain_due},   {"callback_retry", callback_retry_due},
    {"hold_release", hold_release_due}, {"push_check", push_check_due},
    {"push_proof", push_proof_due},
};
const size_t task_count = ARRAY_LENGTH(tasks);

/* ---- the operator ---- */

static void receipt_take(char **columns, void *context)
{
    text_write(context, RECEIPT_SIZE, "%s", columns[0] != NULL ? columns[0] : "");
}

/* Whether Daraja's ledger says that the money is the push's. */
static bool is_pushs(const struct conflict *conflict)
{
    char push_id[UUID_TEXT_SIZE], money_id[UUID_TEXT_SIZE], sql[160], receipt[RECEIPT_SIZE] = "";
    const int push = push_by_id(sql_id(&conflict->push_id, push_id));
    int money;

    text_write(sql, sizeof(sql), "SELECT mpesa_receipt_number FROM payment WHERE id = UNHEX('%s')",
               sql_id(&conflict->payment_id, money_id));
    sql_rows(sql, receipt_take, receipt);
    money = money_by_receipt(receipt);

    return conflict->has_payment && push != SIM_NONE && money != SIM_NONE &&
           sim.money[money].push == push;
}

static enum err decide(struct worker *worker, const struct conflict *conflict,
                       enum conflict_decision decision)
{
    const enum err err =
        conflict_decide(&worker->service, &conflict->id, decision, STR("operator"));

    sim_note("    the operator decides on a conflict (%.*s): %.*s: %s",
             STR_ARG(conflict_kind_name(conflict->kind)), STR_ARG(conflict_decision_name(decision)),
             err_name(err));
    return err;
}

/*
 * Money that was free, since Daraja had said that the push failed, and that another app has used;
 * then a query said that the push was paid. Both apps have a payment for it: no decision can take
 * one away, and the accounts differ by as much.
 */
static void excuse(const struct conflict *conflict)
{
    char id[UUID_TEXT_SIZE];

    sim.excused_cents +=
        sql_number("SELECT CAST(amount * 100 AS INTEGER) FROM payment WHERE id = UNHEX('%s') "
                   "AND status = 'SUCCESS' AND mpesa_receipt_number IS NULL",
                   sql_id(&conflict->push_id, id));
}

static enum err decide_well(struct worker *worker, const struct conflict *conflict)
{
    const bool is_money_of_push = is_pushs(conflict);
    enum err err = ERR_STATE;

    if (is_money_of_push)
        err = decide(worker, conflict, CONFLICT_MOVE);
    if (err != ERR_STATE)
        return err;
    err = decide(worker, conflict, CONFLICT_RELEASE);
    if (err == ERR_OK && is_money_of_push)
        excuse(conflict);
    return err;
}

void operator_decides(struct worker *worker, bool is_last)
{
    struct conflicts conflicts;
    enum err err =
        conflict_list(&worker->service, /* open_only= */ true, CONFLICTS_MAX, &conflicts);

    if (err == ERR_OK && conflicts.count > 0 && !is_last)
        conflicts = (struct conflicts){
            .items = &conflicts.items[sim_below((unsigned)conflicts.count)], .count = 1};
    for (size_t i = 0; err == ERR_OK && i < conflicts.count; i++) {
        err = decide_well(worker, &conflicts.items[i]);
        if (is_last && err != ERR_OK)
            sim_fail("a conflict cannot be decided: %s", err_name(err));
    }
}

/* ---- the checks of the domain's own ---- */

static void difference_report(void *context, const struct history_finding *finding)
{
    char id[UUID_TEXT_SIZE];

    (void)context;
    sim_fail("the history of %s: %s", sql_id(&finding->payment_id, id), finding->what);
}

void history_expect(struct worker *worker)
{
    struct history_check check = {.report = difference_report};
    const enum err err = history_check_all(&worker->service, &check);

    if (err != ERR_OK)
        sim_fail("the check of all histories: %s", err_name(err));
}

void inbox_expect_done(struct worker *worker)
{
    struct spool_count count;
    const int64_t open =
        sql_number("SELECT COUNT(*) FROM callback_inbox WHERE state IN ('failed', 'waiting')");

    if (open != 0)
        sim_fail("%lld callbacks wait in the journal for ever", (long long)open);
    if (spool_count(worker->service.spool, &count) != ERR_OK || count.waiting + count.damaged > 0)
        sim_fail("callbacks are left in the spool");
    if (sql_number("SELECT COUNT(*) FROM payment WHERE conflict = 1 AND merged_into IS NULL") != 0)
        sim_fail("a payment is marked as a conflict, and there is none that is open");
}
