/* Daraja's codes and what they mean: see codes.h. */
#include "risiti/base/base.h"

#include "risiti/daraja/codes.h"

/* One result code of a push. */
struct stk_code {
    struct str code;
    enum stk_verdict callback, query; /* what it proves, by where it was read */
    const char *meaning;
};

#define FINAL(code_, meaning_) \
    { \
        STR_INIT(code_), STK_VERDICT_FAILED, STK_VERDICT_FAILED, meaning_ \
    }

static const struct stk_code stk_codes[] = {
    {STR_INIT("0"), STK_VERDICT_PAID, STK_VERDICT_PAID, "paid"},
    FINAL("1", "the balance is too low"),
    FINAL("2", "the amount is below the minimum"),
    FINAL("3", "the amount is above the maximum"),
    FINAL("4", "the customer's daily limit would be exceeded"),
    FINAL("8", "the balance limit of the receiving account would be exceeded"),
    FINAL("17", "the same amount was asked of the same customer less than two minutes before"),
    FINAL("26", "M-Pesa is busy"),
    FINAL("1001", "the phone has another request open"),
    FINAL("1019", "the request expired"),
    FINAL("1025", "the request could not be shown on the phone"),
    FINAL("1032", "cancelled by the customer"),
    /* A query says so while the prompt may still be answered. */
    {STR_INIT("1037"), STK_VERDICT_FAILED, STK_VERDICT_PENDING, "the phone did not answer"},
    FINAL("2001", "wrong M-Pesa PIN"),
    FINAL("2028", "the short code may not receive this kind of payment"),
    FINAL("SFC_IC0003", "the receiver does not exist or is of the other kind"),
    {STR_INIT("4999"), STK_VERDICT_PENDING, STK_VERDICT_PENDING, "still being processed"},
    FINAL("8006", "the customer's M-Pesa access is locked"),
    FINAL("9999", "the request could not be sent to the phone"),
};

static const struct stk_code *stk_code_find(struct str code)
{
    for (size_t i = 0; i < ARRAY_LENGTH(stk_codes); i++)
        if (str_equal(stk_codes[i].code, code))
            return &stk_codes[i];
    return NULL;
}

enum stk_verdict stk_code_verdict(struct str code, enum stk_source source)
{
    const struct stk_code *row = stk_code_find(code);

    if (row == NULL)
        return STK_VERDICT_PENDING;
    return source == STK_SOURCE_QUERY ? row->query : row->callback;
}

const char *stk_code_meaning(struct str code)
{
    const struct stk_code *row = stk_code_find(code);

    return row != NULL ? row->meaning : NULL;
}

/*
 * One meaning of an answer: the code and a piece of the text must fit, empty ones fit always. The
 * first row that fits decides, so that rows with text stand before the row of the bare code.
 */
struct reply_rule {
    struct str code, text;
    enum daraja_reply reply;
};

static const struct reply_rule error_rules[] = {
    /* Texts that mean the same under every code. */
    {STR_INIT(""), STR_INIT("no apiproduct match"), DARAJA_REPLY_REFUSED},
    {STR_INIT(""), STR_INIT("spike arrest"), DARAJA_REPLY_BUSY},
    {STR_INIT(""), STR_INIT("quota violation"), DARAJA_REPLY_BUSY},
    {STR_INIT(""), STR_INIT("unable to lock subscriber"), DARAJA_REPLY_LOCKED},
    /* Refused before M-Pesa saw the call. */
    {STR_INIT("400.003.01"), STR_INIT(""), DARAJA_REPLY_TOKEN},
    {STR_INIT("404.001.03"), STR_INIT(""), DARAJA_REPLY_TOKEN},
    {STR_INIT("401.002.01"), STR_INIT(""), DARAJA_REPLY_TOKEN},
    {STR_INIT("401.003.01"), STR_INIT(""), DARAJA_REPLY_TOKEN},
    {STR_INIT("400.002.02"), STR_INIT(""), DARAJA_REPLY_REFUSED},
    {STR_INIT("400.002.05"), STR_INIT(""), DARAJA_REPLY_REFUSED},
    {STR_INIT("400.003.02"), STR_INIT(""), DARAJA_REPLY_REFUSED},
    {STR_INIT("400.008.01"), STR_INIT(""), DARAJA_REPLY_REFUSED},
    {STR_INIT("400.008.02"), STR_INIT(""), DARAJA_REPLY_REFUSED},
    {STR_INIT("404.001.01"), STR_INIT(""), DARAJA_REPLY_REFUSED},
    {STR_INIT("404.001.04"), STR_INIT(""), DARAJA_REPLY_REFUSED},
    {STR_INIT("404.003.01"), STR_INIT(""), DARAJA_REPLY_REFUSED},
    {STR_INIT("405.001"), STR_INIT(""), DARAJA_REPLY_REFUSED},
    /* One code, four meanings. */
    {STR_INIT("500.001.1001"), STR_INIT("merchant does not exist"), DARAJA_REPLY_REFUSED},
    {STR_INIT("500.001.1001"), STR_INIT("wrong credentials"), DARAJA_REPLY_REFUSED},
    {STR_INIT("500.001.1001"), STR_INIT("already in process"), DARAJA_REPLY_LOCKED},
    {STR_INIT("500.001.1001"), STR_INIT("being processed"), DARAJA_REPLY_PENDING},
    {STR_INIT("500.002.1001"), STR_INIT("duplicate originator"), DARAJA_REPLY_ALREADY},
    {STR_INIT("500.003.02"), STR_INIT(""), DARAJA_REPLY_BUSY},
    {STR_INIT("500.003.03"), STR_INIT(""), DARAJA_REPLY_BUSY},
    {STR_INIT("500.003.1001"), STR_INIT("already registered"), DARAJA_REPLY_ALREADY},
    {STR_INIT("500.003.1001"), STR_INIT("duplicate notification info"), DARAJA_REPLY_ALREADY},
    /* ResponseCode, beside a ResponseDescription. */
    {STR_INIT("26"), STR_INIT(""), DARAJA_REPLY_BUSY},
    {STR_INIT("1001"), STR_INIT(""), DARAJA_REPLY_LOCKED},
    {STR_INIT("4999"), STR_INIT(""), DARAJA_REPLY_PENDING},
};

/* "4xx.…": Daraja's own gateway found the call wrong and passed it to nobody. */
static bool is_client_error_code(struct str code)
{
    return code.length > 4 && code.data[0] == '4' && code.data[3] == '.';
}

/* A ResponseCode other than 0: by its definition, not accepted. */
static bool is_response_code(struct str code)
{
    return code.length > 0 && str_consists_of(code, STR("0123456789"));
}

enum daraja_reply daraja_reply_classify(unsigned status, struct str code, struct str message)
{
    bool is_success = status >= 200 && status < 300;

    if (is_success && str_equal(code, STR("0")))
        return DARAJA_REPLY_ACCEPTED;
    /* The sandbox answers a registration without a code now and then. */
    if (is_success && code.length == 0 &&
        str_equal_nocase(str_first(message, STR("success").length), STR("success")))
        return DARAJA_REPLY_ACCEPTED;
    for (size_t i = 0; i < ARRAY_LENGTH(error_rules); i++) {
        const struct reply_rule *rule = &error_rules[i];

        if ((rule->code.length == 0 || str_equal(rule->code, code)) &&
            str_contains_nocase(message, rule->text))
            return rule->reply;
    }
    if (status < 500 &&
        (is_client_error_code(code) || (is_response_code(code) && !str_equal(code, STR("0")))))
        return DARAJA_REPLY_REFUSED;
    return DARAJA_REPLY_UNKNOWN;
}
