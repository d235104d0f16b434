/*
 * Faults on demand: each kind has a rate in percent. What happens to a payment depends on the seed,
 * its phone and amount, and how often these were met before; never on what happens meanwhile, so
 * that a run of many clients at once can be repeated.
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
    FAULT_QUERY_EARLY,            /* a query hears 1037 while the prompt is open */
    FAULT_QUERY_PENDING,          /* a query for what has ended hears 4999 */
    FAULT_QUERY_DISAGREES,        /* a query for what was paid hears 1032 */
    FAULT_CALLBACK_LOST,          /* a result or confirmation is not sent */
    FAULT_RESULT_LOST,            /* a result is not sent */
    FAULT_CALLBACK_LATE,          /* it is sent some seconds later, and others overtake it */
    FAULT_CALLBACK_DUPLICATE,     /* it is sent twice */
    FAULT_CALLBACK_SWAP,          /* it is sent when the next one was answered */
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
};

/* What the faults of one payment, or of anything else that is met, are drawn from. */
struct fate {
    uint64_t number;
    uint32_t certain; /* FAULT_BIT of those that happen whatever their rates are */
};

#define FAULT_BIT(fault) (UINT32_C(1) << (fault))
_Static_assert(FAULT_COUNT <= 32, "each fault has a bit");

/* Two that share a slot count together: rare with the thousands that a test has. */
#define FATES_SLOTS 1048576

/* How often what has been met. Starts zeroed. */
struct fates {
    uint16_t met[FATES_SLOTS];
};

/* The fate of the next `what` of `who`; an n-th one is the same in each run. */
struct fate fates_next(struct fates *fates, struct str who, uint64_t what);
/* Another fate that follows from `fate`: that of its n-th query, say. */
struct fate fate_derive(struct fate fate, uint64_t n);

/* "token_invalid" and so on. */
const char *fault_name(enum fault fault);
/* ERR_NOT_FOUND for a name that is none. */
RISITI_CHECKED enum err fault_from_name(struct str name, enum fault *ret_fault);
/* Whether the fault happens to what has this fate. */
bool faults_happen(const struct faults *faults, enum fault fault, struct fate fate);
/* A number below `below`, for what comes of a fault that happened. */
uint64_t faults_number(const struct faults *faults, enum fault fault, struct fate fate,
                       uint64_t below);
/* A coin, for what comes of a fault that happened. */
bool faults_coin(const struct faults *faults, enum fault fault, struct fate fate);

#endif
