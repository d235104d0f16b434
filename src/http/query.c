/* Query strings and percent-encoding: see query.h. */
#include "risiti/base/base.h"

#include "risiti/http/query.h"

#include "risiti/base/number.h"

/* The byte of an escape whose percent sign is text[at]; 0, which is refused, when it is broken. */
static char escape_byte(struct str text, size_t at)
{
    int high, low;

    if (text.length - at < 3)
        return '\0';
    high = number_hex_digit(text.data[at + 1]);
    low = number_hex_digit(text.data[at + 2]);
    return high >= 0 && low >= 0 ? (char)(unsigned char)(high * 16 + low) : '\0';
}

static enum err decode(struct arena *arena, struct str text, bool plus_is_space,
                       struct str *ret_text)
{
    char *bytes = arena_alloc(arena, text.length + 1, 1);
    size_t length = 0;

    if (bytes == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.data[i];

        if (byte == '%') {
            byte = escape_byte(text, i);
            i += 2;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        if (byte == '\0')
            return ERR_INVALID;
        bytes[length++] = byte;
    }
    *ret_text = (struct str){bytes, length};
    return ERR_OK;
}

enum err percent_decode(struct arena *arena, struct str text, struct str *ret_text)
{
    return decode(arena, text, false, ret_text);
}

static const struct query_parameter *parameter_find(const struct query *query, struct str name)
{
    for (size_t i = 0; i < query->count; i++)
        if (str_equal(query->items[i].name, name))
            return &query->items[i];
    return NULL;
}

/* Decodes one "name=value" behind those that `query` has. */
static enum err parameter_add(struct arena *arena, struct str piece, struct query *query,
                              struct str *ret_field, const char **ret_why)
{
    struct str raw_name = str_cut(&piece, '=');
    struct query_parameter added = {.name = raw_name};
    const char *why = NULL;
    enum err err = decode(arena, raw_name, true, &added.name);

    if (err == ERR_OK)
        err = decode(arena, piece, true, &added.value);
    if (err == ERR_NOMEM)
        return err;
    if (err != ERR_OK)
        why = "has a broken percent escape or a zero byte";
    else if (!str_is_utf8(added.name) || !str_is_utf8(added.value))
        why = "is not valid UTF-8";
    else if (parameter_find(query, added.name) != NULL)
        why = "is given twice";
    else if (query->count == QUERY_PARAMETERS_MAX)
        why = "is one parameter too many";
    if (why != NULL) {
        *ret_field = added.name;
        *ret_why = why;
        return ERR_INVALID;
    }
    query->items[query->count++] = added;
    return ERR_OK;
}

enum err query_parse(struct arena *arena, struct str raw, struct query *ret_query,
                     struct str *ret_field, const char **ret_why)
{
    struct query query = {.count = 0};

    while (raw.length > 0) {
        struct str piece = str_cut(&raw, '&');
        enum err err;

        if (piece.length == 0)
            continue; /* "a=1&&b=2" and a trailing "&" hold nothing that could be misread */
        err = parameter_add(arena, piece, &query, ret_field, ret_why);
        if (err != ERR_OK)
            return err;
    }
    *ret_query = query;
    return ERR_OK;
}
