/* The body of validations and confirmations, and the sending of confirmations: see c2b.h. */
#include "risiti/base/base.h"

#include "risiti/sandbox/c2b.h"

#include "risiti/base/clock.h"
#include "risiti/base/log.h"

/* A late confirmation is at most this late. */
#define CONFIRMATION_LATE_MS 5000
/* A confirmation meets faults of its own, unlike those of the result. */
#define CONFIRMATION_FATE UINT64_MAX

enum c2b_payer sandbox_c2b_payer_of(enum c2b_version version)
{
    return version == C2B_V1 ? C2B_PAYER_HASHED : C2B_PAYER_MASKED;
}

const char *sandbox_c2b_payer_name(enum c2b_payer payer)
{
    static const char *const names[C2B_PAYER_COUNT] = {[C2B_PAYER_PLAIN] = "plain",
                                                       [C2B_PAYER_HASHED] = "hashed",
                                                       [C2B_PAYER_MASKED] = "masked",
                                                       [C2B_PAYER_HASH_MASKED] = "hash_masked",
                                                       [C2B_PAYER_NONE] = "none"};

    return names[payer];
}

const char *sandbox_c2b_names_name(enum c2b_names names)
{
    static const char *const texts[C2B_NAMES_COUNT] = {
        [C2B_NAMES_FULL] = "full", [C2B_NAMES_FIRST] = "first", [C2B_NAMES_NONE] = "none"};

    return texts[names];
}

/* "2547 ***** 678" of digits or of a hash. */
static void mask_text(const char *text, char ret_text[C2B_PAYER_SIZE])
{
    int length = snprintf(ret_text, C2B_PAYER_SIZE, "%.4s ***** %s", text, text + strlen(text) - 3);

    ASSERT(length > 0 && length < C2B_PAYER_SIZE);
}

/* What stands in MSISDN. ERR_CRYPTO without a digest. */
static enum err payer_text(enum c2b_payer payer, const struct phone *phone,
                           char ret_text[C2B_PAYER_SIZE])
{
    struct sha256 digest;
    char hash[SHA256_HEX_SIZE];
    enum err err = crypto_sha256(str_from(phone->digits), &digest);

    if (err != ERR_OK)
        return err;
    (void)crypto_hex(digest.bytes, sizeof(digest.bytes), hash); /* it returns `hash` */
    switch (payer) {
    case C2B_PAYER_PLAIN:
        memcpy(ret_text, phone->digits, sizeof(phone->digits));
        break;
    case C2B_PAYER_HASHED:
        memcpy(ret_text, hash, sizeof(hash));
        break;
    case C2B_PAYER_MASKED:
        mask_text(phone->digits, ret_text);
        break;
    case C2B_PAYER_HASH_MASKED:
        mask_text(hash, ret_text);
        break;
    default:
        ret_text[0] = '\0';
        break;
    }
    return ERR_OK;
}

/* Empty text rather than null. */
static void write_text(struct jwrite *writer, const char *name, struct str text)
{
    jwrite_str(writer, name, text.data != NULL ? text : STR(""));
}

enum err sandbox_c2b_write(struct buffer *buffer, const struct c2b_body *body)
{
    char amount[MONEY_TEXT_SIZE], balance[MONEY_TEXT_SIZE], when[CLOCK_EAT_SIZE];
    char payer[C2B_PAYER_SIZE];
    struct jwrite writer;
    enum err err = payer_text(body->payer, &body->phone, payer);

    if (err != ERR_OK)
        return err;
    jwrite_init(&writer, buffer);
    jwrite_object_begin(&writer, NULL);
    write_text(&writer, "TransactionType", body->type);
    write_text(&writer, "TransID", body->receipt);
    jwrite_text(&writer, "TransTime", clock_format_eat(body->when_us, when));
    jwrite_text(&writer, "TransAmount", money_format_decimal(body->amount, amount));
    write_text(&writer, "BusinessShortCode", body->short_code);
    write_text(&writer, "BillRefNumber", body->reference);
    jwrite_text(&writer, "InvoiceNumber", "");
    jwrite_text(&writer, "OrgAccountBalance",
                body->balance != NULL ? money_format_decimal(*body->balance, balance) : "");
    write_text(&writer, "ThirdPartyTransID", body->third_party);
    jwrite_text(&writer, "MSISDN", payer);
    if (body->names != C2B_NAMES_NONE)
        jwrite_text(&writer, "FirstName", "JANE");
    if (body->names == C2B_NAMES_FULL) {
        jwrite_text(&writer, "MiddleName", "");
        jwrite_text(&writer, "LastName", "");
    }
    jwrite_object_end(&writer);
    return buffer->err;
}

