/*
 * Claiming: using a payment once, and never again, whoever asks how often at once. One transaction
 * locks the row, checks it, changes it by an update that repeats every condition, and writes the
 * claim's unique row; only a COMMIT that returned, or a claim found by its own token, is a win.
 */
#ifndef RISITI_DOMAIN_CLAIM_H
#define RISITI_DOMAIN_CLAIM_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/domain/payment.h"
#include "risiti/domain/service.h"

/* What a claim won, or on refusal what it ran into. */
struct claim_result {
    struct payment payment;     /* as it is after the claim */
    struct payments candidates; /* with ERR_AMBIGUOUS: newest first */
};

/*
 * ERR_OK: this call claimed it. ERR_ALREADY_CLAIMED: this app had. ERR_AMBIGUOUS. ERR_NOT_FOUND:
 * not there, not claimable, another app's, or a fact did not match: one and the same. Otherwise a
 * database error, and nothing was claimed as far as is known.
 */
RISITI_CHECKED enum err claim_payment(struct service *service, const struct app *app,
                                      const struct payment_selector *selector,
                                      struct claim_result *ret_result);

#endif
