/* One step of a history: chosen at random, with or without a fault, alone or several at once. */
#include "risiti/base/base.h"

#include "sim.h"

#include "risiti/base/clock.h"
#include "risiti/base/crypto.h"
#include "risiti/domain/callback_accept.h"
#include "risiti/domain/claim.h"
#include "risiti/domain/push.h"
#include "risiti/domain/spool.h"
#include "risiti/domain/turn.h"
#include "tasks.h"

#define PHONES 4
#define SOURCE "196.201.214.200"
#define STATE_SIZE 320

static const char *const phones[PHONES] = {"254712345678", "254798765432", "254110000001",
                                           "254712345679"};
static const int64_t amounts[] = {10000, 15000, 20000};
static const char *const app_names[SIM_APPS] = {"shop", "school", "clinic"};

static struct phone phone_of(unsigned index)
{
    struct phone phone;
    const enum err err = phone_parse(str_from(phones[index]), &phone);

    ASSERT(err == ERR_OK);
    return phone;
}

static unsigned fault_place(void)
{
    return sim_chance(70) ? sim_below(5) : sim_below(14);
}

static struct fault fault_choose(void)
{
    struct fault fault = {.kind = FAULT_NONE};

    if (sim.is_calm || !sim_chance(35))
        return fault;
    fault.kind = (enum fault_kind)(1 + sim_below(FAULT_KINDS - 1));
    fault.is_death = sim_chance(40);
    fault.is_unsent = sim_chance(50);
    fault.late = sim_below(5);
    fault.at = fault.kind <= FAULT_COMMIT_CONFLICT ? sim_below(3) : fault_place();
    return fault;
}

static bool is_alive(const struct operation *operation)
{
    return !operation->worker->is_dead;
}

/* ---- pushes ---- */

static void reference_write(unsigned variant, char *text, size_t size)
{
    switch (variant % 6) {
    case 0:
    case 1:
    case 2:
        text_write(text, size, "ORD-%s%03u", sim_salt, sim_below(1000));
        break;
    case 3:
        text_write(text, size, "Tab%s %u", sim_salt, sim_below(2));
        break;
    case 4:
        text_write(text, size, "invoice number %u of %s", sim_below(1000), sim_salt);
        break;
    default:
        text_write(text, size, "a/%s%u", sim_salt, sim_below(1000));
        break;
    }
}

static void push_run(struct operation *operation)
{
    char reference[64];
    struct push_request request = {.phone = phone_of(operation->variant % PHONES),
                                   .amount = {amounts[sim_below(ARRAY_LENGTH(amounts))]}};
    const int before = sim.push_count;
    struct push_outcome outcome;
    enum err err;

    reference_write(sim_below(6), reference, sizeof(reference));
    request.reference = str_from(reference);
    err = push_start(&operation->worker->service, &sim_apps[operation->app], &request, &outcome);
    sim_note("    push of %s, %s, \"%s\": %s%s", app_names[operation->app], request.phone.digits,
             reference, err_name(err), is_alive(operation) ? "" : ", which nobody hears");
    if (err != ERR_OK || !is_alive(operation))
        return;
    for (int i = before; i < sim.push_count; i++)
        if (str_equal(outcome.payment.checkout_request_id, str_from(sim.pushes[i].checkout)))
            sim.pushes[i].is_recorded = true;
}

/* ---- callbacks ---- */

/* Answered 200: a promise that it has its effect, now or later, without being posted again. */
static void promised(const struct sim_message *message)
{
    if (message->kind == MESSAGE_C2B)
        sim.money[message->money].is_confirmed = true;
    else if (!message->is_failure && message->token_push == message->push)
        sim.money[message->money].is_resulted = true;
}

static void told(const struct sim_message *message)
{
    if (message->money != SIM_NONE)
        sim.money[message->money].is_told = true;
    if (message->is_failure && message->push != SIM_NONE)
        sim.pushes[message->push].is_failure_told = true;
}

