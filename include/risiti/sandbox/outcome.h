/*
 * What becomes of a push, chosen by its amount or by its phone: the one table, which the manual
 * page repeats.
 */
#ifndef RISITI_SANDBOX_OUTCOME_H
#define RISITI_SANDBOX_OUTCOME_H

#include "risiti/base/base.h"
#include "risiti/base/phone.h"
#include "risiti/sandbox/faults.h"

/* How the push itself is answered. */
enum outcome_answer {
    OUTCOME_ACCEPTED,
    OUTCOME_HTML,          /* 403 and a web page; no prompt */
    OUTCOME_HTML_503,      /* 503 and a web page; no prompt */
    OUTCOME_SOAP,          /* 500 and a SOAP fault; no prompt */
    OUTCOME_SPIKE,         /* 500.003.02, Spike Arrest; no prompt */
    OUTCOME_LOCKED,        /* 500.001.1001, unable to lock subscriber; no prompt */
    OUTCOME_ERROR_IN_200,  /* 200 with an error inside; no prompt */
    OUTCOME_EMPTY,         /* 500 without a body, yet the prompt is shown */
    OUTCOME_CUT,           /* no answer at all, yet the prompt is shown */
    OUTCOME_SOAP_PROMPTED, /* 500 and a SOAP fault, yet the prompt is shown */
    OUTCOME_EMPTY_REFUSED, /* 500 without a body; no prompt */
};

/* How the result is delivered. */
enum outcome_delivery {
    OUTCOME_ONCE,
    OUTCOME_LATE, /* OUTCOME_LATE_MS after the payment */
    OUTCOME_NEVER,
    OUTCOME_TWICE,         /* at the same moment */
    OUTCOME_BEFORE_ANSWER, /* the push is answered after the result was delivered */
    OUTCOME_SWAPPED,       /* when the next callback was answered */
};

#define OUTCOME_LATE_MS 5000
#define OUTCOME_SLOW_ANSWER_MS 3000
#define OUTCOME_PENDING_ASKS 2

struct outcome {
    int64_t shillings; /* the amount that selects this row; 0: the phone does */
    const char *phone;
    const char *help; /* for people; the manual page has the same words */
    enum outcome_answer answer;
    enum outcome_delivery delivery;
    int64_t answer_delay_ms;
    const char *result_code;     /* NULL: paid */
    int64_t paid_more_shillings; /* the customer pays this much more, or less */
    unsigned pending_asks;       /* queries that hear 4999 after the end, too */
    uint32_t faults;             /* FAULT_BIT of faults that are certain */
};

/* The row for a push; an amount goes before a phone. Never NULL: without a row it is paid. */
const struct outcome *outcome_find(int64_t shillings, const struct phone *phone);
/* Row `index`; NULL behind the last. */
const struct outcome *outcome_row(size_t index);
/* Whether the customer sees a prompt. */
bool outcome_prompts(enum outcome_answer answer);
/* What Daraja says with a result code. */
const char *outcome_describe(const char *result_code);

#endif
