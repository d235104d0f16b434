/*
 * POST /_sandbox/c2b: a confirmation with chosen fields, sent in as many copies as asked for, all
 * at the same moment. It is answered when every copy has been: {"receipt","answers":[200,…]}.
 */
#include "risiti/base/base.h"

#include "risiti/sandbox/c2b.h"

#include "risiti/base/clock.h"
#include "risiti/base/mem.h"
#include "risiti/base/number.h"

#define COPIES_MAX 100
#define RECEIPT_CHARACTERS_MAX (LEDGER_RECEIPT_SIZE - 1)

struct injection {
    struct sandbox *sandbox;
    struct exchange *exchange;
    struct c2b_body body;
    struct money balance;
    struct str url;
    size_t copies, answered_count;
    unsigned statuses[COPIES_MAX];
    const char *wrong; /* the first field that is not right */
};

/* One copy: what the courier carries. */
struct injection_copy {
    struct injection *injection;
    size_t index;
};

/* ---- reading ---- */

static bool read_payer(struct str text, struct injection *injection)
{
    for (size_t i = 0; i < C2B_PAYER_COUNT; i++) {
        if (!str_equal(text, str_from(sandbox_c2b_payer_name((enum c2b_payer)i))))
            continue;
        injection->body.payer = (enum c2b_payer)i;
        return true;
    }
    return false;
}

static bool read_names(struct str text, struct injection *injection)
{
    for (size_t i = 0; i < C2B_NAMES_COUNT; i++) {
        if (!str_equal(text, str_from(sandbox_c2b_names_name((enum c2b_names)i))))
            continue;
        injection->body.names = (enum c2b_names)i;
        return true;
    }
    return false;
}

static bool read_amount(struct str text, struct injection *injection)
{
    return money_parse(text, MONEY_CENTS, &injection->body.amount) == ERR_OK;
}

static bool read_phone(struct str text, struct injection *injection)
{
    return phone_parse(text, &injection->body.phone) == ERR_OK;
}

static bool read_short_code(struct str text, struct injection *injection)
{
    injection->body.short_code = text;
    return text.length > 0 && text.length < LEDGER_SHORT_CODE_SIZE;
}

static bool read_type(struct str text, struct injection *injection)
{
    injection->body.type = text;
    return text.length < LEDGER_REFERENCE_SIZE;
}

static bool read_reference(struct str text, struct injection *injection)
{
    injection->body.reference = text;
    return text.length < LEDGER_REFERENCE_SIZE;
}

static bool read_receipt(struct str text, struct injection *injection)
{
    injection->body.receipt = text;
    return text.length > 0 && text.length <= RECEIPT_CHARACTERS_MAX;
}

static bool read_time(struct str text, struct injection *injection)
{
    return clock_parse_eat(text, &injection->body.when_us) == ERR_OK;
}

static bool read_url(struct str text, struct injection *injection)
{
    injection->url = text;
    return url_is_callback(text, injection->sandbox->options.allow_http);
}

static bool read_copies(struct str text, struct injection *injection)
{
    uint64_t copies;

    if (number_parse(text, 1, COPIES_MAX, &copies) != ERR_OK)
        return false;
    injection->copies = (size_t)copies;
    return true;
}

static const struct {
    const char *name;
    bool (*read)(struct str text, struct injection *injection);
} fields[] = {
    {"short_code", read_short_code},
    {"amount", read_amount},
    {"phone", read_phone},
    {"msisdn_form", read_payer},
    {"names", read_names},
    {"transaction_type", read_type},
    {"reference", read_reference},
    {"receipt", read_receipt},
    {"time", read_time},
    {"url", read_url},
    {"copies", read_copies},
};

static bool visit_field(struct str name, const struct jread *value, void *context)
{
    struct injection *injection = context;
    struct str text = jread_scalar(value);

    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        if (!str_equal(name, str_from(fields[i].name)))
            continue;
        if (text.data == NULL || !fields[i].read(text, injection))
            injection->wrong = fields[i].name;
        return injection->wrong == NULL;
    }
    injection->wrong = "field: no such name";
    return false;
}

/* ---- filling in what was not given ---- */

static struct merchant *first_registered(struct merchants *merchants)
{
    for (size_t i = 0; i < merchants->count; i++)
        if (merchants->list[i].c2b.registered)
            return &merchants->list[i];
    return NULL;
}

/* The form that real confirmations for the short code would have. */
static void injection_defaults(struct injection *injection, const struct jread *root)
{
    struct merchants *merchants = &injection->sandbox->merchants;
    struct str code = jread_scalar(jread_member(root, "short_code"));
    const struct merchant *merchant = merchants_by_any_code(merchants, code);
    const struct merchant *receiver = merchant;

    if (receiver == NULL || !receiver->c2b.registered)
        receiver = first_registered(merchants);
    injection->body.type =
        merchant != NULL && merchant->is_till ? STR("Customer Merchant Payment") : STR("Pay Bill");
    injection->body.names = C2B_NAMES_FULL;
    injection->body.when_us = clock_now_us();
    injection->body.payer = C2B_PAYER_MASKED;
    injection->copies = 1;
    if (receiver == NULL)
        return;
    injection->body.payer = sandbox_c2b_payer_of(receiver->c2b.version);
    injection->url = str_from(receiver->c2b.confirmation_url);
}

