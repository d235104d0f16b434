/*
 * A simulated Daraja. It stands in for the calls of src/daraja: the linker takes these functions,
 * since they come before the library. What it decides is written into its ledger, and what it posts
 * waits among the messages of the history until a step delivers, repeats or loses it.
 */
#include "risiti/base/base.h"

#include "risiti/daraja/daraja.h"

#include "sim.h"

#include "risiti/base/clock.h"
#include "risiti/base/crypto.h"
#include "risiti/base/mem.h"

struct daraja {
    int unused;
};

struct daraja *daraja_new(const struct config *config, const struct daraja_token_source *source)
{
    (void)config;
    (void)source;
    return mem_alloc(1, sizeof(struct daraja));
}

void daraja_free(struct daraja *daraja)
{
    mem_free(daraja);
}

enum err daraja_oauth(struct daraja *daraja, struct arena *arena, struct str *ret_token,
                      int64_t *ret_lifetime_seconds, struct daraja_answer *ret_answer)
{
    (void)daraja;
    (void)arena;
    *ret_token = STR("token");
    *ret_lifetime_seconds = 3599;
    *ret_answer = (struct daraja_answer){.status = 200, .sent = true};
    return ERR_OK;
}

enum err daraja_c2b_register(struct daraja *daraja, struct arena *arena,
                             const struct config_short_code *short_code,
                             struct str confirmation_url, struct str validation_url,
                             struct daraja_answer *ret_answer)
{
    (void)daraja;
    (void)arena;
    (void)short_code;
    (void)confirmation_url;
    (void)validation_url;
    *ret_answer = (struct daraja_answer){.status = 200, .sent = true};
    return ERR_OK;
}

/* How Daraja names the payer in a confirmation: whole, hashed, masked, both, or not at all. */
static void payer_write(const struct phone *phone, char *payer, size_t size)
{
    struct sha256 hash;
    char hex[2 * SHA256_BYTES + 1];
    const enum err err = crypto_sha256(str_from(phone->digits), &hash);

    ASSERT(err == ERR_OK);
    (void)crypto_hex(hash.bytes, SHA256_BYTES, hex);
    switch (sim_below(10)) {
    case 0:
    case 1:
    case 2:
        text_write(payer, size, "%s", phone->digits);
        break;
    case 3:
    case 4:
        text_write(payer, size, "%s", hex);
        break;
    case 5:
    case 6:
    case 7:
        text_write(payer, size, "%.4s ***** %s", phone->digits, phone->digits + 9);
        break;
    case 8:
        text_write(payer, size, "%.8s*****%s", hex, hex + 56);
        break;
    default:
        payer[0] = '\0';
        break;
    }
}

int money_make(const char *short_code, const struct phone *phone, int64_t cents,
               const char *account, int push)
{
    struct sim_money *money = &sim.money[sim.money_count];

    ASSERT(sim.money_count < SIM_MONEY_MAX);
    *money = (struct sim_money){.phone = *phone,
                                .cents = cents,
                                .push = push,
                                .is_ours = strcmp(short_code, SIM_FOREIGN) != 0,
                                .claimed_by = SIM_NONE};
    text_write(money->receipt, sizeof(money->receipt), "U%sX%03d", sim_salt, sim.money_count);
    text_write(money->account, sizeof(money->account), "%s", account);
    text_write(money->short_code, sizeof(money->short_code), "%s", short_code);
    payer_write(phone, money->payer, sizeof(money->payer));
    return sim.money_count++;
}

void message_post(const struct sim_message *message)
{
    ASSERT(sim.message_count < SIM_MESSAGES_MAX);
    sim.messages[sim.message_count++] = *message;
}

void message_post_c2b(int index)
{
    const struct sim_money *money = &sim.money[index];
    struct sim_message message = {
        .kind = MESSAGE_C2B, .push = money->push, .money = index, .token_push = SIM_NONE};

    text_write(message.body, sizeof(message.body),
               "{\"TransactionType\":\"Pay Bill\",\"TransID\":\"%s\",\"TransTime\":"
               "\"20261123141527\",\"TransAmount\":\"%lld.%02lld\",\"BusinessShortCode\":"
               "\"%s\",\"BillRefNumber\":\"%s\",\"InvoiceNumber\":\"\",\"OrgAccountBalance\":"
               "\"\",\"ThirdPartyTransID\":\"\",\"MSISDN\":\"%s\",\"FirstName\":\"JANE\"}",
               money->receipt, (long long)(money->cents / 100), (long long)(money->cents % 100),
               money->short_code, money->account, money->payer);
    message_post(&message);
}

