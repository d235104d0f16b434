/* The short codes that this Daraja knows, and the URLs registered for each. */
#ifndef RISITI_SANDBOX_MERCHANT_H
#define RISITI_SANDBOX_MERCHANT_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/money.h"
#include "risiti/base/str.h"
#include "risiti/sandbox/ledger.h"
#include "risiti/sandbox/url.h"

#define MERCHANTS_MAX 64
#define MERCHANT_PASSKEY_SIZE 128
#define MERCHANT_DEFAULT_PASSKEY "risiti-sandbox-passkey"

/* What v1 and v2 of C2B differ in: how the payer is shown. */
enum c2b_version { C2B_V1, C2B_V2 };

struct c2b_registration {
    bool registered;
    enum c2b_version version;
    bool completed_by_default; /* ResponseType "Completed": money is taken without an answer */
    char confirmation_url[URL_SIZE];
    char validation_url[URL_SIZE]; /* empty for none */
};

struct merchant {
    char number[LEDGER_SHORT_CODE_SIZE];        /* the PayBill or till */
    char business_code[LEDGER_SHORT_CODE_SIZE]; /* BusinessShortCode: the PayBill or store number */
    bool is_till;
    char passkey[MERCHANT_PASSKEY_SIZE];
    struct money balance;
    struct c2b_registration c2b;
};

struct merchants {
    struct merchant list[MERCHANTS_MAX];
    size_t count;
};

/*
 * Adds "600111:paybill:PASSKEY" or "600222:till:600333:PASSKEY". ERR_INVALID for another form,
 * ERR_DUPLICATE for a number that is there, ERR_TOO_LARGE above MERCHANTS_MAX.
 */
RISITI_CHECKED enum err merchants_add(struct merchants *merchants, struct str spec);
/* PayBill 600111 and till 600222 with store 600333, both with the default passkey. */
void merchants_add_defaults(struct merchants *merchants);
/* By BusinessShortCode; NULL when there is none. */
struct merchant *merchants_by_business_code(struct merchants *merchants, struct str code);
/* By PayBill, till or store number. */
struct merchant *merchants_by_any_code(struct merchants *merchants, struct str code);
/* Adds to the balance; at the end of the world's money it stays as it is. */
void merchant_receive(struct merchant *merchant, struct money amount);

#endif
