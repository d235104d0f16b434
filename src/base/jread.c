/*
 * JSON trees: see jread.h. A `struct jread` is a json_object under another name, so that nothing
 * above base sees the library; JSON null, for which json-c has a NULL pointer, is an address of
 * our own.
 */
#include "risiti/base/base.h"

#include "risiti/base/jread.h"

#include <json_object.h>
#include <json_tokener.h>
#include <linkhash.h>

#include "jscan.h"

/* json-c counts a scalar inside the innermost container as a level too. */
#define TOKENER_DEPTH (JREAD_DEPTH_MAX + 1)

static const char null_value;

static const struct json_object *tree_of(const struct jread *value)
{
    return (const struct json_object *)value;
}

static const struct jread *value_of(const struct json_object *tree)
{
    return tree != NULL ? (const struct jread *)tree : (const struct jread *)&null_value;
}

static bool is_tree(const struct jread *value, enum json_type type)
{
    return value != NULL && value != value_of(NULL) && json_object_is_type(tree_of(value), type);
}

static void tree_end(void *tree)
{
    (void)json_object_put(tree); /* whether others hold it too: nobody does */
}

/*
 * Whether json-c has read all of a text that it calls read: without memory it stops anywhere and
 * reports success, with a part of the tree or none.
 */
static bool is_whole(const struct json_object *tree, struct str text, size_t bytes_read)
{
    char first = text.data[0];

    if (bytes_read != text.length || (tree == NULL) != (first == 'n'))
        return false;
    return json_object_is_type(tree, json_type_object) == (first == '{') &&
           json_object_is_type(tree, json_type_array) == (first == '[');
}

/* The tree of a checked text. A bare number or word is complete only at a NUL. */
static enum err tree_build(struct str text, struct json_object **ret_tree)
{
    struct json_tokener *tokener = json_tokener_new_ex(TOKENER_DEPTH);
    struct json_object *tree;
    enum json_tokener_error error;
    size_t bytes_read;

    if (tokener == NULL)
        return ERR_NOMEM;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    tree = json_tokener_parse_ex(tokener, text.data, (int)text.length);
    error = json_tokener_get_error(tokener);
    bytes_read = json_tokener_get_parse_end(tokener);
    if (error == json_tokener_continue) {
        tree = json_tokener_parse_ex(tokener, "", 1);
        error = json_tokener_get_error(tokener);
    }
    json_tokener_free(tokener);
    if (error != json_tokener_success)
        return ERR_SYNTAX;
    if (!is_whole(tree, text, bytes_read)) {
        tree_end(tree);
        return ERR_NOMEM;
    }
    *ret_tree = tree;
    return ERR_OK;
}

enum err jread_parse(struct arena *arena, struct str text, const struct jread **ret_root,
                     const char **ret_why)
{
    struct str member;

    return jread_parse_member(arena, text, ret_root, ret_why, &member);
}

enum err jread_parse_member(struct arena *arena, struct str text, const struct jread **ret_root,
                            const char **ret_why, struct str *ret_member)
{
    struct json_object *tree = NULL;
    const char *why;
    enum err err;

    if (text.length > JREAD_BYTES_MAX)
        return ERR_TOO_LARGE;
    why = jscan_check(text, &text, ret_member);
    if (why != NULL) {
        *ret_why = why;
        return ERR_SYNTAX;
    }
    err = tree_build(text, &tree);
    if (err == ERR_SYNTAX)
        *ret_why = "The JSON text cannot be read.";
    if (err != ERR_OK)
        return err;
    if (tree != NULL && !arena_on_reset(arena, tree_end, tree)) {
        tree_end(tree);
        return ERR_NOMEM;
    }
    *ret_root = value_of(tree);
    return ERR_OK;
}

enum jread_type jread_type(const struct jread *value)
{
    if (value == NULL)
        return JREAD_ABSENT;
    if (value == value_of(NULL))
        return JREAD_NULL;
    switch (json_object_get_type(tree_of(value))) {
    case json_type_boolean:
        return JREAD_BOOLEAN;
    case json_type_int:
    case json_type_double:
        return JREAD_NUMBER;
    case json_type_string:
        return JREAD_STRING;
    case json_type_array:
        return JREAD_ARRAY;
    case json_type_object:
        return JREAD_OBJECT;
    case json_type_null:
    default:
        return JREAD_NULL;
    }
}

const struct jread *jread_member(const struct jread *object, const char *name)
{
    struct json_object *member;

    if (!is_tree(object, json_type_object) ||
        !json_object_object_get_ex(tree_of(object), name, &member))
        return NULL;
    return value_of(member);
}

const struct jread *jread_path(const struct jread *object, const char *const *names)
{
    for (; *names != NULL; names++)
        object = jread_member(object, *names);
    return object;
}

void jread_each_member(const struct jread *object,
                       bool (*visit)(struct str name, const struct jread *value, void *context),
                       void *context)
{
    const struct lh_entry *entry;

    if (!is_tree(object, json_type_object))
        return;
    entry = lh_table_head(json_object_get_object(tree_of(object)));
    for (; entry != NULL; entry = lh_entry_next(entry)) {
        struct str name = str_from(lh_entry_k(entry));

        if (!visit(name, value_of(lh_entry_v(entry)), context))
            return;
    }
}

size_t jread_array_length(const struct jread *array)
{
    return is_tree(array, json_type_array) ? json_object_array_length(tree_of(array)) : 0;
}

const struct jread *jread_array_item(const struct jread *array, size_t index)
{
    if (index >= jread_array_length(array))
        return NULL;
    return value_of(json_object_array_get_idx(tree_of(array), index));
}

/*
 * The text of a string, or a number's digits. json-c takes no const here: it keeps the digits of a
 * whole number in the value once they were asked for.
 */
static struct str text_of(const struct jread *value)
{
    union {
        const struct jread *value;
        struct json_object *tree;
    } either = {.value = value};
    const char *text = json_object_get_string(either.tree);

    /* Without U+0000, which the scan refuses, a text is as long as its C string. */
    return str_from(text);
}

struct str jread_string(const struct jread *value)
{
    return is_tree(value, json_type_string) ? text_of(value) : STR_EMPTY;
}

struct str jread_number(const struct jread *value)
{
    if (!is_tree(value, json_type_int) && !is_tree(value, json_type_double))
        return STR_EMPTY;
    return text_of(value);
}

struct str jread_scalar(const struct jread *value)
{
    return is_tree(value, json_type_string) ? jread_string(value) : jread_number(value);
}

bool jread_boolean(const struct jread *value, bool *ret_value)
{
    if (!is_tree(value, json_type_boolean))
        return false;
    *ret_value = json_object_get_boolean(tree_of(value)) != 0;
    return true;
}
