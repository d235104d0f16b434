/* POST /mpesa/stkpush/v1/processrequest: asks a customer for money. */
#include "risiti/base/base.h"

#include "risiti/sandbox/stk.h"

#include "risiti/base/clock.h"
#include "risiti/base/mem.h"
#include "risiti/base/number.h"

#define SHILLINGS_MAX 250000
#define CENTS_PER_SHILLING 100
#define REFERENCE_CHARACTERS_MAX 12
#define DESCRIPTION_CHARACTERS_MAX 13
/* A push may need room for its prompt and its held answer. */
#define PUSH_TASKS 2

/* The request, once its fields are read. */
struct push {
    struct merchant *merchant;
    struct str type, party_b, callback_url, reference;
    struct phone payer, prompted;
    int64_t shillings;
};

/* What is going to happen. */
struct plan {
    enum outcome_answer answer;
    enum outcome_delivery delivery;
    int64_t late_ms; /* of an OUTCOME_LATE delivery */
    int64_t answer_delay_ms;
    const char *result_code;
    int64_t paid_more_shillings;
    unsigned pending_asks;
    struct fate fate;
};

/* Characters, not bytes; invalid UTF-8 does not get here. */
static size_t character_count(struct str text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.length; i++)
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

/* Twelve digits exactly, unlike the forms that people type. */
static bool read_phone(struct str text, struct phone *ret_phone)
{
    return text.length == PHONE_DIGITS && phone_parse(text, ret_phone) == ERR_OK;
}

/* Fills in `ret_push`. Returns the first field that is wrong, or NULL. */
static const char *push_read(const struct jread *root, bool allow_http, struct push *ret_push)
{
    struct str description = jread_scalar(jread_member(root, "TransactionDesc"));
    uint64_t shillings;

    ret_push->type = jread_string(jread_member(root, "TransactionType"));
    ret_push->party_b = jread_scalar(jread_member(root, "PartyB"));
    ret_push->callback_url = jread_string(jread_member(root, "CallBackURL"));
    ret_push->reference = jread_scalar(jread_member(root, "AccountReference"));
    if (!str_equal(ret_push->type, STR("CustomerPayBillOnline")) &&
        !str_equal(ret_push->type, STR("CustomerBuyGoodsOnline")))
        return "TransactionType";
    if (number_parse(jread_scalar(jread_member(root, "Amount")), 1, SHILLINGS_MAX, &shillings) !=
        ERR_OK)
        return "Amount";
    ret_push->shillings = (int64_t)shillings;
    if (!read_phone(jread_scalar(jread_member(root, "PartyA")), &ret_push->payer))
        return "PartyA";
    if (ret_push->party_b.length == 0)
        return "PartyB";
    if (!read_phone(jread_scalar(jread_member(root, "PhoneNumber")), &ret_push->prompted))
        return "PhoneNumber";
    if (!url_is_callback(ret_push->callback_url, allow_http))
        return "CallBackURL";
    if (ret_push->reference.length == 0 ||
        character_count(ret_push->reference) > REFERENCE_CHARACTERS_MAX)
        return "AccountReference";
    if (character_count(description) > DESCRIPTION_CHARACTERS_MAX)
        return "TransactionDesc";
    return NULL;
}

/* What a wrong pair of short code and type brings; NULL when they fit. */
static const char *mismatch_code(const struct push *push)
{
    bool buys_goods = str_equal(push->type, STR("CustomerBuyGoodsOnline"));

    if (buys_goods != push->merchant->is_till)
        return "2028";
    if (!str_equal(push->party_b, str_from(push->merchant->number)))
        return "SFC_IC0003";
    return NULL;
}

/* A fault of the push's answer, unless its amount has one. The first one counts. */
static void plan_answer_fault(const struct faults *faults, struct plan *plan)
{
    static const struct {
        enum fault fault;
        enum outcome_answer prompted, refused; /* a coin decides where they differ */
    } kinds[] = {
        {FAULT_STK_500, OUTCOME_EMPTY, OUTCOME_EMPTY_REFUSED},
        {FAULT_STK_SOAP, OUTCOME_SOAP_PROMPTED, OUTCOME_SOAP},
        {FAULT_STK_CUT, OUTCOME_CUT, OUTCOME_CUT},
        {FAULT_STK_403, OUTCOME_HTML, OUTCOME_HTML},
        {FAULT_STK_503, OUTCOME_HTML_503, OUTCOME_HTML_503},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        if (plan->answer != OUTCOME_ACCEPTED)
            return;
        if (faults_happen(faults, kinds[i].fault, plan->fate))
            plan->answer = faults_coin(faults, kinds[i].fault, plan->fate) ? kinds[i].prompted
                                                                           : kinds[i].refused;
    }
}

