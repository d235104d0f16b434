/*
 * What the result of a push does to its payment, whoever brings it: Safaricom's callback, or the
 * answer to a query.
 */
#ifndef RISITI_DOMAIN_STK_RESULT_H
#define RISITI_DOMAIN_STK_RESULT_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/daraja/codes.h"
#include "risiti/daraja/payload.h"
#include "risiti/domain/callback.h"
#include "risiti/domain/payment.h"
#include "risiti/domain/service.h"

/* Where a result comes from. */
struct stk_evidence {
    enum stk_source source; /* one code may mean less in a query */
    struct payment_cause cause;
    bool is_proven;  /* Daraja said it when asked or knew the push's secret, or a person vouches */
    struct str body; /* as it came; data NULL: it is not kept with the payment */
};

/*
 * Applies a result to its push, inside the caller's unit. A result without a receipt (a query has
 * none) leaves a paid push unsettled: it still takes the receipt that comes later. Only database
 * errors and ERR_NOMEM are returned: what became of the result is said in the effect.
 */
RISITI_CHECKED enum err stk_result_apply(struct service *service, const struct uuid *push_id,
                                         const struct stk_result *result,
                                         const struct stk_evidence *evidence,
                                         struct callback_effect *ret_effect);

#endif
