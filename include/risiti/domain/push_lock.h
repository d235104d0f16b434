/*
 * One open prompt a phone and short code, over all apps and hosts, and the same amount not twice
 * within two minutes: what Daraja would refuse is refused here first.
 */
#ifndef RISITI_DOMAIN_PUSH_LOCK_H
#define RISITI_DOMAIN_PUSH_LOCK_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/uuid.h"
#include "risiti/db/payment_store.h"
#include "risiti/domain/service.h"

/* A prompt whose end nobody has told is over by then. */
#define PUSH_OPEN_S_MAX 180
/* Daraja refuses the same phone and amount for this long. */
#define PUSH_REPEAT_S 120

/* Why there may be no push now. */
struct push_refusal {
    struct uuid payment_id; /* the push that is in the way, whosever it is */
    unsigned wait_s;        /* a push after this long is not in its way any more */
};

/*
 * Takes the lock for a push (its short code, phone, amount and id), in the unit that inserts it.
 * ERR_PUSH_OPEN, ERR_PUSH_REPEATED: with `ret_refusal`, and the unit must be rolled back.
 */
RISITI_CHECKED enum err push_lock_take(struct service *service, const struct payment *push,
                                       struct push_refusal *ret_refusal);
/* The push has come to its end, in the unit that says so: the phone is free. */
RISITI_CHECKED enum err push_lock_end(struct service *service, const struct payment *push);
/* It never reached a phone: that, and the same amount may be asked again at once. */
RISITI_CHECKED enum err push_lock_undo(struct service *service, const struct payment *push);

#endif