static void plan_delivery_fault(const struct faults *faults, struct plan *plan)
{
    static const struct {
        enum fault fault;
        enum outcome_delivery delivery;
    } kinds[] = {
        {FAULT_CALLBACK_LOST, OUTCOME_NEVER},
        {FAULT_RESULT_LOST, OUTCOME_NEVER},
        {FAULT_CALLBACK_BEFORE_ANSWER, OUTCOME_BEFORE_ANSWER},
        {FAULT_CALLBACK_LATE, OUTCOME_LATE},
        {FAULT_CALLBACK_DUPLICATE, OUTCOME_TWICE},
        {FAULT_CALLBACK_SWAP, OUTCOME_SWAPPED},
    };

    plan->late_ms = OUTCOME_LATE_MS;
    if (plan->delivery != OUTCOME_ONCE)
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(kinds) && plan->delivery == OUTCOME_ONCE; i++)
        if (faults_happen(faults, kinds[i].fault, plan->fate))
            plan->delivery = kinds[i].delivery;
    if (plan->delivery == OUTCOME_LATE)
        plan->late_ms =
            1 + (int64_t)faults_number(faults, FAULT_CALLBACK_LATE, plan->fate, OUTCOME_LATE_MS);
}

static struct plan plan_make(struct sandbox *sandbox, const struct push *push)
{
    const struct outcome *outcome = outcome_find(push->shillings, &push->prompted);
    const char *mismatch = mismatch_code(push);
    struct plan plan = {.answer = outcome->answer,
                        .delivery = outcome->delivery,
                        .answer_delay_ms = outcome->answer_delay_ms,
                        .result_code = mismatch != NULL ? mismatch : outcome->result_code,
                        .paid_more_shillings = outcome->paid_more_shillings,
                        .pending_asks = outcome->pending_asks,
                        .fate = fates_next(&sandbox->fates, str_from(push->prompted.digits),
                                           (uint64_t)push->shillings)};

    plan.fate.certain = outcome->faults;
    plan_answer_fault(&sandbox->faults, &plan);
    plan_delivery_fault(&sandbox->faults, &plan);
    /* An answer that does not come cannot come after the result. */
    if (plan.answer != OUTCOME_ACCEPTED && plan.delivery == OUTCOME_BEFORE_ANSWER)
        plan.delivery = OUTCOME_ONCE;
    return plan;
}

static void answer_locked(struct sandbox *sandbox, struct exchange *exchange)
{
    exchange_answer_error(sandbox, exchange, 500, "500.001.1001",
                          "Unable to lock subscriber, a transaction is already in process for the "
                          "current subscriber");
}

static void answer_accepted(struct exchange *exchange, const struct ledger_payment *payment)
{
    static const char accepted[] = "Success. Request accepted for processing";
    struct jwrite writer;

    exchange_answer_json(exchange, 200, &writer);
    jwrite_object_begin(&writer, NULL);
    jwrite_text(&writer, "MerchantRequestID", payment->merchant_request_id);
    jwrite_text(&writer, "CheckoutRequestID", payment->checkout_request_id);
    jwrite_text(&writer, "ResponseCode", "0");
    jwrite_text(&writer, "ResponseDescription", accepted);
    jwrite_text(&writer, "CustomerMessage", accepted);
    jwrite_object_end(&writer);
}

/* Every answer but that of an accepted push. */
static void answer_otherwise(struct sandbox *sandbox, struct exchange *exchange,
                             enum outcome_answer answer)
{
    switch (answer) {
    case OUTCOME_HTML:
        sandbox_stk_answer_page(exchange, 403);
        break;
    case OUTCOME_HTML_503:
        sandbox_stk_answer_page(exchange, 503);
        break;
    case OUTCOME_SOAP:
    case OUTCOME_SOAP_PROMPTED:
        exchange_answer_text(
            exchange, 500, "application/json;charset=UTF-8",
            STR("{\"Envelope\":{\"Body\":{\"Fault\":{\"faultcode\":\"soap:Server\","
                "\"faultstring\":\"Policy Falsified: ServiceCallout failed, ResponseCode "
                "409\"}}}}"));
        break;
    case OUTCOME_SPIKE:
        exchange_answer_error(sandbox, exchange, 500, "500.003.02", "Spike Arrest Violation");
        break;
    case OUTCOME_LOCKED:
        answer_locked(sandbox, exchange);
        break;
    case OUTCOME_ERROR_IN_200:
        exchange_answer_error(sandbox, exchange, 200, "400.002.02",
                              "Bad Request - Invalid PhoneNumber");
        break;
    case OUTCOME_CUT:
        exchange->cut = true;
        break;
    default:
        exchange_answer_text(exchange, 500, NULL, STR_EMPTY);
        break;
    }
}

