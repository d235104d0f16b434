/*
 * The one strict reader of JSON, for requests and Daraja's answers alike. A scan of our own
 * refuses what json-c lets through (duplicate keys, NaN, single quotes, control characters, U+0000,
 * invalid UTF-8, trailing bytes); json-c then builds the tree. Values are read by type: nothing is
 * converted silently, and numbers are handed out as their digits, never as floating point.
 */
#ifndef RISITI_BASE_JREAD_H
#define RISITI_BASE_JREAD_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"

/*
 * Callers have lower limits on bytes (requests 64 KiB, Daraja's answers 256 KiB); the others bound
 * the memory that a tree takes, which is many times its text.
 */
#define JREAD_BYTES_MAX 1048576
#define JREAD_DEPTH_MAX 16        /* objects and arrays in one another */
#define JREAD_KEYS_MAX 256        /* in one object */
#define JREAD_VALUES_MAX 16384    /* in one text */
#define JREAD_CONTAINERS_MAX 2048 /* objects and arrays in one text */

/* A value in a parsed document; lives as long as the arena it was parsed into. */
struct jread;

enum jread_type {
    JREAD_ABSENT, /* the type of NULL: a member that is not there */
    JREAD_NULL,
    JREAD_BOOLEAN,
    JREAD_NUMBER,
    JREAD_STRING,
    JREAD_ARRAY,
    JREAD_OBJECT,
};

/*
 * Parses one JSON text (RFC 8259). ERR_SYNTAX with a sentence for people in `ret_why` (static text,
 * never NULL on ERR_SYNTAX), ERR_TOO_LARGE above JREAD_BYTES_MAX, or ERR_NOMEM. The tree is ended
 * by the arena's reset.
 */
RISITI_CHECKED enum err jread_parse(struct arena *arena, struct str text,
                                    const struct jread **ret_root, const char **ret_why);
/*
 * The same, and on ERR_SYNTAX the name of the outermost object's member in which the text goes
 * wrong (a piece of `text`; data NULL when it is in none): so that a refusal can name the field.
 */
RISITI_CHECKED enum err jread_parse_member(struct arena *arena, struct str text,
                                           const struct jread **ret_root, const char **ret_why,
                                           struct str *ret_member);
enum jread_type jread_type(const struct jread *value);
/* A member of an object by its exact name; NULL when absent or when `object` is no object. */
const struct jread *jread_member(const struct jread *object, const char *name);
/* A member behind several names, "Body", "stkCallback", …, ended by NULL. */
const struct jread *jread_path(const struct jread *object, const char *const *names);
/* Calls visit for every member in document order until it returns false. */
void jread_each_member(const struct jread *object,
                       bool (*visit)(struct str name, const struct jread *value, void *context),
                       void *context);
size_t jread_array_length(const struct jread *array);
/* NULL beyond the end or when `array` is no array. */
const struct jread *jread_array_item(const struct jread *array, size_t index);
/* The text of a string; an empty view with data NULL for every other type. */
struct str jread_string(const struct jread *value);
/*
 * The digits of a number as they stood in the document ("10.50", "1e3"); whole numbers beyond 64
 * bits saturate. Empty with data NULL for every other type.
 */
struct str jread_number(const struct jread *value);
/* A string's text or a number's digits: for fields that come as either (Daraja's do). */
struct str jread_scalar(const struct jread *value);
/* False when the value is no boolean; `ret_value` is untouched then. */
RISITI_CHECKED bool jread_boolean(const struct jread *value, bool *ret_value);

#endif
