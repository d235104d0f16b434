/*
 * The sandbox's book of payments: what customers were asked for and what they paid. Not safe for
 * threads by itself: callers hold the sandbox's lock.
 */
#ifndef RISITI_SANDBOX_LEDGER_H
#define RISITI_SANDBOX_LEDGER_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/money.h"
#include "risiti/base/phone.h"
#include "risiti/base/str.h"
#include "risiti/sandbox/faults.h"
#include "risiti/sandbox/ids.h"

#define LEDGER_PAYMENTS_MAX 100000
#define LEDGER_SHORT_CODE_SIZE 12
#define LEDGER_REFERENCE_SIZE 68
/* Longest receipt that an injected confirmation may carry, and a NUL. */
#define LEDGER_RECEIPT_SIZE 24

enum ledger_kind { LEDGER_STK, LEDGER_C2B };
enum ledger_status { LEDGER_PENDING, LEDGER_SUCCESS, LEDGER_FAILED, LEDGER_REVERSED };

/* The ways in which a payment is found. */
enum ledger_index {
    LEDGER_BY_CHECKOUT,
    LEDGER_BY_RECEIPT,
    LEDGER_BY_PROMPT, /* the phone with an open prompt */
    LEDGER_INDEX_COUNT
};

struct ledger_payment {
    enum ledger_kind kind;
    enum ledger_status status;
    char receipt[LEDGER_RECEIPT_SIZE]; /* empty until money has moved */
    char merchant_request_id[IDS_REQUEST_SIZE];
    char checkout_request_id[IDS_CHECKOUT_SIZE]; /* empty for C2B */
    char short_code[LEDGER_SHORT_CODE_SIZE];     /* the PayBill or till */
    char business_code[LEDGER_SHORT_CODE_SIZE];  /* the BusinessShortCode of the push */
    char reference[LEDGER_REFERENCE_SIZE];
    struct phone phone;
    struct money amount;
    const char *result_code, *result_desc; /* static text; NULL while pending */
    unsigned pending_asks;                 /* queries that still hear "under processing" */
    unsigned asks;                         /* queries so far */
    struct fate fate;                      /* what goes wrong with it */

    /* The ledger's own. */
    struct ledger_payment *older, *newer;
    struct ledger_payment *chain[LEDGER_INDEX_COUNT];
    bool indexed[LEDGER_INDEX_COUNT];
};

struct ledger;

/* Keeps at most `payments_max`. NULL without memory. */
RISITI_CHECKED struct ledger *ledger_new(size_t payments_max);
/* NULL is fine. */
void ledger_free(struct ledger *ledger);
/*
 * Adds a copy of `payment`; at the maximum the oldest finished one is dropped for it. ERR_TOO_LARGE
 * when all are pending, ERR_NOMEM. `ret_payment` lives at least as long as it is pending.
 */
RISITI_CHECKED enum err ledger_add(struct ledger *ledger, const struct ledger_payment *payment,
                                   struct ledger_payment **ret_payment);
/* NULL when there is none. */
struct ledger_payment *ledger_find(const struct ledger *ledger, enum ledger_index index,
                                   struct str key);
/* Ends a pending payment; `receipt` is NULL when no money moved. */
void ledger_settle(struct ledger *ledger, struct ledger_payment *payment, enum ledger_status status,
                   const char *receipt);
/* The oldest payment; follow `newer` to the last. NULL when there is none. */
const struct ledger_payment *ledger_oldest(const struct ledger *ledger);

/* A receipt that no payment here has. */
void ledger_new_receipt(struct ledger *ledger, struct ids *ids, int64_t now_us,
                        char ret_receipt[IDS_RECEIPT_SIZE]);
/* A checkout id that no payment here has. ERR_INTERNAL when there is none left for the phone. */
RISITI_CHECKED enum err ledger_new_checkout(struct ledger *ledger, int64_t now_us,
                                            const struct phone *phone,
                                            char ret_id[IDS_CHECKOUT_SIZE]);
/* "PENDING", "SUCCESS", "FAILED", "REVERSED". */
const char *ledger_status_name(enum ledger_status status);

#endif