/* Writes the pending payment of a prompt into the ledger. */
static enum err push_record(struct sandbox *sandbox, const struct push *push,
                            const struct plan *plan, struct ledger_payment **ret_payment)
{
    struct ledger_payment payment = {.kind = LEDGER_STK,
                                     .status = LEDGER_PENDING,
                                     .phone = push->prompted,
                                     .amount = {push->shillings * CENTS_PER_SHILLING},
                                     .pending_asks = plan->pending_asks,
                                     .fate = plan->fate};
    enum err err = ledger_new_checkout(sandbox->ledger, clock_now_us(), &push->payer,
                                       payment.checkout_request_id);

    if (err != ERR_OK)
        return err;
    ids_request(&sandbox->ids, payment.merchant_request_id);
    if (!str_copy(push->reference, payment.reference, sizeof(payment.reference)) ||
        !str_copy(str_from(push->merchant->number), payment.short_code,
                  sizeof(payment.short_code)) ||
        !str_copy(str_from(push->merchant->business_code), payment.business_code,
                  sizeof(payment.business_code)))
        return ERR_INVALID;
    return ledger_add(sandbox->ledger, &payment, ret_payment);
}

/* Shows the prompt: the customer will decide in a while. */
static enum err prompt_start(struct sandbox *sandbox, struct exchange *exchange,
                             const struct push *push, const struct plan *plan,
                             struct ledger_payment **ret_payment)
{
    struct stk_prompt *prompt = mem_alloc(1, sizeof(*prompt));
    enum err err;

    if (prompt == NULL)
        return ERR_NOMEM;
    *prompt = (struct stk_prompt){.sandbox = sandbox,
                                  .merchant = push->merchant,
                                  .result_code = plan->result_code,
                                  .paid_more_shillings = plan->paid_more_shillings,
                                  .delivery = plan->delivery,
                                  .late_ms = plan->late_ms};
    err = str_copy(push->callback_url, prompt->callback_url, sizeof(prompt->callback_url))
              ? push_record(sandbox, push, plan, &prompt->payment)
              : ERR_INVALID;
    if (err != ERR_OK) {
        mem_free(prompt);
        return err;
    }
    if (plan->delivery == OUTCOME_BEFORE_ANSWER)
        prompt->waiting = exchange;
    *ret_payment = prompt->payment;
    err = courier_later(sandbox->courier, sandbox->options.delay_ms + plan->answer_delay_ms,
                        sandbox_stk_prompt_end, prompt);
    if (err != ERR_OK)
        ledger_settle(sandbox->ledger, *ret_payment, LEDGER_FAILED, NULL);
    return err;
}

struct slow_answer {
    struct exchange *exchange;
};

static void slow_answer_end(void *context)
{
    const struct slow_answer *slow = context;

    exchange_release(slow->exchange);
}

static void answer_slowly(struct sandbox *sandbox, struct exchange *exchange, int64_t delay_ms)
{
    struct slow_answer *slow = mem_alloc(1, sizeof(*slow));

    if (slow == NULL)
        return;
    slow->exchange = exchange;
    exchange->held = courier_later(sandbox->courier, delay_ms, slow_answer_end, slow) == ERR_OK;
}

static void push_go(struct sandbox *sandbox, struct exchange *exchange, const struct push *push)
{
    struct plan plan = plan_make(sandbox, push);
    struct ledger_payment *payment;

    if (!outcome_prompts(plan.answer)) {
        answer_otherwise(sandbox, exchange, plan.answer);
        return;
    }
    if (ledger_find(sandbox->ledger, LEDGER_BY_PROMPT, str_from(push->prompted.digits)) != NULL) {
        answer_locked(sandbox, exchange);
        return;
    }
    if (!courier_has_room(sandbox->courier, PUSH_TASKS) ||
        prompt_start(sandbox, exchange, push, &plan, &payment) != ERR_OK) {
        exchange_answer_busy(sandbox, exchange);
        return;
    }
    if (plan.answer != OUTCOME_ACCEPTED) {
        answer_otherwise(sandbox, exchange, plan.answer);
        return;
    }
    answer_accepted(exchange, payment);
    if (plan.delivery == OUTCOME_BEFORE_ANSWER)
        exchange->held = true;
    else if (plan.answer_delay_ms > 0)
        answer_slowly(sandbox, exchange, plan.answer_delay_ms);
}

void sandbox_stk_push(struct sandbox *sandbox, struct exchange *exchange)
{
    struct push push = {0};
    const struct jread *root;
    const char *wrong;

    if (!sandbox_oauth_check(sandbox, exchange, OAUTH_STK) ||
        !exchange_read_json(sandbox, exchange, &root) ||
        !sandbox_stk_check_form(sandbox, exchange, root))
        return;
    wrong = push_read(root, sandbox->options.allow_http, &push);
    if (wrong != NULL) {
        exchange_answer_invalid(sandbox, exchange, wrong);
        return;
    }
    if (!sandbox_stk_check_merchant(sandbox, exchange, root, &push.merchant))
        return;
    push_go(sandbox, exchange, &push);
}
