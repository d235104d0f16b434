/*
 * Kenyan mobile numbers: the one place that reads, masks and compares them. What Daraja reports as
 * a payer (a number, a mask, a hash) stays opaque text; this module says what can be compared.
 */
#ifndef RISITI_BASE_PHONE_H
#define RISITI_BASE_PHONE_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"

#define PHONE_DIGITS 12
#define PHONE_TEXT_SIZE (PHONE_DIGITS + 1)
/* A masked number and its NUL. */
#define PHONE_MASK_SIZE 16

/* 2547XXXXXXXX or 2541XXXXXXXX, NUL-terminated. */
struct phone {
    char digits[PHONE_TEXT_SIZE];
};

/*
 * Takes 07…, 7…, +2547…, 2547… (and the same with 1); nothing else, no spaces or hyphens.
 * ERR_INVALID otherwise.
 */
RISITI_CHECKED enum err phone_parse(struct str text, struct phone *ret_phone);
/*
 * "2547*****678" of any payer text that is a whole number; of other text (a mask or hash by
 * Daraja) its first four and last three bytes at most, so that neither logs nor answers ever carry
 * a whole number. Empty for empty text.
 */
const char *phone_mask(struct str payer, char buffer[PHONE_MASK_SIZE]);

enum phone_match {
    PHONE_SAME,      /* proven: the whole number, or its SHA-256 */
    PHONE_DIFFERENT, /* proven */
    PHONE_UNPROVEN,  /* a mask that fits, or text that says nothing: satisfies no check */
};

/*
 * Compares a known number with the payer as Daraja reported it: a whole number in any form, the
 * lower- or upper-case hex SHA-256 of it (C2B v1), a mask such as `2547 ***** 678` (v2), a hash
 * masked in its middle, or nothing. A mask that contradicts proves PHONE_DIFFERENT.
 */
enum phone_match phone_compare(const struct phone *phone, struct str payer);

#endif
