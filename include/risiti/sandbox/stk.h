/* What the push, its result and the query share. */
#ifndef RISITI_SANDBOX_STK_H
#define RISITI_SANDBOX_STK_H

#include "risiti/base/base.h"

#include "risiti/sandbox/outcome.h"
#include "risiti/sandbox/sandbox.h"

/*
 * Whether BusinessShortCode, Timestamp and Password have a form that Daraja reads; when not, the
 * exchange is answered.
 */
RISITI_CHECKED bool sandbox_stk_check_form(struct sandbox *sandbox, struct exchange *exchange,
                                           const struct jread *root);
/* The short code that the password proves; when there is none, false, and answered. */
RISITI_CHECKED bool sandbox_stk_check_merchant(struct sandbox *sandbox, struct exchange *exchange,
                                               const struct jread *root,
                                               struct merchant **ret_merchant);

/* The page of whatever stands before Daraja: 403 or 503. */
void sandbox_stk_answer_page(struct exchange *exchange, unsigned status);

/* A prompt on a customer's phone. */
struct stk_prompt {
    struct sandbox *sandbox;
    struct merchant *merchant;
    struct ledger_payment *payment;
    char callback_url[URL_SIZE];
    const char *result_code; /* NULL: paid */
    int64_t paid_more_shillings;
    enum outcome_delivery delivery;
    int64_t late_ms;          /* of OUTCOME_LATE */
    struct exchange *waiting; /* the push that is answered after the result; NULL for none */
};

/* Ends the prompt: settles the payment and sends the result. A task of the courier's. */
void sandbox_stk_prompt_end(void *prompt);

#endif
