/*
 * The fields of requests by table: name, kind, limits, required or not. One reader for JSON bodies
 * and one for query strings check types before values and report every wrong field at once; a field
 * that the table does not have is a wrong one.
 */
#ifndef RISITI_API_FIELDS_H
#define RISITI_API_FIELDS_H

#include "risiti/api/call.h"
#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/money.h"
#include "risiti/base/phone.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"

enum field_kind {
    FIELD_TEXT,      /* printable, 1 to 64 characters */
    FIELD_LONG_TEXT, /* printable, 0 to 255 bytes */
    FIELD_RECEIPT,   /* normalised; text that is no receipt is one that nobody has */
    FIELD_UUID,
    FIELD_PHONE,     /* text or whole number */
    FIELD_SHILLINGS, /* text or number without a fraction, above zero */
    FIELD_AMOUNT,    /* text or number with at most two decimals */
    FIELD_COUNT,     /* whole number from 1 to 100 */
    FIELD_FLAG,      /* true or false */
    FIELD_TIME,      /* date or RFC 3339 */
    FIELD_STATUS,    /* PENDING, SUCCESS, FAILED */
    FIELD_TYPE,      /* STK, C2B */
};

struct field {
    const char *name;
    enum field_kind kind;
    bool required;
};

/* What a field held; which member counts is decided by its kind. */
struct field_value {
    bool given;
    struct str text; /* FIELD_TEXT, FIELD_LONG_TEXT, FIELD_RECEIPT */
    struct uuid uuid;
    struct phone phone;
    struct money money; /* FIELD_SHILLINGS, FIELD_AMOUNT */
    int64_t integer;    /* FIELD_COUNT, FIELD_FLAG, FIELD_TIME, FIELD_STATUS, FIELD_TYPE */
};

/*
 * Reads the body, an object. ERR_SYNTAX, ERR_INVALID (with the fields in the call's problem),
 * ERR_NOMEM. `values` has a place for each row of the table.
 */
RISITI_CHECKED enum err fields_read_body(struct call *call, const struct field *fields,
                                         size_t field_count, struct field_value *values);
/* The same from the query string. */
RISITI_CHECKED enum err fields_read_query(struct call *call, const struct field *fields,
                                          size_t field_count, struct field_value *values);

#endif
