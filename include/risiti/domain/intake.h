/*
 * Money that has arrived at a short code, whoever brings the news: it completes the push that it
 * belongs to, waits held while it may belong to one, or is ADMIN_SHOP's until an app claims it.
 */
#ifndef RISITI_DOMAIN_INTAKE_H
#define RISITI_DOMAIN_INTAKE_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/money.h"
#include "risiti/base/str.h"
#include "risiti/domain/callback.h"
#include "risiti/domain/payment.h"
#include "risiti/domain/service.h"

/* More unsettled pushes than this that ask for one amount are not looked at. */
#define INTAKE_PUSHES_MAX 20

struct intake_money {
    struct str receipt; /* normalised */
    struct money amount;
    struct str short_code;        /* one of ours, as configured */
    struct str account_reference; /* as the payer typed it; data NULL for none */
    struct str phone, payer_name; /* data NULL when not known */
    struct str raw;               /* what brought the news */
    int64_t paid_at_us;           /* 0 when not known */
    enum payment_type type;       /* of the row that is made, when one is */
};

/* Whether money that has just got a row may be claimed. */
enum intake_state {
    INTAKE_FREE,     /* by any app */
    INTAKE_HELD,     /* not while pushes that it may belong to are unsettled */
    INTAKE_DISPUTED, /* not until a person has decided */
};

/*
 * What the money does, inside the caller's unit. The unique receipt decides whether it is new; the
 * rest is said in the effect. Only database errors and ERR_NOMEM are returned.
 */
RISITI_CHECKED enum err intake_apply(struct service *service, const struct intake_money *intake,
                                     const struct payment_cause *cause,
                                     struct callback_effect *ret_effect);
/*
 * A row of ADMIN_SHOP's for the money, with its event. ERR_DUPLICATE when the receipt is known:
 * nothing was written.
 */
RISITI_CHECKED enum err intake_insert(struct service *service, const struct intake_money *intake,
                                      enum intake_state state, const struct payment_cause *cause,
                                      struct payment *ret_payment);

#endif
