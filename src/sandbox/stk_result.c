/* How a prompt ends: the payment is settled, and the result goes to CallBackURL. */
#include "risiti/base/base.h"

#include "risiti/sandbox/stk.h"

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/base/mem.h"
#include "risiti/sandbox/c2b.h"

#define RESULT_BYTES_MAX 4096
#define CENTS_PER_SHILLING 100
#define BEFORE_ANSWER_TIMEOUT_MS 10000
/* How much earlier than its result a confirmation comes that is to come before it. */
#define TWIN_BEFORE_MS 300

/* One of CallbackMetadata's items; `json` empty for one without Value. */
static void write_item(struct jwrite *writer, const char *name, struct str json)
{
    jwrite_object_begin(writer, NULL);
    jwrite_text(writer, "Name", name);
    if (json.length > 0)
        jwrite_raw(writer, "Value", json);
    jwrite_object_end(writer);
}

static void write_metadata(struct jwrite *writer, const struct ledger_payment *payment,
                           int64_t now_us)
{
    char amount[MONEY_TEXT_SIZE], when[CLOCK_EAT_SIZE], receipt[LEDGER_RECEIPT_SIZE + 2];
    int length = snprintf(receipt, sizeof(receipt), "\"%s\"", payment->receipt);

    ASSERT(length > 0 && (size_t)length < sizeof(receipt));
    jwrite_object_begin(writer, "CallbackMetadata");
    jwrite_array_begin(writer, "Item");
    write_item(writer, "Amount", str_from(money_format_decimal(payment->amount, amount)));
    write_item(writer, "MpesaReceiptNumber", str_from(receipt));
    /* Old results have it, without a value; newer ones do not. Here every other one does. */
    if ((unsigned char)payment->receipt[IDS_RECEIPT_SIZE - 2] % 2 == 0)
        write_item(writer, "Balance", STR_EMPTY);
    write_item(writer, "TransactionDate", str_from(clock_format_eat(now_us, when)));
    write_item(writer, "PhoneNumber", str_from(payment->phone.digits));
    jwrite_array_end(writer);
    jwrite_object_end(writer);
}

/* Codes of digits are numbers here, others text. */
static void write_result_code(struct jwrite *writer, const char *code)
{
    if (str_consists_of(str_from(code), STR("0123456789")))
        jwrite_raw(writer, "ResultCode", str_from(code));
    else
        jwrite_text(writer, "ResultCode", code);
}

static void write_result(struct buffer *buffer, const struct ledger_payment *payment,
                         int64_t now_us)
{
    struct jwrite writer;

    jwrite_init(&writer, buffer);
    jwrite_object_begin(&writer, NULL);
    jwrite_object_begin(&writer, "Body");
    jwrite_object_begin(&writer, "stkCallback");
    jwrite_text(&writer, "MerchantRequestID", payment->merchant_request_id);
    jwrite_text(&writer, "CheckoutRequestID", payment->checkout_request_id);
    write_result_code(&writer, payment->result_code);
    jwrite_text(&writer, "ResultDesc", payment->result_desc);
    if (payment->status == LEDGER_SUCCESS)
        write_metadata(&writer, payment, now_us);
    jwrite_object_end(&writer);
    jwrite_object_end(&writer);
    jwrite_object_end(&writer);
}

static void settle(const struct stk_prompt *prompt, int64_t now_us)
{
    struct sandbox *sandbox = prompt->sandbox;
    struct ledger_payment *payment = prompt->payment;
    char receipt[IDS_RECEIPT_SIZE];

    payment->result_code = prompt->result_code != NULL ? prompt->result_code : "0";
    payment->result_desc = outcome_describe(payment->result_code);
    if (prompt->result_code != NULL) {
        ledger_settle(sandbox->ledger, payment, LEDGER_FAILED, NULL);
        return;
    }
    payment->amount.cents += prompt->paid_more_shillings * CENTS_PER_SHILLING;
    ledger_new_receipt(sandbox->ledger, &sandbox->ids, now_us, receipt);
    ledger_settle(sandbox->ledger, payment, LEDGER_SUCCESS, receipt);
}

struct waiting_push {
    struct exchange *exchange;
};

