/* The example file and the reference, made from the table of keys: see config.h. */
#include "risiti/base/base.h"

#include "risiti/base/config.h"

#include <inttypes.h>

#include "risiti/base/config_rows.h"

/* Lists are broken behind this column, into indented lines. */
#define LIST_COLUMNS 80

static const char example_head[] =
    "# The configuration of risiti. Every key stands here with its default, commented out;\n"
    "# `risiti config check` says what is wrong with a file, and where.\n"
    "#\n"
    "# A comment has a line of its own, or starts with a semicolon behind a space. Lists may go\n"
    "# on in indented lines. RISITI_SECTION_KEY in the environment goes before the file, such as\n"
    "# RISITI_SERVICE_WORKERS=8. A secret is written here, and then others must not be able to\n"
    "# read this file (chmod o=), or stands in a file of its own: file:/path, also in the\n"
    "# environment.\n";
static const char short_code_head[] =
    "\n# One section for each PayBill or till, with its number in the name.\n"
    "#[shortcode 600111]\n";

/* The limits in words; empty when there are none. */
static void limits_write(struct buffer *buffer, const struct config_row *row)
{
    switch (row->kind) {
    case CONFIG_KIND_INT:
    case CONFIG_KIND_SHILLINGS:
        buffer_format(buffer, "%" PRIu64 " to %" PRIu64 "%s%s", row->min, row->max,
                      row->unit[0] != '\0' ? " " : "", row->unit);
        break;
    case CONFIG_KIND_BOOL:
        buffer_append(buffer, STR("yes or no"));
        break;
    case CONFIG_KIND_CHOICE:
    case CONFIG_KIND_SWITCH:
        buffer_append(buffer, str_from(row->choices));
        break;
    case CONFIG_KIND_SECRET:
        buffer_append(buffer, STR("secret, or file:/path"));
        break;
    case CONFIG_KIND_NETWORKS:
        buffer_format(buffer, "at most %d addresses or networks", CONFIG_ADDRESSES_MAX);
        break;
    case CONFIG_KIND_TEXT:
    default:
        buffer_format(buffer, "text of at most %zu bytes%s", row->size - 1,
                      row->required ? ", not empty" : "");
    }
}

/* "#allow = 192.0.2.1, 192.0.2.2," and further indented lines. */
static void list_write(struct buffer *buffer, struct str list)
{
    size_t column = 0;

    while (list.data != NULL) {
        struct str entry = str_trim(str_cut(&list, ','));

        if (column > 0 && column + entry.length > LIST_COLUMNS) {
            buffer_append(buffer, STR("\n#   "));
            column = 0;
        }
        if (entry.length > 0)
            buffer_format(buffer, " %.*s%s", STR_ARG(entry), list.data != NULL ? "," : "");
        column += entry.length + 2;
    }
}

static void example_rows(struct buffer *buffer, const struct config_row *rows, size_t count,
                         bool with_sections)
{
    for (size_t i = 0; i < count; i++) {
        const struct config_row *row = &rows[i];

        if (with_sections && (i == 0 || strcmp(row->section, rows[i - 1].section) != 0))
            buffer_format(buffer, "\n[%s]\n", row->section);
        buffer_format(buffer, "\n# %s\n# (", row->help);
        limits_write(buffer, row);
        buffer_format(buffer, ")\n#%s =", row->key);
        if (row->kind == CONFIG_KIND_NETWORKS)
            list_write(buffer, str_from(row->fallback));
        else if (row->fallback[0] != '\0')
            buffer_format(buffer, " %s", row->fallback);
        buffer_append_byte(buffer, '\n');
    }
}

void config_write_example(struct buffer *buffer)
{
    buffer_append(buffer, str_from(example_head));
    example_rows(buffer, config_rows, CONFIG_ROW_COUNT, true);
    buffer_append(buffer, str_from(short_code_head));
    example_rows(buffer, short_code_rows, SHORT_CODE_ROW_COUNT, false);
}