static void state_take(char **columns, void *context)
{
    text_write(context, STATE_SIZE, "%s %s", columns[0], columns[1] != NULL ? columns[1] : "");
}

/* What the journal says of the body; else it must be in the spool. */
static const char *journal_find(struct worker *worker, const struct sim_message *message,
                                char state[STATE_SIZE])
{
    struct spool_count count = {.waiting = 0};
    char sql[SIM_BODY_SIZE + 128];

    state[0] = '\0';
    text_write(sql, sizeof(sql),
               "SELECT state, note FROM callback_inbox WHERE body = '%s' ORDER BY id DESC LIMIT 1",
               message->body);
    sql_rows(sql, state_take, state);
    if (state[0] != '\0')
        return state;
    if (spool_count(worker->service.spool, &count) != ERR_OK || count.waiting == 0)
        sim_fail("a callback was answered, and its body is not kept");
    return "spooled";
}

static enum err message_accept(struct worker *worker, const struct sim_message *message)
{
    const struct callback callback = {
        .kind = message->kind == MESSAGE_STK ? INBOX_KIND_STK : INBOX_KIND_C2B,
        .body = str_from(message->body),
        .source = STR(SOURCE),
        .is_listed = !message->is_unlisted,
    };
    struct str token = STR_EMPTY;

    if (message->token_push != SIM_NONE)
        token = str_from(sim.pushes[message->token_push].token);
    return callback_accept(&worker->service, &callback, token);
}

static void message_name(const struct sim_message *message, char *text, size_t size)
{
    const char *receipt = message->money != SIM_NONE ? sim.money[message->money].receipt : "-";

    if (message->kind == MESSAGE_C2B)
        text_write(text, size, "confirmation of %s", receipt);
    else
        text_write(text, size, "%s of push %d, %s%s", message->is_failure ? "failure" : "success",
                   message->push, receipt,
                   message->is_plain                      ? ", plain path"
                   : message->token_push != message->push ? ", another push's path"
                                                          : "");
}

void message_deliver(struct worker *worker, struct sim_message message)
{
    char name[120], state[STATE_SIZE];
    enum err err;

    told(&message);
    message_name(&message, name, sizeof(name));
    err = message_accept(worker, &message);
    if (err == ERR_OK && !worker->is_dead) {
        promised(&message);
        sim_note("    %s: %s", name, journal_find(worker, &message, state));
        return;
    }
    sim_note("    %s: %s", name, worker->is_dead ? "nobody answers" : err_name(err));
    /* Some are posted again. */
    if (err != ERR_FORBIDDEN && sim_chance(60))
        message_post(&message);
}

static void deliver_run(struct operation *operation)
{
    message_deliver(operation->worker, operation->message);
}

static struct sim_message message_take(int index)
{
    const struct sim_message message = sim.messages[index];

    sim.messages[index] = sim.messages[--sim.message_count];
    return message;
}

/* ---- claims and look-ups ---- */

static void selector_by_push(struct operation *operation, const struct sim_push *push,
                             struct payment_selector *selector)
{
    switch (operation->variant % 3) {
    case 0:
        selector->has_payment_id =
            crypto_unhex(str_from(push->id), selector->payment_id.bytes, UUID_BYTES) == ERR_OK;
        break;
    case 1:
        selector->reference = str_from(push->reference);
        break;
    default:
        selector->checkout_request_id = str_from(push->checkout);
        break;
    }
}

static struct payment_selector selector_of(struct operation *operation)
{
    struct payment_selector selector = {.has_amount = false};

    if (operation->money != SIM_NONE) {
        const struct sim_money *money = &sim.money[operation->money];

        selector.receipt = str_from(money->receipt);
        selector.has_amount = operation->variant & 1;
        selector.amount = (struct money){money->cents};
    } else {
        selector_by_push(operation, &sim.pushes[operation->push], &selector);
    }
    return selector;
}

