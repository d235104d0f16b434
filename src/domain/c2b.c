/* Payments that customers start by hand: validation rules and the effect of a confirmation. */
#include "risiti/base/base.h"

#include "risiti/domain/c2b.h"

#include "risiti/daraja/payload.h"
#include "risiti/domain/account.h"
#include "risiti/domain/c2b_token.h"
#include "risiti/domain/callback.h"
#include "risiti/domain/intake.h"
#include "risiti/domain/payment.h"

struct c2b_verdict c2b_validate(struct service *service, struct str body)
{
    const struct config_short_code *short_code;
    struct c2b_payment payment;
    const char *why;

    if (c2b_payment_parse(service->arena, body, /* is_validation= */ true, &payment, &why) !=
        ERR_OK)
        return (struct c2b_verdict){"C2B00016", "Rejected"};
    short_code = payment.short_code.length > 0
                     ? config_short_code_find(service->config, payment.short_code)
                     : NULL;
    if (short_code == NULL)
        return (struct c2b_verdict){"C2B00015", "Rejected"};
    if (payment.amount.cents < short_code->amount_min.cents ||
        payment.amount.cents > short_code->amount_max.cents)
        return (struct c2b_verdict){"C2B00013", "Rejected"};
    if (short_code->type == SHORT_CODE_PAYBILL &&
        !account_is_accepted(short_code, payment.account_reference))
        return (struct c2b_verdict){"C2B00012", "Rejected"};
    return (struct c2b_verdict){"0", "Accepted"};
}

static enum err c2b_put_away(struct callback_effect *effect, enum inbox_state state,
                             const char *note)
{
    *effect = (struct callback_effect){.state = state, .note = note};
    return ERR_OK;
}

/* NULL for empty text: columns tell "nothing" from "". */
static struct str or_null(struct str text)
{
    return text.length > 0 ? text : STR_EMPTY;
}

/* A URL's secret stands for one short code; a body for another one did not come by our hand. */
static enum err token_fits(struct service *service, const struct callback *callback,
                           const struct config_short_code *short_code, bool *ret_fits)
{
    struct str owner;
    enum err err;

    if (callback->token_hash == NULL) {
        *ret_fits = true;
        return ERR_OK;
    }
    err = c2b_token_find(service, callback->token_hash, &owner);
    if (err == ERR_OK)
        *ret_fits = str_equal(owner, str_from(short_code->number));
    return err;
}

enum err callback_apply_c2b(struct service *service, const struct callback *callback,
                            const struct uuid *inbox_id, struct callback_effect *ret_effect)
{
    const struct payment_cause cause = {.evidence = "c2b_confirmation", .inbox_id = inbox_id};
    const struct config_short_code *short_code;
    struct c2b_payment c2b;
    const char *why = NULL;
    bool fits;
    enum err err =
        c2b_payment_parse(service->arena, callback->body, /* is_validation= */ false, &c2b, &why);

    if (err == ERR_SYNTAX || err == ERR_INVALID)
        return c2b_put_away(ret_effect, INBOX_STATE_MALFORMED, why);
    if (err != ERR_OK)
        return err;
    short_code = config_short_code_find(service->config, c2b.short_code);
    if (short_code == NULL)
        return c2b_put_away(ret_effect, INBOX_STATE_FOREIGN, "the short code is not ours");
    err = token_fits(service, callback, short_code, &fits);
    if (err != ERR_OK)
        return err;
    if (!fits)
        return c2b_put_away(ret_effect, INBOX_STATE_FOREIGN,
                            "the URL belongs to another short code");
    return intake_apply(service,
                        &(struct intake_money){.receipt = c2b.receipt,
                                               .amount = c2b.amount,
                                               .short_code = str_from(short_code->number),
                                               .account_reference = or_null(c2b.account_reference),
                                               .phone = or_null(c2b.phone),
                                               .payer_name = or_null(c2b.payer_name),
                                               .raw = callback->body,
                                               .paid_at_us = c2b.paid_at_us,
                                               .type = PAYMENT_TYPE_C2B},
                        &cause, ret_effect);
}