void message_post_stk(int index, const char *code, int money, int64_t cents, const char *payer)
{
    const struct sim_push *push = &sim.pushes[index];
    struct sim_message message = {.kind = MESSAGE_STK,
                                  .push = index,
                                  .money = money,
                                  .is_failure = strcmp(code, "0") != 0,
                                  .token_push = index};
    char items[400] = "";

    if (!message.is_failure)
        text_write(items, sizeof(items),
                   ",\"CallbackMetadata\":{\"Item\":[{\"Name\":\"Amount\",\"Value\":%lld.00},"
                   "{\"Name\":\"MpesaReceiptNumber\",\"Value\":\"%s\"},{\"Name\":\"Balance\"},"
                   "{\"Name\":\"TransactionDate\",\"Value\":20261123141527},"
                   "{\"Name\":\"PhoneNumber\",\"Value\":%s}]}",
                   (long long)(cents / 100), sim.money[money].receipt, payer);
    text_write(message.body, sizeof(message.body),
               "{\"Body\":{\"stkCallback\":{\"MerchantRequestID\":\"m-%d\","
               "\"CheckoutRequestID\":\"%s\",\"ResultCode\":%s,\"ResultDesc\":\"told\"%s}}}",
               index, push->checkout, code, items);
    if (sim_chance(15)) {
        message.is_plain = true;
        message.token_push = SIM_NONE;
    }
    message_post(&message);
}

/* 0, 1 or 2. */
static unsigned copies(unsigned percent_none, unsigned percent_two)
{
    const unsigned n = sim_below(100);

    return n < percent_none ? 0 : n < percent_none + percent_two ? 2 : 1;
}

/* The news of a push's money: by the result, by the confirmation, both, repeated, or lost. */
static void paid_tell(int index)
{
    const struct sim_push *push = &sim.pushes[index];
    const struct sim_money *money = &sim.money[push->money];
    const bool confirmation_first = sim_chance(50);

    for (unsigned i = confirmation_first ? copies(40, 10) : 0; i > 0; i--)
        message_post_c2b(push->money);
    for (unsigned i = copies(20, 15); i > 0; i--)
        message_post_stk(index, "0", push->money, money->cents, money->phone.digits);
    for (unsigned i = confirmation_first ? 0 : copies(40, 10); i > 0; i--)
        message_post_c2b(push->money);
}

/* Daraja contradicts itself: another amount than was asked for, another payer, a second receipt. */
static void paid_otherwise(int index)
{
    struct sim_push *push = &sim.pushes[index];
    struct sim_money *money = &sim.money[push->money];

    push->is_muddled = money->is_muddled = true;
    switch (sim_below(3)) {
    case 0:
        push->is_odd_amount = true;
        money->cents += 5000;
        break;
    case 1:
        text_write(money->phone.digits, sizeof(money->phone.digits), "254733000000");
        payer_write(&money->phone, money->payer, sizeof(money->payer));
        break;
    default: { /* a second receipt */
        const int second =
            money_make(push->short_code, &push->phone, push->cents, money->account, index);

        sim.money[second].is_muddled = true;
        message_post_stk(index, "0", second, push->cents, push->phone.digits);
        if (sim_chance(50))
            message_post_c2b(second);
        break;
    }
    }
}