static const char *selector_name(const struct operation *operation, char *text, size_t size)
{
    static const char *const by[] = {"id", "reference", "checkout id"};

    if (operation->money != SIM_NONE)
        text_write(text, size, "%s%s", sim.money[operation->money].receipt,
                   operation->variant & 1 ? " and amount" : "");
    else
        text_write(text, size, "push %d by %s", operation->push, by[operation->variant % 3]);
    return text;
}

static void claim_won(const struct operation *operation, const struct payment *payment)
{
    struct sim_win *win = &sim.wins[sim.win_count];

    const struct row *row =
        operation->money != SIM_NONE ? row_by_receipt(sim.money[operation->money].receipt) : NULL;

    ASSERT(sim.win_count < SIM_ROWS_MAX);
    /* At once with others it may have become the app's own a moment ago. */
    if (!lanes_are_many() && row != NULL && strcmp(row->app, admin_shop_hex) == 0 &&
        (operation->variant & 1) == 0 &&
        sim_apps[operation->app].claim_requires == CLAIM_REQUIRES_AMOUNT)
        sim_fail("%s has claimed money that it named no amount of", app_names[operation->app]);
    (void)sql_id(&payment->id, win->payment);
    win->app = operation->app;
    for (int i = 0; i < sim.win_count; i++)
        if (strcmp(sim.wins[i].payment, win->payment) == 0)
            sim_fail("two claims of payment %s were won", win->payment);
    sim.win_count++;
    if (!payment->claimed || !uuid_equal(&payment->app_id, &sim_apps[operation->app].id))
        sim_fail("a claim was won, and its answer does not say so");
}

/* Nothing else is at work: the answer must be what the row says. */
static void claim_refused(const struct operation *operation)
{
    const struct row *row = row_by_receipt(sim.money[operation->money].receipt);
    const bool has_fact =
        (operation->variant & 1) || sim_apps[operation->app].claim_requires == CLAIM_REQUIRES_NONE;
    char hex[UUID_TEXT_SIZE];

    if (row == NULL || row->claimed || row->held || row->reversed ||
        strcmp(row->status, "SUCCESS") != 0)
        return;
    if (strcmp(row->app, app_hex(operation->app, hex)) == 0 ||
        (strcmp(row->app, admin_shop_hex) == 0 && has_fact))
        sim_fail("%s may claim %s, and was refused", app_names[operation->app], row->receipt);
}

static void claim_run(struct operation *operation)
{
    const struct payment_selector selector = selector_of(operation);
    struct claim_result result;
    char name[80];
    const enum err err =
        claim_payment(&operation->worker->service, &sim_apps[operation->app], &selector, &result);

    sim_note("    claim by %s of %s: %s%s", app_names[operation->app],
             selector_name(operation, name, sizeof(name)), err_name(err),
             is_alive(operation) ? "" : ", which nobody hears");
    if (!is_alive(operation))
        return;
    if (err == ERR_OK)
        claim_won(operation, &result.payment);
    else if (err == ERR_NOT_FOUND && operation->money != SIM_NONE && !lanes_are_many() &&
             operation->worker->fault.kind == FAULT_NONE)
        claim_refused(operation);
}

void claim_by_receipt(struct operation *operation)
{
    operation->run = claim_run;
    operation_run(operation);
}

static void seen_check(const struct operation *operation, const struct payment *payment)
{
    const struct app *app = &sim_apps[operation->app];
    const bool is_own = uuid_equal(&payment->app_id, &app->id);
    const bool has_fact =
        app->claim_requires == CLAIM_REQUIRES_NONE || (operation->variant & 1) != 0;

    if (payment->is_merged)
        sim_fail("%s sees a merged payment", app->name.data);
    if (!is_own && !uuid_equal(&payment->app_id, &admin_shop_id))
        sim_fail("%s sees another app's payment", app->name.data);
    if (!is_own && (operation->money == SIM_NONE || payment->claimed || !has_fact ||
                    payment->status != PAYMENT_STATUS_SUCCESS))
        sim_fail("%s sees a payment of ADMIN_SHOP's that it may not see", app->name.data);
}

