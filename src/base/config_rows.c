/* The table of configuration keys, made from config_keys.h: see config_rows.h. */
#include "risiti/base/base.h"

#include "risiti/base/config_rows.h"

/* Where a key's value lies, and how large it is. */
#define FIELD(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
#define ROW(name, part, value_kind) \
    .section = #name, .key = #part, .kind = (value_kind), FIELD(struct config, name##_##part)

const struct config_row config_rows[CONFIG_ROW_COUNT] = {
#define CONFIG_TEXT(section, key, text, must, line) \
    {ROW(section, key, CONFIG_KIND_TEXT), .fallback = (text), .required = (must), .help = (line)},
#define CONFIG_INT(section, key, number, least, most, of, line) \
    {ROW(section, key, CONFIG_KIND_INT), \
     .fallback = #number, \
     .min = (least), \
     .max = (most), \
     .unit = (of), \
     .help = (line)},
#define CONFIG_BOOL(section, key, value, line) \
    {ROW(section, key, CONFIG_KIND_BOOL), .fallback = (value) ? "yes" : "no", .help = (line)},
#define CONFIG_SECRET(section, key, line) \
    {ROW(section, key, CONFIG_KIND_SECRET), .fallback = "", .help = (line)},
#define CONFIG_CHOICE(section, key, text, list, line) \
    {ROW(section, key, CONFIG_KIND_CHOICE), .fallback = (text), .choices = (list), .help = (line)},
#define CONFIG_NETWORKS(section, key, text, line) \
    {ROW(section, key, CONFIG_KIND_NETWORKS), .fallback = (text), .help = (line)},
#include "risiti/base/config_keys.h"
};

const struct config_row short_code_rows[SHORT_CODE_ROW_COUNT] = {
#define SHORT_CODE_KEY(name, member, value_kind, text, least, most, of, list, line) \
    {.section = "shortcode", \
     .key = #name, \
     .kind = (value_kind), \
     FIELD(struct config_short_code, member), \
     .fallback = (text), \
     .min = (least), \
     .max = (most), \
     .unit = (of), \
     .choices = (list), \
     .help = (line)},
#include "risiti/base/config_short_code_keys.h"
};

_Static_assert(sizeof(enum short_code_type) == sizeof(int), "a choice is written as an int");

static bool row_find(const struct config_row *rows, size_t count, struct str section,
                     struct str key, size_t *ret_index)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(section, str_from(rows[i].section)) &&
            str_equal(key, str_from(rows[i].key))) {
            *ret_index = i;
            return true;
        }
    return false;
}

struct config_key config_key(struct config_loader *loader, enum config_row_index index)
{
    return (struct config_key){
        .row = &config_rows[index], .base = loader->config, .place = &loader->places[index]};
}

struct config_key config_short_code_key(struct config_loader *loader, size_t short_code,
                                        enum short_code_row_index index)
{
    return (struct config_key){.row = &short_code_rows[index],
                               .base = &loader->config->short_codes[short_code],
                               .place = &loader->short_code_places[short_code][index],
                               .short_code = &loader->config->short_codes[short_code]};
}

bool config_key_find(struct config_loader *loader, struct str section, struct str key,
                     struct config_key *ret_key)
{
    size_t index;

    if (!row_find(config_rows, CONFIG_ROW_COUNT, section, key, &index))
        return false;
    *ret_key = config_key(loader, (enum config_row_index)index);
    return true;
}

bool config_short_code_key_find(struct config_loader *loader, size_t short_code, struct str key,
                                struct config_key *ret_key)
{
    size_t index;

    if (!row_find(short_code_rows, SHORT_CODE_ROW_COUNT, STR("shortcode"), key, &index))
        return false;
    *ret_key = config_short_code_key(loader, short_code, (enum short_code_row_index)index);
    return true;
}
