/*
 * A view of text: pointer and length, not NUL-terminated, owned by somebody else. Input travels
 * through the program in this form; NUL-terminated copies are made at library borders only.
 */
#ifndef RISITI_BASE_STR_H
#define RISITI_BASE_STR_H

#include "risiti/base/base.h"

struct str {
    const char *data; /* may be NULL only when length is 0 */
    size_t length;
};

/* From a string literal, also in static tables. */
#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_INIT(literal) \
    { \
        "" literal, sizeof(literal) - 1 \
    }
#define STR_EMPTY ((struct str){NULL, 0})
/* For printf: "%.*s" takes STR_ARG(view). Callers keep views below INT_MAX bytes. */
#define STR_ARG(view) (int)(view).length, (view).data

/* The text of a NUL-terminated string; an empty view for NULL. */
struct str str_from(const char *text);
bool str_equal(struct str a, struct str b);
/* ASCII letters compare alike whatever their case. */
bool str_equal_nocase(struct str a, struct str b);
/* Whether `piece` is somewhere in `text`, its ASCII letters in whatever case. */
bool str_contains_nocase(struct str text, struct str piece);
bool str_starts_with(struct str text, struct str prefix);
bool str_ends_with(struct str text, struct str suffix);
/* Without ASCII white space at both ends. */
struct str str_trim(struct str text);
/* From `start` to the end, or empty when start is beyond it. */
struct str str_skip(struct str text, size_t start);
/* At most the first `length` bytes. */
struct str str_first(struct str text, size_t length);
/* The index of the first `byte`, or text.length when there is none. */
size_t str_find(struct str text, char byte);
/*
 * Cuts the piece before the first `byte` off `rest` and returns it; `rest` goes on behind the
 * byte. Without one the whole rest is returned and `rest` becomes empty with data NULL.
 */
struct str str_cut(struct str *rest, char byte);
/* Whether every byte is one of `set`. True for empty text. */
bool str_consists_of(struct str text, struct str set);
/*
 * Copies into `buffer` with a NUL. False, and buffer[0] = 0, when it does not fit or holds a NUL.
 */
RISITI_CHECKED bool str_copy(struct str text, char *buffer, size_t buffer_size);
/*
 * The next code point of `rest`, which must not be empty; its bytes are cut off. -1, and nothing
 * is cut off, when they are not UTF-8.
 */
int32_t str_next_point(struct str *rest);
/* Whether the bytes are valid UTF-8 (no surrogates, no overlong forms, at most U+10FFFF). */
bool str_is_utf8(struct str text);
/* Valid UTF-8 without control characters (C0, DEL, C1) and without bidi or line separators. */
bool str_is_printable(struct str text);

#endif
