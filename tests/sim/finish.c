/* The end of a history: everything arrives, the tasks run, people decide; then the accounts. */
#include "risiti/base/base.h"

#include "sim.h"

#include "tasks.h"

#define TURN_LIMIT 50
/* Holds last for a day, and the end takes some hours until the last result has come. */
#define LONG_S (INT64_C(14) * 3600)
#define DAY_S (INT64_C(24) * 3600)

static void calm_begin(void)
{
    sim_note("the end: everything is delivered");
    sim.is_calm = true;
    sim.is_out = false;
    sim.is_long = time_passed_s() > LONG_S;
    (void)late_flush();
    time_passes(10);
    check_step();
}

static void calmly(void (*run)(struct worker *worker))
{
    struct worker *worker = &sim_workers[0];

    fault_begin(worker, &(struct fault){.kind = FAULT_NONE});
    sim_worker = worker;
    run(worker);
    sim_worker = NULL;
    fault_end(worker);
}

static void decide_last(struct worker *worker)
{
    operator_decides(worker, /* is_last= */ true);
}

static void decide_all(void)
{
    calmly(decide_last);
    check_step();
}

static void deliver(const struct sim_message *message)
{
    struct worker *worker = &sim_workers[0];

    fault_begin(worker, &(struct fault){.kind = FAULT_NONE});
    sim_worker = worker;
    message_deliver(worker, *message);
    sim_worker = NULL;
    fault_end(worker);
    check_step();
}

static void deliver_all(void)
{
    for (int tries = 0; sim.message_count > 0 && tries < SIM_MESSAGES_MAX; tries++) {
        const int index = (int)sim_below((unsigned)sim.message_count);
        const struct sim_message message = sim.messages[index];

        sim.messages[index] = sim.messages[--sim.message_count];
        time_passes(1);
        deliver(&message);
    }
}

/* Whether only the result can say whose the money is: the confirmation names no open push. */
static bool needs_result(const struct sim_money *money)
{
    const struct sim_push *push = &sim.pushes[money->push];

    return strcmp(push->short_code, SIM_TILL) == 0 || push->fate == FATE_PAID_DOUBTED ||
           push->is_muddled || money->is_muddled || sim.is_long;
}

/* Whatever was lost on the way: at least one proof of each payment comes in the end. */
static void deliver_missing(void)
{
    for (int i = 0; i < sim.money_count; i++) {
        const struct sim_money *money = &sim.money[i];
        const bool is_pushs = money->push != SIM_NONE;

        if (!money->is_ours)
            continue;
        if (is_pushs && !money->is_resulted &&
            (needs_result(money) || (!money->is_confirmed && sim_chance(50)))) {
            message_post_stk(money->push, "0", i, money->cents, money->phone.digits);
            sim.messages[sim.message_count - 1].is_plain = false;
            sim.messages[sim.message_count - 1].token_push = money->push;
            deliver_all();
        }
        if (!money->is_confirmed && !money->is_resulted) {
            message_post_c2b(i);
            deliver_all();
        }
    }
}

/* Some rounds of all tasks; in the last ones nothing may be left to do when `must_end`. */
static void turns(bool may_expire, unsigned rounds, int64_t pause_s, bool must_end)
{
    unsigned done = 0;

    for (unsigned round = 0; round < rounds && !sim.has_failed; round++) {
        done = turn_all(&sim_workers[0], TURN_LIMIT, may_expire);
        if (done > 0)
            check_step();
        time_passes(pause_s);
    }
    if (must_end && done > 0)
        sim_fail("the background tasks do not come to an end");
}

static void accounts_check(void)
{
    int64_t ours = 0, ledger = 0;

    for (int i = 0; i < rows_now.count; i++) {
        const struct row *row = &rows_now.items[i];

        if (row->merged_into[0] == '\0' && strcmp(row->status, "SUCCESS") == 0)
            ours += row->cents;
    }
    for (int i = 0; i < sim.money_count; i++)
        if (sim.money[i].is_ours)
            ledger += sim.money[i].cents;
    if (ours != ledger + sim.excused_cents)
        sim_fail("our payments are %lld cents, Daraja's ledger has %lld, and %lld are excused",
                 (long long)ours, (long long)ledger, (long long)sim.excused_cents);
}

