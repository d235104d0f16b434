/* Fields of payloads: see payload_field.h. */
#include "risiti/base/base.h"

#include "payload_field.h"

#include "risiti/base/clock.h"
#include "risiti/daraja/text.h"

struct str field_text(struct arena *arena, const struct jread *value, size_t bytes_max)
{
    return text_clean(arena, jread_scalar(value), bytes_max);
}

int64_t field_time(const struct jread *value)
{
    int64_t instant_us;

    if (clock_parse_eat(str_trim(jread_scalar(value)), &instant_us) != ERR_OK)
        return 0;
    return instant_us;
}

enum err field_root(struct arena *arena, struct str body, const struct jread **ret_root,
                    const char **ret_why)
{
    const struct jread *root;
    enum err err = jread_parse(arena, body, &root, ret_why);

    if (err != ERR_OK)
        return err;
    if (jread_type(root) != JREAD_OBJECT) {
        *ret_why = "the body is no JSON object";
        return ERR_INVALID;
    }
    *ret_root = root;
    return ERR_OK;
}

bool field_memory_sufficed(const struct arena *arena)
{
    return !arena_has_failed(arena);
}
