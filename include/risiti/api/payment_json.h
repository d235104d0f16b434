/* A payment in the form that every answer shows it in. */
#ifndef RISITI_API_PAYMENT_JSON_H
#define RISITI_API_PAYMENT_JSON_H

#include "risiti/base/base.h"
#include "risiti/base/jwrite.h"
#include "risiti/domain/app.h"
#include "risiti/domain/payment.h"

/*
 * The members of one payment, inside an object that the caller has begun: paid, status, payment_id,
 * receipt, reference, amount, phone (masked unless the payment is the app's own), payment_type,
 * claimed, claimable, claimed_at, date.
 */
void payment_json_write(struct jwrite *json, const struct payment *payment, const struct app *app,
                        bool claimable);

#endif
