/*
 * Writes JSON into a buffer: the writer keeps commas and nesting, escapes text, and replaces
 * invalid UTF-8 by U+FFFD. Failures are the buffer's: check buffer.err once, at the end.
 */
#ifndef RISITI_BASE_JWRITE_H
#define RISITI_BASE_JWRITE_H

#include "risiti/base/base.h"
#include "risiti/base/buffer.h"
#include "risiti/base/money.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"

struct jwrite {
    struct buffer *buffer;
    unsigned depth;
    bool needs_comma;
};

void jwrite_init(struct jwrite *writer, struct buffer *buffer);
/* `name` is NULL for items of an array and for the outermost value. */
void jwrite_object_begin(struct jwrite *writer, const char *name);
void jwrite_object_end(struct jwrite *writer);
void jwrite_array_begin(struct jwrite *writer, const char *name);
void jwrite_array_end(struct jwrite *writer);
/* null when text.data is NULL. */
void jwrite_str(struct jwrite *writer, const char *name, struct str text);
/* null for NULL. */
void jwrite_text(struct jwrite *writer, const char *name, const char *text);
void jwrite_int(struct jwrite *writer, const char *name, int64_t value);
void jwrite_bool(struct jwrite *writer, const char *name, bool value);
void jwrite_null(struct jwrite *writer, const char *name);
/* A number with two decimals at most. */
void jwrite_money(struct jwrite *writer, const char *name, struct money money);
void jwrite_uuid(struct jwrite *writer, const char *name, const struct uuid *uuid);
/* RFC 3339. */
void jwrite_time(struct jwrite *writer, const char *name, int64_t instant_us);
/* JSON that stands already: pasted as it is, the caller vouches for it. */
void jwrite_raw(struct jwrite *writer, const char *name, struct str json);

#endif
