/*
 * Payments as apps see them: finding one (verify), listing, its history; and the one table of what
 * a payment's status may become. Who may see what is decided here and nowhere else.
 */
#ifndef RISITI_DOMAIN_PAYMENT_H
#define RISITI_DOMAIN_PAYMENT_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/money.h"
#include "risiti/base/phone.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/db/app_store.h"
#include "risiti/db/event_store.h"
#include "risiti/db/payment_store.h"
#include "risiti/domain/service.h"

/* Payments with one reference, and events of one payment, beyond these are not looked at. */
#define PAYMENT_CANDIDATES_MAX 20
#define PAYMENT_EVENTS_MAX 1000
#define PAYMENT_LIST_MAX 100

/* How an app names a payment: every part given must match. At least one is given. */
struct payment_selector {
    struct str receipt; /* normalised (receipt_normalise); data NULL: not given */
    struct str reference, checkout_request_id;
    bool has_payment_id, has_amount, has_phone;
    struct uuid payment_id;
    struct money amount; /* the second facts: what claims of money not yet the app's may need */
    struct phone phone;
};

/* Whether it is the app's own. Everything else it may see is ADMIN_SHOP's, by exact receipt. */
bool payment_is_own(const struct payment *payment, const struct app *app);
/* SUCCESS, and nothing speaks against using it. */
bool payment_is_claimable(const struct payment *payment);
/*
 * Whether the app has named the second fact that it must name for money that is not its own yet. A
 * phone known only as a mask satisfies nothing.
 */
bool payment_fact_given(const struct payment *payment, const struct app *app,
                        const struct payment_selector *selector);

/*
 * The payment that a claim by the same selector would look at, locked with PAYMENT_LOCK (inside a
 * unit). By reference it is the only claimable one, else the newest. ERR_NOT_FOUND when there is
 * none that this app may see. ERR_AMBIGUOUS when several could be claimed by the reference: with
 * their ids, newest first, in `ret_candidates`, and the newest one in `ret_payment`.
 */
RISITI_CHECKED enum err payment_find(struct service *service, const struct app *app,
                                     const struct payment_selector *selector,
                                     enum payment_lock lock, struct payment *ret_payment,
                                     struct payments *ret_candidates);

/* The app's own, newest first; `filter->app_id` is set here. At most `limit` of them. */
RISITI_CHECKED enum err payment_list(struct service *service, const struct app *app,
                                     struct payment_filter filter, size_t limit,
                                     struct payments *ret_payments);
/* One of the app's own with its history. ERR_NOT_FOUND. */
RISITI_CHECKED enum err payment_show(struct service *service, const struct app *app,
                                     const struct uuid *id, struct payment *ret_payment,
                                     struct payment_events *ret_events);

/* Whether the status may change so: SUCCESS absorbs, FAILED may become SUCCESS on later proof. */
bool payment_may_become(enum payment_status from, enum payment_status to);

/* Who made a change, and from what evidence: the constant part of its event. */
struct payment_cause {
    const char *evidence;        /* "api", "stk_callback", "c2b_confirmation" */
    const struct uuid *app_id;   /* or NULL */
    const struct uuid *inbox_id; /* or NULL */
};

/*
 * Writes the event of the change that has just raised the version of `payment` by one (or of its
 * insertion, with payment->version 0). Inside the change's unit.
 */
RISITI_CHECKED enum err payment_event_add(struct service *service, const struct payment *payment,
                                          const struct payment_cause *cause, const char *event,
                                          struct str detail);

#endif
