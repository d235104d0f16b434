/*
 * Shillings as whole cents. The one place that reads amounts from text and writes them; no
 * floating-point type is used anywhere near money.
 */
#ifndef RISITI_BASE_MONEY_H
#define RISITI_BASE_MONEY_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"

struct money {
    int64_t cents;
};

/* DECIMAL(12,2): the largest amount that a payment can have. */
#define MONEY_CENTS_MAX INT64_C(999999999999)
/* Room for any amount's text and its NUL. */
#define MONEY_TEXT_SIZE 24

enum money_fraction {
    MONEY_WHOLE, /* "10", "10.0", "10.00": a fraction must be zero */
    MONEY_CENTS, /* at most two decimals */
};

/*
 * Digits, then optionally a point and one or two digits: no sign, exponent or space. At least one
 * digit on both sides of a point. ERR_INVALID for anything else, also above MONEY_CENTS_MAX. Zero
 * is an amount here; whether it may be paid is the caller's rule.
 */
RISITI_CHECKED enum err money_parse(struct str text, enum money_fraction fraction,
                                    struct money *ret_money);
/* "150" or "150.50": never an exponent, two decimals or none. For JSON and people. */
const char *money_format(struct money money, char buffer[MONEY_TEXT_SIZE]);
/* "150.00": always two decimals. For the database. */
const char *money_format_decimal(struct money money, char buffer[MONEY_TEXT_SIZE]);
/* Whole shillings. ERR_INVALID when there is a rest: nothing is ever rounded. */
RISITI_CHECKED enum err money_shillings(struct money money, int64_t *ret_shillings);
/* ERR_INVALID on overflow; `ret_sum` is untouched then. */
RISITI_CHECKED enum err money_add(struct money a, struct money b, struct money *ret_sum);
bool money_equal(struct money a, struct money b);

#endif