static void verify_run(struct operation *operation)
{
    const struct payment_selector selector = selector_of(operation);
    struct payment payment;
    struct payments candidates = {.count = 0};
    char name[80];
    const enum err err = payment_find(&operation->worker->service, &sim_apps[operation->app],
                                      &selector, PAYMENT_READ, &payment, &candidates);

    sim_note("    verify by %s of %s: %s", app_names[operation->app],
             selector_name(operation, name, sizeof(name)), err_name(err));
    if (err == ERR_OK)
        seen_check(operation, &payment);
    for (size_t i = 0; i < candidates.count; i++)
        seen_check(operation, &candidates.items[i]);
}

/* ---- tasks ---- */

static void turn_run(struct operation *operation)
{
    const struct turn turn = {.limit = 1 + sim_below(5), .may_expire = sim_chance(50)};
    const struct task *task = &tasks[operation->variant % task_count];
    unsigned done = 0;
    const enum err err = task->run(&operation->worker->service, &turn, &done);

    sim_note("    a turn of %s: %s, %u done", task->name, err_name(err), done);
}

unsigned turn_all(struct worker *worker, unsigned limit, bool may_expire)
{
    const struct turn turn = {.limit = limit, .may_expire = may_expire};
    unsigned all = 0;

    for (size_t i = 0; i < task_count; i++) {
        unsigned done = 0;
        enum err err;

        fault_begin(worker, &(struct fault){.kind = FAULT_NONE});
        sim_worker = worker;
        err = tasks[i].run(&worker->service, &turn, &done);
        sim_worker = NULL;
        fault_end(worker);
        if (done > 0)
            sim_note("  a turn of %s: %u done", tasks[i].name, done);
        if (err != ERR_OK)
            sim_fail("a turn of %s with nothing wrong: %s", tasks[i].name, err_name(err));
        all += done;
    }
    return all;
}

static void decide_run(struct operation *operation)
{
    operator_decides(operation->worker, /* is_last= */ false);
}

/* ---- what customers and strangers do ---- */

/* As people type: other case, spaces around. */
static void account_type(const char *account, char *text, size_t size)
{
    const unsigned style = sim_below(3);

    text_write(text, size, style == 1 ? " %.12s " : "%.14s", account);
    for (char *c = text; style == 2 && *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + ('a' - 'A'));
    for (char *c = text; *c != '\0'; c++)
        if (*c == '"' || *c == '\\')
            *c = ' ';
}

/* Money by hand that looks like a push's: whose it is in the end is not foretold. */
static void muddle(int index)
{
    struct sim_money *money = &sim.money[index];

    for (int i = 0; i < sim.push_count; i++)
        if (sim.pushes[i].cents == money->cents)
            sim.pushes[i].is_muddled |= money->account[0] != '\0' || money->payer[0] == '\0';
    money->is_muddled = true;
}

static void step_pay_by_hand(void)
{
    const unsigned where = sim_below(20);
    const char *short_code = where == 0 ? SIM_FOREIGN : where < 4 ? SIM_TILL : SIM_PAYBILL;
    struct phone phone = phone_of(sim_below(PHONES));
    int64_t cents = amounts[sim_below(ARRAY_LENGTH(amounts))];
    char account[32] = "";
    bool is_named = false;
    int money;

    if (sim.push_count > 0 && sim_chance(50)) {
        const struct sim_push *push = &sim.pushes[sim_below((unsigned)sim.push_count)];

        is_named = true;
        account_type(sim_chance(50) ? push->account : push->reference, account, sizeof(account));
        if (sim_chance(70))
            phone = push->phone;
        if (sim_chance(70))
            cents = push->cents;
    } else if (sim_chance(70)) {
        text_write(account, sizeof(account), "Shelf %u", sim_below(1000));
    }
    money = money_make(short_code, &phone, cents, account, SIM_NONE);
    if (is_named)
        muddle(money);
    sim_note("  %s pays %lld by hand at %s%s, %s", phone.digits, (long long)cents, short_code,
             is_named ? " by a push's reference" : "", sim.money[money].receipt);
    message_post_c2b(money);
    if (sim_chance(15))
        message_post_c2b(money);
}

