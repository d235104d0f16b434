/*
 * POST /mpesa/c2b/v1|v2/simulate: a customer pays by themselves. With external validation the
 * receiver is asked first; then the money moves, and the confirmation is sent.
 */
#include "risiti/base/base.h"

#include "risiti/sandbox/c2b.h"

#include "risiti/base/clock.h"
#include "risiti/base/mem.h"
#include "risiti/base/number.h"

#define SHILLINGS_MAX 250000
#define CENTS_PER_SHILLING 100
#define VALIDATION_TIMEOUT_MS 8000
#define VALIDATION_ARENA_MAX 262144
#define THIRD_PARTY_SIZE 65
#define REFERENCE_MAX 20

/* A payment on its way in. */
struct intake {
    struct sandbox *sandbox;
    struct merchant *merchant;
    struct ledger_payment *payment;
    char receipt[IDS_RECEIPT_SIZE]; /* the ledger gets it when the money has moved */
    enum c2b_version version;
};

static void intake_end(const struct intake *intake, bool accepted, struct str third_party)
{
    struct sandbox *sandbox = intake->sandbox;

    if (!accepted) {
        ledger_settle(sandbox->ledger, intake->payment, LEDGER_FAILED, NULL);
        return;
    }
    ledger_settle(sandbox->ledger, intake->payment, LEDGER_SUCCESS, intake->receipt);
    merchant_receive(intake->merchant, intake->payment->amount);
    sandbox_c2b_confirm(sandbox, intake->merchant, intake->payment, intake->version, third_party,
                        0);
}

static void intake_pays(void *context)
{
    const struct intake *intake = context;

    intake_end(intake, true, STR_EMPTY);
}

/* Whether the receiver said yes; without an answer that can be read, ResponseType decides. */
static bool validation_accepts(const struct c2b_registration *registration, struct arena *arena,
                               const struct courier_answer *answer, struct str *ret_third_party)
{
    const struct jread *root;
    const char *why;
    struct str code;

    if (answer->status != 200 || jread_parse(arena, answer->body, &root, &why) != ERR_OK)
        return registration->completed_by_default;
    code = jread_scalar(jread_member(root, "ResultCode"));
    if (code.length == 0)
        return registration->completed_by_default;
    *ret_third_party = jread_scalar(jread_member(root, "ThirdPartyTransID"));
    if (ret_third_party->length >= THIRD_PARTY_SIZE)
        *ret_third_party = STR_EMPTY;
    return str_equal(code, STR("0"));
}

static void intake_validated(void *context, const struct courier_answer *answer)
{
    const struct intake *intake = context;
    struct arena *arena = arena_new(VALIDATION_ARENA_MAX);
    struct str third_party = STR_EMPTY;
    bool accepted =
        arena != NULL && validation_accepts(&intake->merchant->c2b, arena, answer, &third_party);

    intake_end(intake, accepted, third_party);
    arena_free(arena);
}

/* Hands `intake` over to the courier, also when it fails. */
static enum err validation_ask(struct intake *intake)
{
    const struct merchant *merchant = intake->merchant;
    const struct sandbox *sandbox = intake->sandbox;
    struct c2b_body body = sandbox_c2b_body_of(merchant, intake->payment, intake->version);
    struct courier_letter letter = {.kind = "validation",
                                    .url = merchant->c2b.validation_url,
                                    .timeout_ms = VALIDATION_TIMEOUT_MS,
                                    .answered = intake_validated,
                                    .context = intake};
    struct buffer text;
    enum err err;

    body.receipt = str_from(intake->receipt);
    buffer_init(&text, C2B_BODY_MAX);
    err = sandbox_c2b_write(&text, &body);
    letter.body = buffer_str(&text);
    if (err == ERR_OK)
        err = courier_post(sandbox->courier, sandbox->options.delay_ms, &letter);
    else
        mem_free(intake);
    buffer_release(&text);
    return err;
}

