/*
 * Faults on demand: each kind has a rate in percent. Whether the n-th chance of a kind is taken
 * depends on the seed, the kind and n alone, so that a run can be repeated.
 */
#ifndef RISITI_SANDBOX_FAULTS_H
#define RISITI_SANDBOX_FAULTS_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"

enum fault {
    FAULT_TOKEN_INVALID,          /* a call's token is revoked and refused */
    FAULT_STK_500,                /* a push is answered 500 without a body */
    FAULT_STK_403,                /* a push is answered by a web page, and there is no prompt */
    FAULT_STK_503,                /* the same with 503 */
    FAULT_STK_SOAP,               /* a push is answered by a SOAP fault */
    FAULT_STK_CUT,                /* the connection is cut instead of an answer */
    FAULT_QUERY_403,              /* a query is answered by a web page */
    FAULT_QUERY_PENDING,          /* a query for what has ended hears 4999 */
    FAULT_QUERY_DISAGREES,        /* a query for what was paid hears 1032 */
    FAULT_CALLBACK_LOST,          /* a result or confirmation is not sent */
    FAULT_RESULT_LOST,            /* a result is not sent */
    FAULT_CALLBACK_LATE,          /* it is sent some seconds later, and others overtake it */
    FAULT_CALLBACK_DUPLICATE,     /* it is sent twice */
    FAULT_REDELIVER,              /* one that is not answered 200 is sent again */
    FAULT_CALLBACK_BEFORE_ANSWER, /* a push is answered after its result */
    FAULT_TWIN,                   /* a paid push comes as a confirmation too */
    FAULT_TWIN_BEFORE,            /* that comes before the result, */
    FAULT_TWIN_AFTER,             /* or some seconds after it */
    FAULT_PAYER_PLAIN,            /* a confirmation has the payer's whole number, */
    FAULT_PAYER_HASHED,           /* or its SHA-256, */
    FAULT_PAYER_HASH_MASKED,      /* or that masked in its middle */
    FAULT_COUNT
};

#define FAULTS_PERCENT_MAX 100
#define FAULTS_SEED_MAX INT64_MAX

struct faults {
    uint64_t seed;
    unsigned percent[FAULT_COUNT];
    uint64_t chances[FAULT_COUNT]; /* how often each kind was asked for */
};

/* "token_invalid" and so on. */
const char *fault_name(enum fault fault);
/* ERR_NOT_FOUND for a name that is none. */
RISITI_CHECKED enum err fault_from_name(struct str name, enum fault *ret_fault);
/* Takes a chance: whether the fault happens this time. */
bool faults_happen(struct faults *faults, enum fault fault);
/* A number below `below`, for what comes of a fault that happened. */
uint64_t faults_number(const struct faults *faults, enum fault fault, uint64_t below);
/* A coin that falls with the chances of `fault`: for what comes of a fault that happened. */
bool faults_coin(const struct faults *faults, enum fault fault);

#endif
