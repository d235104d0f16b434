/* JSON, written straight into a buffer: see jwrite.h. */
#include "risiti/base/base.h"

#include "risiti/base/jwrite.h"

#include "risiti/base/clock.h"

/* U+FFFD, for each byte that is not UTF-8. */
#define JWRITE_REPLACEMENT STR("\xef\xbf\xbd")

static bool is_plain(char byte)
{
    return byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\';
}

/* The letter of a two-character escape, or 0. */
static char short_escape(int32_t point)
{
    switch (point) {
    case '"':
    case '\\':
        return (char)point;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

/* One code point that is not plain ASCII, cut off `rest`. */
static void point_append(struct buffer *buffer, struct str *rest)
{
    struct str bytes = *rest;
    int32_t point = str_next_point(rest);

    if (point < 0) {
        buffer_append(buffer, JWRITE_REPLACEMENT);
        *rest = str_skip(*rest, 1);
        return;
    }
    bytes.length -= rest->length;
    if (short_escape(point) != 0) {
        buffer_append_byte(buffer, '\\');
        buffer_append_byte(buffer, short_escape(point));
    } else if (!str_is_printable(bytes)) {
        /* Controls must be escaped; separators and bidi marks are, for whoever prints the text.
         * All of them lie below U+10000, so that four digits do. */
        buffer_format(buffer, "\\u%04x", (unsigned)point);
    } else {
        buffer_append(buffer, bytes);
    }
}

static void quoted_append(struct buffer *buffer, struct str text)
{
    buffer_append_byte(buffer, '"');
    while (text.length > 0) {
        size_t plain = 0;

        while (plain < text.length && is_plain(text.data[plain]))
            plain++;
        buffer_append(buffer, str_first(text, plain));
        text = str_skip(text, plain);
        if (text.length > 0)
            point_append(buffer, &text);
    }
    buffer_append_byte(buffer, '"');
}

/* What stands before every value: the comma and the name. */
static void value_begin(struct jwrite *writer, const char *name)
{
    ASSERT(writer->depth > 0 || !writer->needs_comma);
    if (writer->needs_comma)
        buffer_append_byte(writer->buffer, ',');
    writer->needs_comma = true;
    if (name != NULL) {
        quoted_append(writer->buffer, str_from(name));
        buffer_append_byte(writer->buffer, ':');
    }
}

static void container_begin(struct jwrite *writer, const char *name, char bracket)
{
    value_begin(writer, name);
    buffer_append_byte(writer->buffer, bracket);
    writer->depth++;
    writer->needs_comma = false;
}

static void container_end(struct jwrite *writer, char bracket)
{
    ASSERT(writer->depth > 0);
    buffer_append_byte(writer->buffer, bracket);
    writer->depth--;
    writer->needs_comma = true;
}

void jwrite_init(struct jwrite *writer, struct buffer *buffer)
{
    *writer = (struct jwrite){.buffer = buffer};
}

void jwrite_object_begin(struct jwrite *writer, const char *name)
{
    container_begin(writer, name, '{');
}

void jwrite_object_end(struct jwrite *writer)
{
    container_end(writer, '}');
}

void jwrite_array_begin(struct jwrite *writer, const char *name)
{
    container_begin(writer, name, '[');
}

void jwrite_array_end(struct jwrite *writer)
{
    container_end(writer, ']');
}

void jwrite_str(struct jwrite *writer, const char *name, struct str text)
{
    if (text.data == NULL) {
        jwrite_null(writer, name);
        return;
    }
    value_begin(writer, name);
    quoted_append(writer->buffer, text);
}

void jwrite_text(struct jwrite *writer, const char *name, const char *text)
{
    jwrite_str(writer, name, str_from(text));
}

void jwrite_int(struct jwrite *writer, const char *name, int64_t value)
{
    value_begin(writer, name);
    buffer_format(writer->buffer, "%lld", (long long)value);
}

void jwrite_bool(struct jwrite *writer, const char *name, bool value)
{
    jwrite_raw(writer, name, value ? STR("true") : STR("false"));
}

void jwrite_null(struct jwrite *writer, const char *name)
{
    jwrite_raw(writer, name, STR("null"));
}

void jwrite_money(struct jwrite *writer, const char *name, struct money money)
{
    char text[MONEY_TEXT_SIZE];

    jwrite_raw(writer, name, str_from(money_format(money, text)));
}

void jwrite_uuid(struct jwrite *writer, const char *name, const struct uuid *uuid)
{
    char text[UUID_TEXT_SIZE];

    jwrite_text(writer, name, uuid_format(uuid, text));
}

void jwrite_time(struct jwrite *writer, const char *name, int64_t instant_us)
{
    char text[CLOCK_RFC3339_SIZE];

    jwrite_text(writer, name, clock_format_rfc3339(instant_us, text));
}

void jwrite_raw(struct jwrite *writer, const char *name, struct str json)
{
    value_begin(writer, name);
    buffer_append(writer->buffer, json);
}
