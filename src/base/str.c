/* Views of text: see str.h. */
#include "risiti/base/base.h"

#include "risiti/base/str.h"

struct str str_from(const char *text)
{
    return (struct str){text, text != NULL ? strlen(text) : 0};
}

bool str_equal(struct str a, struct str b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static char ascii_lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

bool str_equal_nocase(struct str a, struct str b)
{
    if (a.length != b.length)
        return false;
    for (size_t i = 0; i < a.length; i++)
        if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
            return false;
    return true;
}

bool str_contains_nocase(struct str text, struct str piece)
{
    for (size_t start = 0; start + piece.length <= text.length; start++)
        if (str_equal_nocase(str_first(str_skip(text, start), piece.length), piece))
            return true;
    return false;
}

bool str_starts_with(struct str text, struct str prefix)
{
    return text.length >= prefix.length && str_equal(str_first(text, prefix.length), prefix);
}

bool str_ends_with(struct str text, struct str suffix)
{
    return text.length >= suffix.length &&
           str_equal(str_skip(text, text.length - suffix.length), suffix);
}

static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

struct str str_trim(struct str text)
{
    while (text.length > 0 && is_space(text.data[0]))
        text = str_skip(text, 1);
    while (text.length > 0 && is_space(text.data[text.length - 1]))
        text.length--;
    return text;
}

struct str str_skip(struct str text, size_t start)
{
    if (start >= text.length)
        return (struct str){text.data != NULL ? text.data + text.length : NULL, 0};
    return (struct str){text.data + start, text.length - start};
}

struct str str_first(struct str text, size_t length)
{
    return (struct str){text.data, length < text.length ? length : text.length};
}

size_t str_find(struct str text, char byte)
{
    const char *found = text.length > 0 ? memchr(text.data, byte, text.length) : NULL;

    return found != NULL ? (size_t)(found - text.data) : text.length;
}

struct str str_cut(struct str *rest, char byte)
{
    size_t at = str_find(*rest, byte);
    struct str piece = str_first(*rest, at);

    *rest = at < rest->length ? str_skip(*rest, at + 1) : STR_EMPTY;
    return piece;
}

bool str_consists_of(struct str text, struct str set)
{
    for (size_t i = 0; i < text.length; i++)
        if (str_find(set, text.data[i]) == set.length)
            return false;
    return true;
}

bool str_copy(struct str text, char *buffer, size_t buffer_size)
{
    if (text.length >= buffer_size || str_find(text, '\0') != text.length) {
        buffer[0] = '\0';
        return false;
    }
    if (text.length > 0)
        memcpy(buffer, text.data, text.length);
    buffer[text.length] = '\0';
    return true;
}

int32_t str_next_point(struct str *rest)
{
    static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)rest->data[0];
    size_t bytes = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    int32_t point = bytes == 1 ? first : first & (0x7f >> bytes);

    if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || bytes > rest->length)
        return -1;
    for (size_t i = 1; i < bytes; i++) {
        unsigned char next = (unsigned char)rest->data[i];

        if ((next & 0xc0) != 0x80)
            return -1;
        point = (point << 6) | (next & 0x3f);
    }
    if (point < least[bytes] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return -1;
    *rest = str_skip(*rest, bytes);
    return point;
}

bool str_is_utf8(struct str text)
{
    while (text.length > 0)
        if (str_next_point(&text) < 0)
            return false;
    return true;
}

/* Line and paragraph separators and the marks that turn the direction of text around. */
static bool is_format_trick(int32_t point)
{
    return point == 0x061c || point == 0xfeff || (point >= 0x200b && point <= 0x200f) ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

bool str_is_printable(struct str text)
{
    while (text.length > 0) {
        int32_t point = str_next_point(&text);

        if (point < 0x20 || (point >= 0x7f && point < 0xa0) || is_format_trick(point))
            return false;
    }
    return true;
}