struct c2b_body sandbox_c2b_body_of(const struct merchant *merchant,
                                    const struct ledger_payment *payment, enum c2b_version version)
{
    return (struct c2b_body){
        .type = merchant->is_till ? STR("Customer Merchant Payment") : STR("Pay Bill"),
        .receipt = str_from(payment->receipt),
        .short_code = str_from(merchant->number),
        .reference = merchant->is_till ? STR_EMPTY : str_from(payment->reference),
        .when_us = clock_now_us(),
        .amount = payment->amount,
        .payer = sandbox_c2b_payer_of(version),
        .phone = payment->phone,
        .names = merchant->is_till ? C2B_NAMES_FIRST : C2B_NAMES_FULL};
}

static void confirmation_send(struct sandbox *sandbox, const char *url, struct str body,
                              int64_t delay_ms, bool is_overtaken)
{
    struct courier_letter letter = {.kind = "confirmation",
                                    .url = url,
                                    .body = body,
                                    .timeout_ms = COURIER_TIMEOUT_MS,
                                    .is_callback = true,
                                    .is_overtaken = is_overtaken};
    enum err err = courier_post(sandbox->courier, delay_ms, &letter);

    if (err != ERR_OK)
        log_write(LOG_LEVEL_ERROR, "callback_dropped",
                  LOG_FIELDS(LOG_TEXT("kind", letter.kind), LOG_ERROR_NAME("error", err)));
}

/* How the payer stands in it: as the version says, unless another form was asked for. */
static enum c2b_payer payer_draw(const struct faults *faults, struct fate fate,
                                 enum c2b_payer payer)
{
    if (faults_happen(faults, FAULT_PAYER_PLAIN, fate))
        return C2B_PAYER_PLAIN;
    if (faults_happen(faults, FAULT_PAYER_HASHED, fate))
        return C2B_PAYER_HASHED;
    return faults_happen(faults, FAULT_PAYER_HASH_MASKED, fate) ? C2B_PAYER_HASH_MASKED : payer;
}

void sandbox_c2b_confirm(struct sandbox *sandbox, const struct merchant *merchant,
                         const struct ledger_payment *payment, enum c2b_version version,
                         struct str third_party, int64_t delay_ms)
{
    const struct faults *faults = &sandbox->faults;
    struct fate fate = fate_derive(payment->fate, CONFIRMATION_FATE);
    struct c2b_body body = sandbox_c2b_body_of(merchant, payment, version);
    bool twice = faults_happen(faults, FAULT_CALLBACK_DUPLICATE, fate);
    bool swapped = !twice && faults_happen(faults, FAULT_CALLBACK_SWAP, fate);
    struct buffer text;

    if (!merchant->c2b.registered || faults_happen(faults, FAULT_CALLBACK_LOST, fate))
        return;
    if (faults_happen(faults, FAULT_CALLBACK_LATE, fate))
        delay_ms +=
            1 + (int64_t)faults_number(faults, FAULT_CALLBACK_LATE, fate, CONFIRMATION_LATE_MS);
    body.payer = payer_draw(faults, fate, body.payer);
    body.balance = &merchant->balance;
    body.third_party = third_party;
    buffer_init(&text, C2B_BODY_MAX);
    if (sandbox_c2b_write(&text, &body) == ERR_OK) {
        confirmation_send(sandbox, merchant->c2b.confirmation_url, buffer_str(&text), delay_ms,
                          swapped);
        if (twice)
            confirmation_send(sandbox, merchant->c2b.confirmation_url, buffer_str(&text), delay_ms,
                              false);
    }
    buffer_release(&text);
}