static enum err intake_start(struct sandbox *sandbox, struct merchant *merchant,
                             const struct ledger_payment *payment, enum c2b_version version)
{
    const struct c2b_registration *c2b = &merchant->c2b;
    struct intake *intake = mem_alloc(1, sizeof(*intake));
    struct ledger_payment *recorded;
    enum err err;

    if (intake == NULL)
        return ERR_NOMEM;
    err = ledger_add(sandbox->ledger, payment, &recorded);
    if (err != ERR_OK) {
        mem_free(intake);
        return err;
    }
    *intake = (struct intake){
        .sandbox = sandbox, .merchant = merchant, .payment = recorded, .version = version};
    ledger_new_receipt(sandbox->ledger, &sandbox->ids, clock_now_us(), intake->receipt);
    if (sandbox->options.external_validation && c2b->registered && c2b->validation_url[0] != '\0')
        err = validation_ask(intake);
    else
        err = courier_later(sandbox->courier, sandbox->options.delay_ms, intake_pays, intake);
    if (err != ERR_OK)
        ledger_settle(sandbox->ledger, recorded, LEDGER_FAILED, NULL);
    return err;
}

/* Fills in the payment. Returns the first field that is wrong, or NULL. */
static const char *simulation_read(const struct jread *root, const struct merchant *merchant,
                                   struct ledger_payment *ret_payment)
{
    struct str command = jread_string(jread_member(root, "CommandID"));
    struct str phone = jread_scalar(jread_member(root, "Msisdn"));
    struct str reference = jread_scalar(jread_member(root, "BillRefNumber"));
    uint64_t shillings;

    if (!str_equal(command, merchant->is_till ? STR("CustomerBuyGoodsOnline")
                                              : STR("CustomerPayBillOnline")))
        return "CommandID";
    if (number_parse(jread_scalar(jread_member(root, "Amount")), 1, SHILLINGS_MAX, &shillings) !=
        ERR_OK)
        return "Amount";
    if (phone.length != PHONE_DIGITS || phone_parse(phone, &ret_payment->phone) != ERR_OK)
        return "Msisdn";
    ret_payment->amount.cents = (int64_t)shillings * CENTS_PER_SHILLING;
    if (merchant->is_till)
        reference = STR(""); /* tills have no account */
    else if (reference.length == 0 || reference.length > REFERENCE_MAX)
        return "BillRefNumber";
    if (!str_copy(reference, ret_payment->reference, sizeof(ret_payment->reference)))
        return "BillRefNumber";
    return str_copy(str_from(merchant->number), ret_payment->short_code,
                    sizeof(ret_payment->short_code))
               ? NULL
               : "ShortCode";
}

static void c2b_simulate(struct sandbox *sandbox, struct exchange *exchange,
                         enum c2b_version version)
{
    struct ledger_payment payment = {.kind = LEDGER_C2B, .status = LEDGER_PENDING};
    const struct jread *root;
    struct merchant *merchant;
    const char *wrong;

    if (!sandbox_oauth_check(sandbox, exchange, OAUTH_C2B) ||
        !exchange_read_json(sandbox, exchange, &root))
        return;
    merchant =
        merchants_by_any_code(&sandbox->merchants, jread_scalar(jread_member(root, "ShortCode")));
    wrong = merchant == NULL ? "ShortCode" : simulation_read(root, merchant, &payment);
    if (wrong == NULL)
        payment.fate = fates_next(&sandbox->fates, str_from(payment.phone.digits),
                                  (uint64_t)payment.amount.cents);
    if (wrong != NULL)
        exchange_answer_invalid(sandbox, exchange, wrong);
    else if (intake_start(sandbox, merchant, &payment, version) != ERR_OK)
        exchange_answer_busy(sandbox, exchange);
    else
        exchange_answer_accepted(sandbox, exchange, "Accept the service request successfully.");
}

void sandbox_c2b_simulate_v1(struct sandbox *sandbox, struct exchange *exchange)
{
    c2b_simulate(sandbox, exchange, C2B_V1);
}

void sandbox_c2b_simulate_v2(struct sandbox *sandbox, struct exchange *exchange)
{
    c2b_simulate(sandbox, exchange, C2B_V2);
}
