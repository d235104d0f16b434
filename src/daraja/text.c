/* Text from outside made harmless: see text.h. */
#include "risiti/base/base.h"

#include "risiti/daraja/text.h"

/* The character in front, taken off `rest`; empty when it is none that may be shown. */
static struct str printable_next(struct str *rest)
{
    struct str before = *rest;
    struct str character;

    if (str_next_point(rest) < 0) {
        *rest = str_skip(*rest, 1);
        return STR_EMPTY;
    }
    character = str_first(before, before.length - rest->length);
    return str_is_printable(character) ? character : STR_EMPTY;
}

struct str text_clean(struct arena *arena, struct str text, size_t bytes_max)
{
    struct str rest = str_trim(text);
    size_t length = 0;
    char *copy;

    if (rest.length == 0)
        return rest;
    copy = arena_alloc(arena, (rest.length < bytes_max ? rest.length : bytes_max) + 1, 1);
    if (copy == NULL)
        return STR_EMPTY;
    while (rest.length > 0) {
        struct str character = printable_next(&rest);

        if (character.length == 0)
            character = STR("?");
        if (character.length > bytes_max - length)
            break;
        memcpy(copy + length, character.data, character.length);
        length += character.length;
    }
    return (struct str){copy, length};
}
