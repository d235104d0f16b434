/*
 * Fuzz target: any bytes as a query string. Whatever is accepted has each name once, and only text
 * that encodes to what decodes to the same parameters.
 */
#include "risiti/base/base.h"

#include "risiti/base/buffer.h"
#include "risiti/http/query.h"

#include "fuzz.h"

#define INPUT_BYTES_MAX 8192
#define ARENA_BYTES_MAX (8 * INPUT_BYTES_MAX)

static void text_check(struct str text)
{
    ASSERT(text.data != NULL);
    ASSERT(str_is_utf8(text));
    ASSERT(str_find(text, '\0') == text.length);
}

/* Every byte as an escape. */
static void text_encode(struct buffer *buffer, struct str text)
{
    for (size_t i = 0; i < text.length; i++)
        buffer_format(buffer, "%%%02x", (unsigned)(unsigned char)text.data[i]);
}

static void query_encode(struct buffer *buffer, const struct query *query)
{
    for (size_t i = 0; i < query->count; i++) {
        text_encode(buffer, query->items[i].name);
        buffer_append_byte(buffer, '=');
        text_encode(buffer, query->items[i].value);
        buffer_append_byte(buffer, '&');
    }
}

static void query_check(struct arena *arena, const struct query *query)
{
    struct buffer encoded;
    struct query again;
    struct str field;
    const char *why;
    enum err err;

    buffer_init(&encoded, ARENA_BYTES_MAX);
    query_encode(&encoded, query);
    ASSERT(encoded.err == ERR_OK);
    err = query_parse(arena, buffer_str(&encoded), &again, &field, &why);
    ASSERT(err == ERR_OK);
    ASSERT(again.count == query->count);
    for (size_t i = 0; i < query->count; i++) {
        text_check(query->items[i].name);
        text_check(query->items[i].value);
        ASSERT(str_equal(query->items[i].name, again.items[i].name));
        ASSERT(str_equal(query->items[i].value, again.items[i].value));
        for (size_t j = 0; j < i; j++)
            ASSERT(!str_equal(query->items[i].name, query->items[j].name));
    }
    buffer_release(&encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct str raw = str_first((struct str){(const char *)bytes, size}, INPUT_BYTES_MAX);
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct query query = {.count = 0};
    struct str field = STR_EMPTY;
    const char *why = NULL;
    enum err err;

    ASSERT(arena != NULL);
    err = query_parse(arena, raw, &query, &field, &why);
    ASSERT(err == ERR_OK || err == ERR_INVALID);
    ASSERT((err == ERR_INVALID) == (why != NULL));
    ASSERT(err == ERR_OK || query.count == 0);
    if (err == ERR_OK)
        query_check(arena, &query);
    arena_free(arena);
    return 0;
}
