/* The table of outcomes: see outcome.h and the manual page risiti-sandbox(1). */
#include "risiti/base/base.h"

#include "risiti/sandbox/outcome.h"

#define TWIN FAULT_BIT(FAULT_TWIN)
#define NO_RESULT FAULT_BIT(FAULT_RESULT_LOST)

static const struct outcome outcomes[] = {
    {.shillings = 9001, .result_code = "1", .help = "balance too low (1)"},
    {.shillings = 9017, .result_code = "17", .help = "rule limited (17)"},
    {.shillings = 9019, .result_code = "1019", .help = "expired (1019)"},
    {.shillings = 9020, .result_code = "2001", .help = "wrong PIN (2001)"},
    {.shillings = 9025, .result_code = "1025", .help = "prompt not sent (1025)"},
    {.shillings = 9032, .result_code = "1032", .help = "cancelled by the customer (1032)"},
    {.shillings = 9037, .result_code = "1037", .help = "phone unreachable (1037)"},
    {.shillings = 9061, .faults = TWIN, .help = "paid; a confirmation comes at the same moment"},
    {.shillings = 9062,
     .faults = TWIN | FAULT_BIT(FAULT_TWIN_BEFORE),
     .help = "paid; a confirmation comes before the result"},
    {.shillings = 9063,
     .faults = TWIN | FAULT_BIT(FAULT_TWIN_AFTER),
     .help = "paid; a confirmation comes after the result"},
    {.shillings = 9064,
     .faults = TWIN | NO_RESULT,
     .help = "paid, no result; a confirmation comes"},
    {.shillings = 9065,
     .faults = TWIN | NO_RESULT | FAULT_BIT(FAULT_PAYER_PLAIN),
     .help = "the same, with the payer's whole number"},
    {.shillings = 9066,
     .faults = TWIN | NO_RESULT | FAULT_BIT(FAULT_PAYER_HASHED),
     .help = "the same, with the number's SHA-256"},
    {.shillings = 9067,
     .faults = TWIN | NO_RESULT | FAULT_BIT(FAULT_PAYER_HASH_MASKED),
     .help = "the same, with the SHA-256 masked"},
    {.shillings = 9068,
     .faults = NO_RESULT | FAULT_BIT(FAULT_QUERY_DISAGREES),
     .help = "paid, no result; queries say 1032"},
    {.shillings = 9069,
     .faults = FAULT_BIT(FAULT_CALLBACK_SWAP),
     .help = "paid; the next callback overtakes the result"},
    {.shillings = 9070,
     .answer = OUTCOME_SOAP_PROMPTED,
     .help = "push answered by a SOAP fault; paid all the same"},
    {.shillings = 9071,
     .answer = OUTCOME_HTML_503,
     .help = "push answered 503 by a web page; no prompt"},
    {.shillings = 9072,
     .faults = FAULT_BIT(FAULT_QUERY_EARLY),
     .help = "paid; queries while the prompt is open say 1037"},
    {.shillings = 9084,
     .answer = OUTCOME_ERROR_IN_200,
     .help = "push answered 200 with an error inside; no prompt"},
    {.shillings = 9085,
     .answer = OUTCOME_EMPTY_REFUSED,
     .help = "push answered 500 without a body; no prompt"},
    {.shillings = 9086, .paid_more_shillings = -1, .help = "one shilling less is paid"},
    {.shillings = 9087,
     .pending_asks = OUTCOME_PENDING_ASKS,
     .delivery = OUTCOME_NEVER,
     .help = "paid, no result; the first two queries say 4999"},
    {.shillings = 9088, .result_code = "7777", .help = "a result code that nobody knows (7777)"},
    {.shillings = 9089,
     .answer = OUTCOME_LOCKED,
     .help = "push refused: unable to lock subscriber"},
    {.shillings = 9090, .answer = OUTCOME_SPIKE, .help = "push refused: Spike Arrest (500.003.02)"},
    {.shillings = 9091,
     .answer = OUTCOME_CUT,
     .help = "connection cut instead of an answer; paid all the same"},
    {.shillings = 9092, .answer = OUTCOME_SOAP, .help = "push answered by a SOAP fault; no prompt"},
    {.shillings = 9093,
     .answer = OUTCOME_EMPTY,
     .help = "push answered 500 without a body; paid all the same"},
    {.shillings = 9094,
     .answer = OUTCOME_HTML,
     .help = "push answered 403 by a web page; no prompt"},
    {.shillings = 9095,
     .delivery = OUTCOME_BEFORE_ANSWER,
     .help = "paid; the result comes before the push is answered"},
    {.shillings = 9096, .delivery = OUTCOME_TWICE, .help = "paid; the result comes twice"},
    {.shillings = 9097, .delivery = OUTCOME_NEVER, .help = "paid; the result never comes"},
    {.shillings = 9098, .delivery = OUTCOME_LATE, .help = "paid; the result comes 5 s later"},
    {.shillings = 9099,
     .answer_delay_ms = OUTCOME_SLOW_ANSWER_MS,
     .help = "paid; the push is answered after 3 s"},
    {.phone = "254700000001", .result_code = "1032", .help = "cancelled by the customer (1032)"},
    {.phone = "254700000002", .result_code = "1037", .help = "phone unreachable (1037)"},
    {.phone = "254700000003", .result_code = "1", .help = "balance too low (1)"},
    {.phone = "254700000004", .result_code = "2001", .help = "wrong PIN (2001)"},
    {.phone = "254700000005", .delivery = OUTCOME_NEVER, .help = "paid; the result never comes"},
    {.phone = "254700000006",
     .answer = OUTCOME_LOCKED,
     .help = "push refused: unable to lock subscriber"},
};

const struct outcome *outcome_find(int64_t shillings, const struct phone *phone)
{
    static const struct outcome paid = {.help = "paid"};

    for (size_t i = 0; i < ARRAY_LENGTH(outcomes); i++)
        if (outcomes[i].phone == NULL && outcomes[i].shillings == shillings)
            return &outcomes[i];
    for (size_t i = 0; i < ARRAY_LENGTH(outcomes); i++)
        if (outcomes[i].phone != NULL && strcmp(outcomes[i].phone, phone->digits) == 0)
            return &outcomes[i];
    return &paid;
}

const struct outcome *outcome_row(size_t index)
{
    return index < ARRAY_LENGTH(outcomes) ? &outcomes[index] : NULL;
}

bool outcome_prompts(enum outcome_answer answer)
{
    return answer == OUTCOME_ACCEPTED || answer == OUTCOME_EMPTY || answer == OUTCOME_CUT ||
           answer == OUTCOME_SOAP_PROMPTED;
}

const char *outcome_describe(const char *result_code)
{
    static const struct {
        const char *code, *text;
    } descriptions[] = {
        {"0", "The service request is processed successfully."},
        {"1", "The balance is insufficient for the transaction."},
        {"17", "Rule limited."},
        {"1019", "Transaction has expired."},
        {"1025", "An error occurred while sending a push request"},
        {"1032", "Request cancelled by user"},
        {"1037", "DS timeout user cannot be reached"},
        {"2001", "The initiator information is invalid."},
        {"2028", "The request is not permitted according to product assignment."},
        {"4999", "The transaction is still under processing"},
        {"SFC_IC0003", "The operator does not exist."},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(descriptions); i++)
        if (strcmp(descriptions[i].code, result_code) == 0)
            return descriptions[i].text;
    return "System internal error.";
}
