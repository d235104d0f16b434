/*
 * Text from outside made fit for columns, logs and answers: what Safaricom or a payer wrote, with a
 * known longest length and nothing in it that a terminal, a log or a page would act on.
 */
#ifndef RISITI_DARAJA_TEXT_H
#define RISITI_DARAJA_TEXT_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/str.h"

/*
 * A trimmed copy of at most `bytes_max` bytes, cut between characters, with a question mark for
 * every byte or character that is not printable. Empty text stays as it is. data is NULL when
 * there is no memory.
 */
struct str text_clean(struct arena *arena, struct str text, size_t bytes_max);

#endif
