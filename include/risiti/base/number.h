/* The one reader of whole numbers from text: no sign, no space, no exponent, nothing behind. */
#ifndef RISITI_BASE_NUMBER_H
#define RISITI_BASE_NUMBER_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"

/*
 * Decimal digits only, min <= value <= max, leading zeros allowed. ERR_INVALID otherwise;
 * `ret_value` is written on success only.
 */
RISITI_CHECKED enum err number_parse(struct str text, uint64_t min, uint64_t max,
                                     uint64_t *ret_value);
/* The value of a hexadecimal digit of either case; -1 for any other byte. */
int number_hex_digit(char byte);

#endif