/*
 * Who is not Safaricom posts a success: from an address that is not listed; or by the URL of a push
 * of its own, for another app's push.
 */
static void step_forge(void)
{
    const int index = (int)sim_below((unsigned)sim.push_count);
    const int other = (int)sim_below((unsigned)sim.push_count);
    const struct sim_push *push = &sim.pushes[index];
    struct sim_message *message;
    int money;

    if (!push->is_recorded || !sim.pushes[other].is_recorded || index == other)
        return;
    money = money_make(SIM_PAYBILL, &push->phone, push->cents, push->account, SIM_NONE);
    sim.money[money].is_ours = false;
    sim.money[money].is_forged = true;
    message_post_stk(index, "0", money, push->cents, push->phone.digits);
    message = &sim.messages[sim.message_count - 1];
    message->is_unlisted = sim_chance(50);
    message->is_plain = message->is_unlisted;
    message->token_push = message->is_unlisted ? SIM_NONE : other;
    sim_note("  a success of push %d is forged", index);
}

static void step_time(void)
{
    static const int64_t spans[] = {5, 20, 60, 130, 600, 3600, 26 * 3600, 50 * 3600};
    const int64_t span = spans[sim_chance(75) ? sim_below(5) : sim_below(ARRAY_LENGTH(spans))];

    sim_note("  %lld s pass", (long long)span);
    time_passes(span);
}

/* Callbacks lie in the spool now, more often than not: the first to drain it may not finish. */
static void step_drain(void)
{
    struct operation drain = {.run = turn_run, .push = SIM_NONE, .money = SIM_NONE};

    if (sim_chance(60)) {
        drain.fault = (struct fault){.kind = sim_chance(50) ? FAULT_CUT : FAULT_COMMIT_UNSENT,
                                     .at = sim_below(2),
                                     .is_death = sim_chance(60)};
        operation_run(&drain);
    }
}

static void step_outage(void)
{
    sim.is_out = !sim.is_out;
    sim_note("  the database %s", sim.is_out ? "goes away" : "is back");
    if (!sim.is_out)
        step_drain();
}

static void step_forget_message(void)
{
    if (sim.message_count > 0) {
        (void)message_take((int)sim_below((unsigned)sim.message_count));
        sim_note("  a message is lost");
    }
}

/* ---- choosing ---- */

static int money_choose(void)
{
    return sim.money_count > 0 ? (int)sim_below((unsigned)sim.money_count) : SIM_NONE;
}

static int push_choose(void)
{
    return sim.push_count > 0 ? (int)sim_below((unsigned)sim.push_count) : SIM_NONE;
}

/* What a claim or a look-up is about. False when there is nothing yet. */
static bool subject_choose(struct operation *operation)
{
    operation->money = sim_chance(65) ? money_choose() : SIM_NONE;
    operation->push = operation->money == SIM_NONE ? push_choose() : SIM_NONE;
    if (operation->money == SIM_NONE && operation->push == SIM_NONE)
        return false;
    /* The app that it belongs to, more often than not. */
    if (operation->push != SIM_NONE && sim_chance(70))
        operation->app = sim.pushes[operation->push].app;
    else if (operation->money != SIM_NONE && sim.money[operation->money].push != SIM_NONE &&
             sim_chance(60))
        operation->app = sim.pushes[sim.money[operation->money].push].app;
    return true;
}

