/* Money that customers send by themselves: the body of validations and confirmations. */
#ifndef RISITI_SANDBOX_C2B_H
#define RISITI_SANDBOX_C2B_H

#include "risiti/base/base.h"

#include "risiti/base/crypto.h"
#include "risiti/base/phone.h"
#include "risiti/sandbox/sandbox.h"

/* The ways in which payers were seen in MSISDN. */
enum c2b_payer {
    C2B_PAYER_PLAIN,       /* 254712345678, years ago */
    C2B_PAYER_HASHED,      /* its SHA-256, v1 */
    C2B_PAYER_MASKED,      /* 2547 ***** 678, v2 */
    C2B_PAYER_HASH_MASKED, /* the hash, masked like a number */
    C2B_PAYER_NONE,        /* empty */
    C2B_PAYER_COUNT
};

/* Which names come with it: keys may be missing altogether. */
enum c2b_names { C2B_NAMES_FULL, C2B_NAMES_FIRST, C2B_NAMES_NONE, C2B_NAMES_COUNT };

#define C2B_PAYER_SIZE SHA256_HEX_SIZE
#define C2B_BODY_MAX 8192

struct c2b_body {
    struct str type, receipt, short_code, reference, third_party;
    int64_t when_us;
    struct money amount;
    const struct money *balance; /* NULL in validations */
    enum c2b_payer payer;
    struct phone phone;
    enum c2b_names names;
};

/* The payer's form in callbacks of a version. */
enum c2b_payer sandbox_c2b_payer_of(enum c2b_version version);
/* "plain", "hashed", "masked", "hash_masked", "none". */
const char *sandbox_c2b_payer_name(enum c2b_payer payer);
/* "full", "first", "none". */
const char *sandbox_c2b_names_name(enum c2b_names names);
/* Appends the body as JSON; errors are the buffer's, or ERR_CRYPTO. */
RISITI_CHECKED enum err sandbox_c2b_write(struct buffer *buffer, const struct c2b_body *body);
/* Fills in what payment and short code say. The texts stay theirs. */
struct c2b_body sandbox_c2b_body_of(const struct merchant *merchant,
                                    const struct ledger_payment *payment, enum c2b_version version);
/*
 * Sends the confirmation of a payment that succeeded to the URL registered for the short code, if
 * there is one, after `delay_ms`, subject to the faults that were asked for.
 */
void sandbox_c2b_confirm(struct sandbox *sandbox, const struct merchant *merchant,
                         const struct ledger_payment *payment, enum c2b_version version,
                         struct str third_party, int64_t delay_ms);

#endif
