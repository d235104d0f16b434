/*
 * Fuzz target: any bytes as JSON. Whatever is accepted must be what the reader promises: valid
 * text without NUL, keys that occur once and find their value, digits for every number.
 */
#include "risiti/base/base.h"

#include "risiti/base/jread.h"

#include "fuzz.h"
#include "jscan.h"

#define ARENA_BYTES_MAX 4096

/* Values still to be looked at; a text has at most so many. */
struct walk {
    const struct jread *values[JREAD_VALUES_MAX];
    size_t count, seen;
    const struct jread *object;
};

static struct walk walk;

static void walk_push(const struct jread *value)
{
    ASSERT(value != NULL);
    ASSERT(walk.count < ARRAY_LENGTH(walk.values));
    walk.values[walk.count++] = value;
}

static void text_check(struct str text)
{
    ASSERT(text.data != NULL);
    ASSERT(text.data[text.length] == '\0');
    ASSERT(str_is_utf8(text));
    ASSERT(str_find(text, '\0') == text.length);
}

static bool member_check(struct str name, const struct jread *value, void *context)
{
    size_t *count = context;

    text_check(name);
    ASSERT(jread_member(walk.object, name.data) == value);
    ++*count;
    ASSERT(*count <= JREAD_KEYS_MAX);
    walk_push(value);
    return true;
}

static void number_check(struct str digits)
{
    text_check(digits);
    ASSERT(digits.length > 0);
    ASSERT(str_consists_of(digits, STR("0123456789+-.eE")));
}

static void value_check(const struct jread *value)
{
    size_t count = 0;
    bool is_boolean, boolean;

    switch (jread_type(value)) {
    case JREAD_STRING:
        text_check(jread_string(value));
        ASSERT(str_equal(jread_string(value), jread_scalar(value)));
        break;
    case JREAD_NUMBER:
        number_check(jread_number(value));
        ASSERT(str_equal(jread_number(value), jread_scalar(value)));
        break;
    case JREAD_BOOLEAN:
        is_boolean = jread_boolean(value, &boolean);
        ASSERT(is_boolean);
        break;
    case JREAD_ARRAY:
        for (size_t i = 0; i < jread_array_length(value); i++)
            walk_push(jread_array_item(value, i));
        break;
    case JREAD_OBJECT:
        walk.object = value;
        jread_each_member(value, member_check, &count);
        break;
    case JREAD_NULL:
        ASSERT(jread_scalar(value).data == NULL);
        break;
    case JREAD_ABSENT:
    default:
        ASSERT(false);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct str text = {(const char *)bytes, size};
    const struct jread *root = NULL;
    const char *why = NULL;
    struct str value;
    struct str member;
    enum err err;

    ASSERT(arena != NULL);
    err = jread_parse(arena, text, &root, &why);
    ASSERT((err == ERR_OK) == (root != NULL));
    ASSERT((err == ERR_SYNTAX) == (why != NULL));
    /* What the scan accepts, json-c reads. */
    if (size <= JREAD_BYTES_MAX)
        ASSERT((err == ERR_OK) == (jscan_check(text, &value, &member) == NULL));
    walk.count = 0;
    walk.seen = 0;
    if (err == ERR_OK)
        walk_push(root);
    while (walk.count > 0) {
        walk.seen++;
        ASSERT(walk.seen <= JREAD_VALUES_MAX);
        value_check(walk.values[--walk.count]);
    }
    arena_free(arena);
    return 0;
}
