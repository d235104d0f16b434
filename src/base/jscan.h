/* The check of a JSON text that comes before its tree is built: private to base, see jread.h. */
#ifndef RISITI_BASE_JSCAN_H
#define RISITI_BASE_JSCAN_H

#include "risiti/base/base.h"
#include "risiti/base/str.h"

/*
 * Whether `text` is one JSON text as RFC 8259 has it, within the limits of jread.h. Returns NULL
 * and the value without the white space around it; else a sentence that says what is wrong, and the
 * name of the outermost object's member in which it is (data NULL when it is in none).
 */
RISITI_CHECKED const char *jscan_check(struct str text, struct str *ret_value,
                                       struct str *ret_member);

#endif
