/* Identifiers in the forms that Safaricom gives them: receipts, checkout ids, request ids. */
#ifndef RISITI_SANDBOX_IDS_H
#define RISITI_SANDBOX_IDS_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/phone.h"

/* Ten characters and a NUL. */
#define IDS_RECEIPT_SIZE 11
/* "ws_CO_", date and time, three digits, nine digits of the phone, and a NUL. */
#define IDS_CHECKOUT_SIZE 33
/* "7f21-4c0d-9a35-51c2ab9e77d0118822" and a NUL. */
#define IDS_REQUEST_SIZE 34

/* What has been given out. Starts zeroed but for `state`, which is any number. */
struct ids {
    uint64_t state;
    char receipt_day[4]; /* the first three characters of the latest receipt */
    uint64_t receipt_last;
};

void ids_init(struct ids *ids, uint64_t seed);
/*
 * A new receipt: letters for year and month, a character for the day, seven that climb through the
 * day. Every one is higher than the one before, also when the clock goes back, and higher than
 * those of an earlier run of the program.
 */
void ids_receipt(struct ids *ids, int64_t now_us, char ret_receipt[IDS_RECEIPT_SIZE]);
/* The checkout id of an instant, to the millisecond, and a phone. ERR_INTERNAL for other years. */
RISITI_CHECKED enum err ids_checkout(int64_t now_us, const struct phone *phone,
                                     char ret_id[IDS_CHECKOUT_SIZE]);
/* Groups of hex digits, as in MerchantRequestID and requestId. Not a secret. */
void ids_request(struct ids *ids, char ret_id[IDS_REQUEST_SIZE]);

#endif