/* A random operation; the ones at once are more likely about the same. */
static bool operation_choose(struct operation *operation, bool in_group)
{
    const unsigned n = sim_below(100);

    *operation = (struct operation){.app = sim_below(SIM_APPS),
                                    .push = SIM_NONE,
                                    .money = SIM_NONE,
                                    .variant = sim_below(1000),
                                    .fault = fault_choose()};
    if (n < 30 && !in_group && sim.push_count < SIM_PUSHES_MAX - SIM_GROUP_MAX) {
        operation->run = push_run;
    } else if (n < 74 && sim.message_count > 0) {
        operation->run = deliver_run;
        operation->message = message_take((int)sim_below((unsigned)sim.message_count));
    } else if (n < 87) {
        operation->run = claim_run;
        return subject_choose(operation);
    } else if (n < 92) {
        operation->run = verify_run;
        return subject_choose(operation);
    } else if (n < 97 && task_count > 0) {
        operation->run = turn_run;
    } else {
        operation->run = decide_run;
    }
    return true;
}

void operation_run(struct operation *operation)
{
    struct worker *worker = &sim_workers[0];

    operation->worker = worker;
    fault_begin(worker, &operation->fault);
    sim_worker = worker;
    operation->run(operation);
    sim_worker = NULL;
    fault_end(worker);
    check_step();
}

static int message_like(const struct sim_message *message)
{
    for (int i = 0; i < sim.message_count; i++)
        if (message->money != SIM_NONE && sim.messages[i].money == message->money)
            return i;
    return SIM_NONE;
}

/* The members of a group meet at the same money when they can. */
static bool companion_choose(const struct operation *first, struct operation *operation)
{
    int like;

    if (!operation_choose(operation, /* in_group= */ true))
        return false;
    if (sim_chance(30))
        return true;
    if (first->run == deliver_run && (like = message_like(&first->message)) != SIM_NONE) {
        if (operation->run == deliver_run)
            message_post(&operation->message);
        like = message_like(&first->message);
        operation->run = deliver_run;
        operation->message = message_take(like);
    } else if (first->run == deliver_run && operation->run == claim_run &&
               first->message.money != SIM_NONE) {
        operation->money = first->message.money;
        operation->push = SIM_NONE;
    } else if (first->run == claim_run && operation->run == claim_run) {
        operation->money = first->money;
        operation->push = first->push;
    }
    return true;
}

static void step_group(void)
{
    struct operation operations[SIM_GROUP_MAX];
    const unsigned wanted = sim_chance(70) ? 2 : 3;
    unsigned count = 0;

    if (!operation_choose(&operations[0], sim.push_count >= SIM_PUSHES_MAX - SIM_GROUP_MAX))
        return;
    for (count = 1; count < wanted; count++)
        if (!companion_choose(&operations[0], &operations[count]))
            break;
    sim_note("  %u at once:", count);
    lanes_run(operations, count);
    check_step();
}

static void step_operation(void)
{
    struct operation operation;

    if (operation_choose(&operation, /* in_group= */ false))
        operation_run(&operation);
}

void step_random(void)
{
    const unsigned n = sim_below(100);

    sim_note("step %u", sim.step);
    time_passes(1 + sim_below(3));
    if (sim.is_out && sim_chance(40))
        step_outage();
    if (n < 12 && sim.money_count < SIM_MONEY_MAX - SIM_PUSHES_MAX - 5)
        step_pay_by_hand();
    else if (n < 19)
        step_time();
    else if (n < 22)
        step_outage();
    else if (n < 24)
        step_forget_message();
    else if (n < 27 && sim.push_count > 0 && sim.money_count < SIM_MONEY_MAX - SIM_PUSHES_MAX - 5)
        step_forge();
    else if (n < 50)
        step_group();
    else
        step_operation();
}
