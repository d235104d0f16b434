/* POST /mpesa/stkpushquery/v1/query: what became of a push. */
#include "risiti/base/base.h"

#include "risiti/sandbox/stk.h"

static void answer_result(struct exchange *exchange, const struct ledger_payment *payment,
                          const char *code)
{
    struct jwrite writer;

    exchange_answer_json(exchange, 200, &writer);
    jwrite_object_begin(&writer, NULL);
    jwrite_text(&writer, "ResponseCode", "0");
    jwrite_text(&writer, "ResponseDescription",
                "The service request has been accepted successsfully"); /* Daraja's spelling */
    jwrite_text(&writer, "MerchantRequestID", payment->merchant_request_id);
    jwrite_text(&writer, "CheckoutRequestID", payment->checkout_request_id);
    jwrite_text(&writer, "ResultCode", code);
    jwrite_text(&writer, "ResultDesc", outcome_describe(code));
    jwrite_object_end(&writer);
}

/* What a query that is answered by a result hears. */
static const char *code_heard(const struct faults *faults, struct fate fate,
                              struct ledger_payment *payment)
{
    bool pending = faults_happen(faults, FAULT_QUERY_PENDING, fate);
    bool disagrees = faults_happen(faults, FAULT_QUERY_DISAGREES, fate);

    if (payment->status == LEDGER_PENDING || payment->pending_asks > 0 || pending) {
        if (payment->status != LEDGER_PENDING && payment->pending_asks > 0)
            payment->pending_asks--;
        return "4999";
    }
    return disagrees && payment->status == LEDGER_SUCCESS ? "1032" : payment->result_code;
}

/* Daraja says "pending" in two ways: an open prompt is answered by each in turn. */
static void answer_query(struct sandbox *sandbox, struct exchange *exchange,
                         struct ledger_payment *payment)
{
    bool asked_evenly = payment->asks % 2 == 0;
    struct fate fate = fate_derive(payment->fate, payment->asks++);

    if (faults_happen(&sandbox->faults, FAULT_QUERY_403, fate))
        sandbox_stk_answer_page(exchange, 403);
    else if (payment->status == LEDGER_PENDING &&
             faults_happen(&sandbox->faults, FAULT_QUERY_EARLY, fate))
        answer_result(exchange, payment, "1037");
    else if (payment->status == LEDGER_PENDING && asked_evenly)
        exchange_answer_error(sandbox, exchange, 500, "500.001.1001",
                              "The transaction is being processed");
    else
        answer_result(exchange, payment, code_heard(&sandbox->faults, fate, payment));
}

void sandbox_stk_query(struct sandbox *sandbox, struct exchange *exchange)
{
    const struct jread *root;
    struct merchant *merchant;
    struct ledger_payment *payment;
    struct str id;

    if (!sandbox_oauth_check(sandbox, exchange, OAUTH_STK) ||
        !exchange_read_json(sandbox, exchange, &root) ||
        !sandbox_stk_check_form(sandbox, exchange, root))
        return;
    id = jread_string(jread_member(root, "CheckoutRequestID"));
    if (id.length == 0) {
        exchange_answer_invalid(sandbox, exchange, "CheckoutRequestID");
        return;
    }
    if (!sandbox_stk_check_merchant(sandbox, exchange, root, &merchant))
        return;
    payment = ledger_find(sandbox->ledger, LEDGER_BY_CHECKOUT, id);
    if (payment == NULL || strcmp(payment->business_code, merchant->business_code) != 0) {
        exchange_answer_invalid(sandbox, exchange, "CheckoutRequestID");
        return;
    }
    answer_query(sandbox, exchange, payment);
}
