/*
 * What Daraja posts to us, in every shape that has been seen: parsers from body to typed struct,
 * tolerant of missing and unknown members, strict about the ones that money depends on.
 */
#ifndef RISITI_DARAJA_PAYLOAD_H
#define RISITI_DARAJA_PAYLOAD_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/money.h"
#include "risiti/base/str.h"

/* An STK result. Text is empty (data NULL) where the body had none. */
struct stk_result {
    struct str merchant_request_id, checkout_request_id;
    struct str result_code, result_description;
    bool has_amount;
    struct money amount;
    struct str receipt;     /* normalised; NULL when absent or no receipt */
    struct str raw_receipt; /* as it came */
    struct str phone;       /* opaque text */
    int64_t paid_at_us;     /* 0 when absent or unreadable */
};

/* A C2B confirmation or validation request. */
struct c2b_payment {
    struct str transaction_type;
    struct str receipt, raw_receipt;
    struct money amount;
    struct str short_code;
    struct str account_reference; /* trimmed; may be empty */
    struct str phone;             /* opaque: number, hash or mask; may be empty */
    struct str payer_name;        /* first, middle and last joined by spaces; may be empty */
    int64_t paid_at_us;           /* 0 when absent or unreadable */
};

/*
 * ERR_SYNTAX for bodies that are no JSON, ERR_INVALID for JSON without what is needed (checkout id
 * and result code); `ret_why` is then a static sentence.
 */
RISITI_CHECKED enum err stk_result_parse(struct arena *arena, struct str body,
                                         struct stk_result *ret_result, const char **ret_why);
/*
 * The same; needed are TransID (a receipt), TransAmount (above zero) and BusinessShortCode. For a
 * validation request TransID is not, and the amount may be zero.
 */
RISITI_CHECKED enum err c2b_payment_parse(struct arena *arena, struct str body, bool is_validation,
                                          struct c2b_payment *ret_payment, const char **ret_why);

#endif
