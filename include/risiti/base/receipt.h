/* M-Pesa receipts, such as UKN4X7Q2LB: the one place that says what is one. */
#ifndef RISITI_BASE_RECEIPT_H
#define RISITI_BASE_RECEIPT_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/str.h"

#define RECEIPT_LENGTH_MIN 8
#define RECEIPT_LENGTH_MAX 20

/*
 * Trims and upper-cases; data is NULL unless the result is [A-Z0-9]{8,20}: anything else is no
 * receipt (or there is no memory). The text is in the arena.
 */
struct str receipt_normalise(struct arena *arena, struct str text);

#endif
