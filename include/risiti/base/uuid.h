/* Identifiers: UUID version 7 (RFC 9562), time-ordered so that new rows go to an index's end. */
#ifndef RISITI_BASE_UUID_H
#define RISITI_BASE_UUID_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"

#define UUID_BYTES 16
#define UUID_TEXT_SIZE 37

struct uuid {
    unsigned char bytes[UUID_BYTES];
};

/*
 * A new one: 48 bits of UTC milliseconds, 12 of their fraction (so that what one process after the
 * other makes is in order), then 62 random ones. ERR_CRYPTO without random bytes.
 */
RISITI_CHECKED enum err uuid_new(struct uuid *ret_uuid);
/* Hyphenated text in either case, any version. ERR_INVALID otherwise. */
RISITI_CHECKED enum err uuid_parse(struct str text, struct uuid *ret_uuid);
/* Lower case with hyphens. Returns `buffer`. */
const char *uuid_format(const struct uuid *uuid, char buffer[UUID_TEXT_SIZE]);
bool uuid_equal(const struct uuid *a, const struct uuid *b);
bool uuid_is_zero(const struct uuid *uuid);

#endif
