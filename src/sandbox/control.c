/*
 * GET /_sandbox/payments and /_sandbox/state, GET and PUT /_sandbox/faults, POST /_sandbox/reverse:
 * what tests ask the sandbox itself.
 */
#include "risiti/base/base.h"

#include "risiti/base/number.h"
#include "risiti/sandbox/sandbox.h"

/* Empty text as null. */
static void write_known(struct jwrite *writer, const char *name, const char *text)
{
    jwrite_text(writer, name, text[0] != '\0' ? text : NULL);
}

static void write_payment(struct jwrite *writer, const struct ledger_payment *payment)
{
    jwrite_object_begin(writer, NULL);
    write_known(writer, "receipt", payment->receipt);
    write_known(writer, "checkout_request_id", payment->checkout_request_id);
    jwrite_text(writer, "kind", payment->kind == LEDGER_STK ? "STK" : "C2B");
    jwrite_money(writer, "amount", payment->amount);
    jwrite_text(writer, "phone", payment->phone.digits);
    jwrite_text(writer, "short_code", payment->short_code);
    jwrite_text(writer, "reference", payment->reference);
    jwrite_text(writer, "status", ledger_status_name(payment->status));
    jwrite_object_end(writer);
}

void sandbox_payments_list(struct sandbox *sandbox, struct exchange *exchange)
{
    const struct ledger_payment *payment = ledger_oldest(sandbox->ledger);
    struct jwrite writer;

    exchange_answer_json(exchange, 200, &writer);
    jwrite_array_begin(&writer, NULL);
    for (; payment != NULL; payment = payment->newer)
        write_payment(&writer, payment);
    jwrite_array_end(&writer);
}

void sandbox_faults_show(struct sandbox *sandbox, struct exchange *exchange)
{
    struct jwrite writer;

    exchange_answer_json(exchange, 200, &writer);
    jwrite_object_begin(&writer, NULL);
    jwrite_int(&writer, "seed", (int64_t)sandbox->faults.seed);
    for (size_t i = 0; i < FAULT_COUNT; i++)
        jwrite_int(&writer, fault_name((enum fault)i), sandbox->faults.percent[i]);
    jwrite_object_end(&writer);
}

struct fault_reading {
    struct faults faults;
    bool wrong;
};

static bool visit_fault(struct str name, const struct jread *value, void *context)
{
    struct fault_reading *reading = context;
    struct str digits = jread_number(value);
    uint64_t number;
    enum fault fault;

    if (str_equal(name, STR("seed"))) {
        reading->wrong = number_parse(digits, 0, FAULTS_SEED_MAX, &number) != ERR_OK;
        if (!reading->wrong)
            reading->faults.seed = number;
    } else if (fault_from_name(name, &fault) == ERR_OK) {
        reading->wrong = number_parse(digits, 0, FAULTS_PERCENT_MAX, &number) != ERR_OK;
        if (!reading->wrong)
            reading->faults.percent[fault] = (unsigned)number;
    } else {
        reading->wrong = true;
    }
    return !reading->wrong;
}

/* What is not named is 0 afterwards, and what was met is forgotten. */
void sandbox_faults_set(struct sandbox *sandbox, struct exchange *exchange)
{
    struct fault_reading reading = {0};
    const struct jread *root;

    if (!exchange_read_object(sandbox, exchange, &root))
        return;
    jread_each_member(root, visit_fault, &reading);
    if (reading.wrong) {
        exchange_answer_invalid(sandbox, exchange, "fault: a name and a whole percentage");
        return;
    }
    sandbox->faults = reading.faults;
    memset(&sandbox->fates, 0, sizeof(sandbox->fates));
    sandbox_faults_show(sandbox, exchange);
}

void sandbox_state_show(struct sandbox *sandbox, struct exchange *exchange)
{
    struct jwrite writer;

    exchange_answer_json(exchange, 200, &writer);
    jwrite_object_begin(&writer, NULL);
    jwrite_int(&writer, "waiting", (int64_t)courier_count(sandbox->courier));
    jwrite_object_end(&writer);
}

/* The money goes back to the customer, and nobody is told: Daraja has no callback for that. */
void sandbox_reverse(struct sandbox *sandbox, struct exchange *exchange)
{
    struct ledger_payment *payment;
    const struct jread *root;
    struct jwrite writer;

    if (!exchange_read_object(sandbox, exchange, &root))
        return;
    payment = ledger_find(sandbox->ledger, LEDGER_BY_RECEIPT,
                          jread_string(jread_member(root, "receipt")));
    if (payment == NULL || payment->status != LEDGER_SUCCESS) {
        exchange_answer_invalid(sandbox, exchange, "receipt");
        return;
    }
    payment->status = LEDGER_REVERSED;
    exchange_answer_json(exchange, 200, &writer);
    write_payment(&writer, payment);
}