void push_decide(int index)
{
    struct sim_push *push = &sim.pushes[index];
    static const char *const codes[] = {"1032", "1037", "1", "2001"};
    const bool is_till = strcmp(push->short_code, SIM_TILL) == 0;

    text_write(push->code, sizeof(push->code), "%s", codes[sim_below(ARRAY_LENGTH(codes))]);
    if (push->fate == FATE_PAID || push->fate == FATE_PAID_DOUBTED) {
        push->money = money_make(push->short_code, &push->phone, push->cents,
                                 is_till ? "" : push->account, index);
        if (sim_chance(8))
            paid_otherwise(index);
        paid_tell(index);
    }
    for (unsigned i = push->fate == FATE_PAID_DOUBTED ? 1
                      : push->fate == FATE_FAILED     ? copies(20, 30)
                                                      : 0;
         i > 0; i--)
        message_post_stk(index, push->code, SIM_NONE, push->cents, "");
    if (sim_chance(5))
        message_post_stk(index, "7777", SIM_NONE, push->cents, ""); /* a code that is not listed */
}

static enum fate fate_choose(void)
{
    const unsigned n = sim_below(100);

    return n < 5    ? FATE_REFUSED
           : n < 8  ? FATE_LOCKED
           : n < 11 ? FATE_NOT_SENT
           : n < 65 ? FATE_PAID
           : n < 73 ? FATE_PAID_DOUBTED
           : n < 90 ? FATE_FAILED
                    : FATE_SILENT;
}

static void row_take(char **columns, void *context)
{
    struct sim_push *push = context;

    text_write(push->id, sizeof(push->id), "%s", columns[0]);
    text_write(push->reference, sizeof(push->reference), "%s", columns[2]);
    for (unsigned i = 0; i < SIM_APPS; i++) {
        char hex[UUID_TEXT_SIZE];

        if (strcmp(app_hex(i, hex), columns[1]) == 0)
            push->app = i;
    }
}

/* The payment's row must be committed now: the callback may be faster than Daraja's answer. */
static void row_expect(struct sim_push *push)
{
    struct sha256 hash;
    char hex[2 * SHA256_BYTES + 1], sql[256];
    const enum err err = crypto_sha256(str_from(push->token), &hash);

    ASSERT(err == ERR_OK);
    push->id[0] = '\0';
    text_write(sql, sizeof(sql),
               "SELECT LOWER(HEX(id)), LOWER(HEX(app_id)), external_reference FROM payment "
               "WHERE callback_token_hash = UNHEX('%s')",
               crypto_hex(hash.bytes, SHA256_BYTES, hex));
    sql_rows(sql, row_take, push);
    if (push->id[0] == '\0')
        sim_fail("a push was sent before its row was committed");
    for (const struct sim_push *other = sim.pushes; other < push; other++)
        if (strcmp(other->id, push->id) == 0)
            sim_fail("a push was sent twice");
}

/* Its token is the last segment of the callback URL. */
static void token_read(struct str url, struct sim_push *push)
{
    static const size_t length = 32;
    bool ok = url.length > length + 1;

    if (ok)
        ok = str_copy(str_first(str_skip(url, url.length - length - 1), length), push->token,
                      sizeof(push->token));
    ASSERT(ok);
}

/* The callback comes before the answer: another worker takes it while this one waits. */
static void overtake(int first_message)
{
    struct worker *own = sim_worker;
    struct worker *other = &sim_workers[SIM_WORKERS - 1];

    if (other->is_busy || first_message >= sim.message_count || !sim_chance(15))
        return;
    other->is_busy = true;
    fault_begin(other, &(struct fault){.kind = FAULT_NONE});
    sim_worker = other;
    sim_note("    a callback overtakes the answer");
    sim.message_count--;
    message_deliver(other, sim.messages[sim.message_count]);
    fault_end(other);
    sim_worker = own;
    other->is_busy = false;
}

static enum err refuse(enum err err, const char *code, const char *message,
                       struct daraja_answer *ret_answer)
{
    *ret_answer = (struct daraja_answer){.reply = DARAJA_REPLY_REFUSED,
                                         .status = err == ERR_DARAJA_DOWN ? 0 : 500,
                                         .code = str_from(code),
                                         .message = str_from(message),
                                         .sent = err != ERR_DARAJA_DOWN};
    return err;
}

static struct sim_push *push_note(const struct stk_push *call)
{
    struct sim_push *push = &sim.pushes[sim.push_count];