static bool injection_read(struct injection *injection, const struct jread *root)
{
    injection_defaults(injection, root);
    if (phone_parse(STR("254712345678"), &injection->body.phone) != ERR_OK)
        return false;
    jread_each_member(root, visit_field, injection);
    if (injection->wrong == NULL && injection->body.short_code.length == 0)
        injection->wrong = "short_code";
    if (injection->wrong == NULL && injection->body.amount.cents == 0)
        injection->wrong = "amount";
    if (injection->wrong == NULL && injection->url.length == 0)
        injection->wrong = "url: none is registered";
    return injection->wrong == NULL;
}

/* ---- booking and sending ---- */

/* A receipt that the ledger has is the same money once more: it is not booked again. */
static enum err injection_book(struct injection *injection)
{
    struct sandbox *sandbox = injection->sandbox;
    struct c2b_body *body = &injection->body;
    struct ledger_payment payment = {
        .kind = LEDGER_C2B, .status = LEDGER_SUCCESS, .phone = body->phone, .amount = body->amount};
    struct merchant *merchant = merchants_by_any_code(&sandbox->merchants, body->short_code);
    struct ledger_payment *recorded;
    struct str reference = body->reference.data != NULL ? body->reference : STR("");
    char receipt[IDS_RECEIPT_SIZE];

    if (body->receipt.data == NULL) {
        ledger_new_receipt(sandbox->ledger, &sandbox->ids, body->when_us, receipt);
        body->receipt = arena_str(injection->exchange->arena, str_from(receipt));
        if (body->receipt.data == NULL)
            return ERR_NOMEM;
    }
    if (merchant != NULL)
        injection->balance = merchant->balance;
    body->balance = &injection->balance;
    if (ledger_find(sandbox->ledger, LEDGER_BY_RECEIPT, body->receipt) != NULL)
        return ERR_OK;
    if (!str_copy(body->receipt, payment.receipt, sizeof(payment.receipt)) ||
        !str_copy(body->short_code, payment.short_code, sizeof(payment.short_code)) ||
        !str_copy(reference, payment.reference, sizeof(payment.reference)))
        return ERR_INVALID;
    if (merchant != NULL) {
        merchant_receive(merchant, body->amount);
        injection->balance = merchant->balance;
    }
    return ledger_add(sandbox->ledger, &payment, &recorded);
}

static void injection_answer(struct injection *injection)
{
    struct jwrite writer;

    exchange_answer_json(injection->exchange, 200, &writer);
    jwrite_object_begin(&writer, NULL);
    jwrite_str(&writer, "receipt", injection->body.receipt);
    jwrite_array_begin(&writer, "answers");
    for (size_t i = 0; i < injection->copies; i++)
        jwrite_int(&writer, NULL, injection->statuses[i]);
    jwrite_array_end(&writer);
    jwrite_object_end(&writer);
}

static void copy_answered(void *context, const struct courier_answer *answer)
{
    const struct injection_copy *copy = context;
    struct injection *injection = copy->injection;

    injection->statuses[copy->index] = answer->status;
    injection->answered_count++;
    if (injection->answered_count < injection->copies)
        return;
    injection_answer(injection);
    exchange_release(injection->exchange);
}

/* A copy that cannot be sent counts as one without an answer. */
static void copy_send(struct injection *injection, const char *url, struct str body, size_t index)
{
    struct injection_copy *copy = mem_alloc(1, sizeof(*copy));
    struct courier_letter letter = {.kind = "confirmation",
                                    .url = url,
                                    .body = body,
                                    .timeout_ms = COURIER_TIMEOUT_MS,
                                    .answered = copy_answered,
                                    .context = copy};

    if (copy != NULL)
        *copy = (struct injection_copy){injection, index};
    if (copy == NULL || courier_post(injection->sandbox->courier, 0, &letter) != ERR_OK)
        injection->answered_count++;
}

static void injection_send(struct injection *injection)
{
    struct exchange *exchange = injection->exchange;
    const char *url = arena_copy(exchange->arena, injection->url);
    struct buffer text;

    buffer_init(&text, C2B_BODY_MAX);
    if (url == NULL || sandbox_c2b_write(&text, &injection->body) != ERR_OK ||
        !courier_has_room(injection->sandbox->courier, injection->copies)) {
        exchange_answer_busy(injection->sandbox, exchange);
    } else {
        for (size_t i = 0; i < injection->copies; i++)
            copy_send(injection, url, buffer_str(&text), i);
        exchange->held = injection->answered_count < injection->copies;
        if (!exchange->held)
            injection_answer(injection);
    }
    buffer_release(&text);
}

void sandbox_c2b_inject(struct sandbox *sandbox, struct exchange *exchange)
{
    /* In the arena: it lives as long as the held answer. */
    struct injection *injection = arena_alloc(exchange->arena, 1, sizeof(*injection));
    const struct jread *root;

    if (!exchange_read_object(sandbox, exchange, &root))
        return;
    if (injection == NULL) {
        exchange_answer_busy(sandbox, exchange);
        return;
    }
    injection->sandbox = sandbox;
    injection->exchange = exchange;
    if (!injection_read(injection, root))
        exchange_answer_invalid(sandbox, exchange, injection->wrong);
    else if (injection_book(injection) != ERR_OK)
        exchange_answer_busy(sandbox, exchange);
    else
        injection_send(injection);
}