/* Whether the payment is, or stands for, the push. */
static bool stands_for(const struct row *row, const struct sim_push *push)
{
    const struct row *own = row_by_id(push->id);

    return strcmp(row->id, push->id) == 0 ||
           (own != NULL && strcmp(own->merged_into, row->id) == 0);
}

/* Another app may have used the money by its receipt while no push was waiting for it any more. */
static bool may_be_taken(const struct sim_money *money, const struct row *row)
{
    return row->has_claim && (sim.is_long || sim.pushes[money->push].fate == FATE_PAID_DOUBTED);
}

static void money_check(const struct sim_money *money)
{
    const struct row *row = row_by_receipt(money->receipt);
    const struct sim_push *push = &sim.pushes[money->push >= 0 ? money->push : 0];
    char hex[UUID_TEXT_SIZE];

    if (row == NULL) {
        sim_fail("%s was paid, and is not there", money->receipt);
        return;
    }
    if (row->held)
        sim_fail("%s is held for ever", money->receipt);
    if (money->push == SIM_NONE) {
        if (!money->is_muddled && !row->claimed && strcmp(row->app, admin_shop_hex) != 0)
            sim_fail("%s was paid by hand and is an app's", money->receipt);
        return;
    }
    if (money->is_muddled || push->is_muddled || may_be_taken(money, row))
        return;
    if (strcmp(row->app, app_hex(push->app, hex)) != 0)
        sim_fail("%s is the money of push %d, and not its app's", money->receipt, money->push);
    else if (!stands_for(row, push))
        sim_fail("%s is the money of push %d, and another payment", money->receipt, money->push);
}

/* Whoever may claim it does, and nobody else. */
static void claim_last(int index)
{
    const struct row *row = row_by_receipt(sim.money[index].receipt);
    struct operation operation = {.push = SIM_NONE, .money = index, .variant = 1};
    const bool is_free = row != NULL && strcmp(row->app, admin_shop_hex) == 0;

    if (row == NULL || row->claimed)
        return;
    for (unsigned i = 0; i < SIM_APPS; i++) {
        char hex[UUID_TEXT_SIZE];
        const int before = sim.win_count;
        const struct row now = *row_by_receipt(sim.money[index].receipt);
        const bool may = !now.claimed && (is_free || strcmp(now.app, app_hex(i, hex)) == 0);

        operation.app = i;
        claim_by_receipt(&operation);
        if ((sim.win_count > before) != may)
            sim_fail("%s: the claim by app %u should %sbe won", sim.money[index].receipt, i,
                     may ? "" : "not ");
        if (sim.has_failed)
            return;
    }
}

static void accounts_settle(void)
{
    for (int i = 0; i < sim.money_count; i++)
        if (sim.money[i].is_ours)
            money_check(&sim.money[i]);
    accounts_check();
    calmly(inbox_expect_done);
}

static void claims_last(void)
{
    for (int i = 0; i < sim.money_count && !sim.has_failed; i++)
        if (sim.money[i].is_ours)
            claim_last(i);
    calmly(history_expect);
}

/* Each part looks at its own; none goes on after a failure. */
void finish(void)
{
    calm_begin();
    if (!sim.has_failed)
        deliver_all();
    if (!sim.has_failed)
        turns(/* may_expire= */ false, 5, 3700, /* must_end= */ false);
    if (!sim.has_failed)
        deliver_missing();
    time_passes(8 * DAY_S);
    if (!sim.has_failed)
        turns(/* may_expire= */ true, 6, DAY_S, /* must_end= */ true);
    if (!sim.has_failed)
        decide_all();
    if (!sim.has_failed)
        turns(/* may_expire= */ true, 2, DAY_S, /* must_end= */ true);
    if (!sim.has_failed)
        decide_all();
    if (!sim.has_failed)
        accounts_settle();
    if (!sim.has_failed)
        claims_last();
}
