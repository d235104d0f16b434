/*
 * Daraja's codes in one table each: which STK results are final, and what a refusal of a call
 * means. Only listed codes are final; everything else leaves a payment pending.
 */
#ifndef RISITI_DARAJA_CODES_H
#define RISITI_DARAJA_CODES_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"

enum stk_verdict {
    STK_VERDICT_PAID,    /* "0" */
    STK_VERDICT_FAILED,  /* a listed final code */
    STK_VERDICT_PENDING, /* still under way, or a code that is not listed */
};

enum stk_source { STK_SOURCE_CALLBACK, STK_SOURCE_QUERY };

/* `code` as digits or text ("1032", "SFC_IC0003"). 1037 and 4999 from a query are pending. */
enum stk_verdict stk_code_verdict(struct str code, enum stk_source source);
/* A sentence for people on a code, or NULL when it is not listed. */
const char *stk_code_meaning(struct str code);

/* What an answer of Daraja to a call of ours means. */
enum daraja_reply {
    DARAJA_REPLY_ACCEPTED,
    DARAJA_REPLY_TOKEN,   /* one of the four invalid-token codes: renew it, send once more */
    DARAJA_REPLY_LOCKED,  /* unable to lock subscriber */
    DARAJA_REPLY_PENDING, /* a query: the transaction is being processed */
    DARAJA_REPLY_REFUSED, /* a listed refusal: nothing happened */
    DARAJA_REPLY_BUSY,    /* refused before processing: spike arrest, quota, system busy */
    DARAJA_REPLY_ALREADY, /* register: the URLs are registered already */
    DARAJA_REPLY_UNKNOWN, /* cannot be told */
};

/*
 * Classifies by HTTP status, error code and text; `code` and `message` are empty when the body had
 * none (HTML, SOAP, nothing). The text decides where one code has several meanings.
 */
enum daraja_reply daraja_reply_classify(unsigned status, struct str code, struct str message);

#endif
