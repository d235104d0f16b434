/*
 * Contradictions that no rule can settle: each is recorded with the push and the money that it is
 * about, the money is held from every app, and the operator decides.
 */
#ifndef RISITI_DOMAIN_CONFLICT_H
#define RISITI_DOMAIN_CONFLICT_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/db/conflict_store.h"
#include "risiti/domain/payment.h"
#include "risiti/domain/service.h"

/*
 * Records it, once: a repetition changes nothing, also after it was decided. `money` (may be NULL)
 * is held for a person while it is ADMIN_SHOP's and unclaimed. Inside the caller's unit; both rows
 * are as they were read in it, and their versions are kept true.
 */
RISITI_CHECKED enum err conflict_record(struct service *service, const struct payment_cause *cause,
                                        enum conflict_kind kind, struct payment *push,
                                        struct payment *money, const char *note);
/*
 * Whether money and push are in an open conflict with each other, which later evidence may end.
 * Inside the caller's unit.
 */
RISITI_CHECKED enum err conflict_is_open(struct service *service, const struct payment *push,
                                         const struct payment *money, bool *ret_is_open);
/*
 * Evidence has shown that the money is the push's: their conflict is over. The money's row is about
 * to be merged; the push loses its mark unless another conflict names it.
 */
RISITI_CHECKED enum err conflict_prove(struct service *service, const struct payment_cause *cause,
                                       struct payment *push, const struct payment *money);

/* A conflict with what it is about. */
struct conflict_case {
    struct conflict conflict;
    struct payment push;
    struct payment money; /* when conflict.has_payment */
};

RISITI_CHECKED enum err conflict_list(struct service *service, bool open_only, size_t limit,
                                      struct conflicts *ret_conflicts);
/* ERR_NOT_FOUND. */
RISITI_CHECKED enum err conflict_show(struct service *service, const struct uuid *id,
                                      struct conflict_case *ret_case);
/*
 * The operator's decision (not CONFLICT_PROVEN), in one unit, with an event on both payments:
 * CONFLICT_MOVE: the money is the push's app's; a push that has no receipt becomes one payment with
 * it. CONFLICT_RELEASE: the money is as free as any. CONFLICT_FAIL: that, and the push has failed.
 * ERR_NOT_FOUND; ERR_STATE when it is decided already, or when the decision does not fit: there is
 * no money to move, or a push that was paid cannot fail.
 */
RISITI_CHECKED enum err conflict_decide(struct service *service, const struct uuid *id,
                                        enum conflict_decision decision, struct str decided_by);

#endif
