/*
 * STK pushes: the customer's phone asks for the PIN. The payment's row is committed before Daraja
 * is called, and a push whose answer was lost is never sent again.
 */
#ifndef RISITI_DOMAIN_PUSH_H
#define RISITI_DOMAIN_PUSH_H

#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/base/err.h"
#include "risiti/base/money.h"
#include "risiti/base/phone.h"
#include "risiti/base/str.h"
#include "risiti/daraja/daraja.h"
#include "risiti/domain/app.h"
#include "risiti/domain/payment.h"
#include "risiti/domain/service.h"

struct push_request {
    struct phone phone;
    struct money amount; /* whole shillings */
    struct str reference;
    struct str description; /* data NULL for none; kept whole, shortened on the way */
};

struct push_outcome {
    struct payment payment;      /* as it stands now */
    struct daraja_answer answer; /* what Daraja said */
    bool has_open;               /* kept apart from one of the app's own, which is `payment` */
    unsigned wait_s;             /* kept apart: a push after this long is not */
};

/*
 * The short code that pushes go to. NULL while something is missing that every push needs: Daraja's
 * key, public_url, or a short code with a passkey.
 */
const struct config_short_code *push_short_code(const struct service *service);

/*
 * Starts one push. ERR_OK: accepted, the payment is PENDING. ERR_PUSH_REFUSED, ERR_PUSH_LOCKED: the
 * payment is FAILED. ERR_PUSH_UNKNOWN: it may be on the phone; the payment stays PENDING and learns
 * its end from a callback. ERR_DARAJA_DOWN, ERR_DARAJA_AUTH: nothing was sent, the payment is
 * FAILED. ERR_PUSH_OPEN, ERR_PUSH_REPEATED: another push to this phone is in the way, there is
 * no payment (push_lock.h). In all these cases `ret_outcome` is filled. Database errors: nothing
 * was sent. The amount lies within the short code's limits: the caller has checked this.
 */
RISITI_CHECKED enum err push_start(struct service *service, const struct app *app,
                                   const struct push_request *request,
                                   struct push_outcome *ret_outcome);
bool push_amount_fits(const struct config_short_code *short_code, struct money amount);

#endif
