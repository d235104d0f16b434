/* Payments that customers start by hand: the rules of validation, from memory. */
#ifndef RISITI_DOMAIN_C2B_H
#define RISITI_DOMAIN_C2B_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/money.h"
#include "risiti/base/str.h"
#include "risiti/domain/service.h"

/* What is answered to a validation request: "0" accepts, the others are Daraja's refusals. */
struct c2b_verdict {
    const char *code; /* "0", "C2B00012", … */
    const char *description;
};

/*
 * Judges one validation request by the configured rules: whether the short code is ours, the
 * amount's limits, the account's pattern (codes of ours always pass). Reads nothing but memory; a
 * body that cannot be understood is rejected.
 */
struct c2b_verdict c2b_validate(struct service *service, struct str body);

#endif