static void result_answered(void *context, const struct courier_answer *answer)
{
    const struct waiting_push *waiting = context;

    (void)answer; /* whatever the receiver said, the push is answered now */
    exchange_release(waiting->exchange);
}

static void send_result(const struct stk_prompt *prompt, struct str body, int64_t delay_ms,
                        bool is_overtaken)
{
    struct courier_letter letter = {.kind = "result",
                                    .url = prompt->callback_url,
                                    .body = body,
                                    .timeout_ms = COURIER_TIMEOUT_MS,
                                    .is_callback = true,
                                    .is_overtaken = is_overtaken};
    enum err err = courier_post(prompt->sandbox->courier, delay_ms, &letter);

    if (err != ERR_OK)
        log_write(LOG_LEVEL_ERROR, "callback_dropped",
                  LOG_FIELDS(LOG_TEXT("kind", letter.kind), LOG_ERROR_NAME("error", err)));
}

static void send_once(const struct stk_prompt *prompt, struct str body, int64_t delay_ms)
{
    send_result(prompt, body, delay_ms, false);
}

static void send_before_answer(const struct stk_prompt *prompt, struct str body)
{
    struct waiting_push *waiting = mem_alloc(1, sizeof(*waiting));
    struct courier_letter letter = {.kind = "result",
                                    .url = prompt->callback_url,
                                    .body = body,
                                    .timeout_ms = BEFORE_ANSWER_TIMEOUT_MS,
                                    .is_callback = true,
                                    .answered = result_answered,
                                    .context = waiting};

    if (waiting != NULL)
        waiting->exchange = prompt->waiting;
    if (waiting == NULL || courier_post(prompt->sandbox->courier, 0, &letter) != ERR_OK)
        exchange_release(prompt->waiting);
}

/* `more_ms` later than else, but for a push that waits for it. */
static void deliver(const struct stk_prompt *prompt, struct str body, int64_t more_ms)
{
    switch (prompt->delivery) {
    case OUTCOME_NEVER:
        break;
    case OUTCOME_LATE:
        send_once(prompt, body, prompt->late_ms + more_ms);
        break;
    case OUTCOME_TWICE:
        send_once(prompt, body, more_ms);
        send_once(prompt, body, more_ms);
        break;
    case OUTCOME_BEFORE_ANSWER:
        send_before_answer(prompt, body);
        break;
    case OUTCOME_SWAPPED:
        send_result(prompt, body, more_ms, true);
        break;
    case OUTCOME_ONCE:
        send_once(prompt, body, more_ms);
        break;
    }
}

/* How much later the confirmation of a paid push is sent, or that the result waits for it. */
static int64_t twin_delay(const struct faults *faults, struct fate fate, bool *ret_is_before)
{
    *ret_is_before = faults_happen(faults, FAULT_TWIN_BEFORE, fate);
    if (*ret_is_before || !faults_happen(faults, FAULT_TWIN_AFTER, fate))
        return 0;
    return 1 + (int64_t)faults_number(faults, FAULT_TWIN_AFTER, fate, OUTCOME_LATE_MS);
}

void sandbox_stk_prompt_end(void *context)
{
    const struct stk_prompt *prompt = context;
    struct sandbox *sandbox = prompt->sandbox;
    int64_t now_us = clock_now_us(), twin_ms;
    struct fate fate = prompt->payment->fate;
    bool twin = sandbox->options.twin_c2b || faults_happen(&sandbox->faults, FAULT_TWIN, fate);
    bool twin_is_before;
    struct buffer body;

    twin_ms = twin_delay(&sandbox->faults, fate, &twin_is_before);
    settle(prompt, now_us);
    buffer_init(&body, RESULT_BYTES_MAX);
    write_result(&body, prompt->payment, now_us);
    deliver(prompt, buffer_str(&body), twin && twin_is_before ? TWIN_BEFORE_MS : 0);
    buffer_release(&body);
    if (prompt->payment->status != LEDGER_SUCCESS)
        return;
    merchant_receive(prompt->merchant, prompt->payment->amount);
    if (twin)
        sandbox_c2b_confirm(sandbox, prompt->merchant, prompt->payment,
                            prompt->merchant->c2b.version, STR_EMPTY, twin_ms);
}