    ASSERT(sim.push_count < SIM_PUSHES_MAX);
    push->phone = call->phone;
    push->cents = call->amount_shillings * 100;
    push->money = SIM_NONE;
    push->fate = sim.is_calm ? FATE_PAID : fate_choose();
    token_read(call->callback_url, push);
    text_write(push->account, sizeof(push->account), "%.*s", STR_ARG(call->account_reference));
    text_write(push->short_code, sizeof(push->short_code), "%s", call->short_code->number);
    text_write(push->checkout, sizeof(push->checkout), "ws_CO_%s%06d", sim_salt, sim.push_count);
    row_expect(push);
    sim.push_count++;
    return push;
}

enum err daraja_stk_push(struct daraja *daraja, struct arena *arena, const struct stk_push *call,
                         struct stk_push_accepted *ret_accepted, struct daraja_answer *ret_answer)
{
    const int first_message = sim.message_count;
    struct sim_push *push = push_note(call);

    (void)daraja;
    (void)arena;
    lane_yield();
    switch (push->fate) {
    case FATE_REFUSED:
        return refuse(ERR_PUSH_REFUSED, "400.002.02", "Bad Request", ret_answer);
    case FATE_LOCKED:
        return refuse(ERR_PUSH_LOCKED, "500.001.1001", "Unable to lock subscriber", ret_answer);
    case FATE_NOT_SENT:
        return refuse(ERR_DARAJA_DOWN, "", "", ret_answer);
    case FATE_PAID:
    case FATE_PAID_DOUBTED:
    case FATE_FAILED:
    case FATE_SILENT:
        break;
    }
    push->is_sent = true;
    push_decide((int)(push - sim.pushes));
    overtake(first_message);
    if (sim_worker->fault.kind == FAULT_DARAJA)
        worker_die(sim_worker);
    *ret_answer = (struct daraja_answer){.status = 200, .code = STR("0"), .sent = true};
    if (sim_chance(15)) {
        ret_answer->why = "the connection ended";
        return ERR_PUSH_UNKNOWN;
    }
    *ret_accepted = (struct stk_push_accepted){.merchant_request_id = STR("m"),
                                               .checkout_request_id = str_from(push->checkout)};
    return ERR_OK;
}

/* What a query says: the truth, or that it is still under way, or nothing. */
enum err daraja_stk_query(struct daraja *daraja, struct arena *arena,
                          const struct config_short_code *short_code,
                          struct str checkout_request_id, struct stk_query_result *ret_result,
                          struct daraja_answer *ret_answer)
{
    struct sim_push *push = NULL;
    const char *code = "4999";

    (void)daraja;
    (void)arena;
    (void)short_code;
    lane_yield();
    *ret_answer = (struct daraja_answer){.status = 200, .code = STR("0"), .sent = true};
    for (int i = 0; i < sim.push_count; i++)
        if (str_equal(checkout_request_id, str_from(sim.pushes[i].checkout)))
            push = &sim.pushes[i];
    if (push == NULL) {
        sim_fail("a query for a push that Daraja does not know");
        return ERR_DARAJA_DOWN;
    }
    if (!sim.is_calm && sim_chance(15)) {
        ret_answer->why = "the connection ended";
        return sim_chance(50) ? ERR_DARAJA_DOWN : ERR_PUSH_UNKNOWN;
    }
    if (!push->is_odd_amount && (sim.is_calm || sim_chance(70))) {
        if (push->fate == FATE_FAILED ||
            (push->fate == FATE_PAID_DOUBTED && !sim.is_calm && sim_chance(30)))
            code = push->code;
        else if (push->fate == FATE_PAID || push->fate == FATE_PAID_DOUBTED)
            code = "0";
        else if (sim_chance(50))
            code = "1037";
    } else if (sim_chance(30)) {
        code = "1037"; /* early */
    }
    *ret_result =
        (struct stk_query_result){.result_code = str_from(code),
                                  .result_description = STR("queried"),
                                  .verdict = stk_code_verdict(str_from(code), STK_SOURCE_QUERY)};
    /* 1037 and 4999 from a query are no outcome. */
    push->is_failure_told |= strcmp(code, push->code) == 0 && strcmp(code, "1037") != 0;
    sim_note("    Daraja is asked about push %d: %s", (int)(push - sim.pushes), code);
    return ERR_OK;
}
