/*
 * The configuration as a whole: defaults, the file, the environment over it, then the rules: see
 * config.h. The environment is read here and nowhere else in the project.
 */
#include "risiti/base/base.h"

#include "risiti/base/config.h"

#include <regex.h>
#include <stdarg.h>
#include <unistd.h>

#include "risiti/base/config_rows.h"
#include "risiti/base/crypto.h"
#include "risiti/base/mem.h"

#define FINDINGS_BYTES_MAX 65536
#define PROBLEM_SIZE 600
#define SHORT_CODE_DIGITS_MIN 5
#define SHORT_CODE_DIGITS_MAX 7
/* The longest reference that is matched against a pattern: the column's width. */
#define ACCOUNT_BYTES_MAX 64
#define VARIABLE_PREFIX STR("RISITI_")
#define DIGITS STR("0123456789")

/* ---- findings ---- */

void config_findings_init(struct config_findings *findings)
{
    *findings = (struct config_findings){0};
    buffer_init(&findings->errors, FINDINGS_BYTES_MAX);
    buffer_init(&findings->warnings, FINDINGS_BYTES_MAX);
}

void config_findings_release(struct config_findings *findings)
{
    buffer_release(&findings->errors);
    buffer_release(&findings->warnings);
    findings->error_count = 0;
    findings->warning_count = 0;
}

/* "risiti.ini:12: " or "RISITI_SERVICE_WORKERS: " */
static void place_write(struct buffer *lines, const char *path, const struct config_place *place)
{
    if (place->variable.length > 0)
        buffer_format(lines, "%.*s: ", STR_ARG(place->variable));
    else if (place->line > 0)
        buffer_format(lines, "%s:%u: ", path, place->line);
    else
        buffer_format(lines, "%s: ", path);
}

/* Where a key's value came from; a short code's section when the key is not there. */
static struct config_place place_of(const struct config_loader *loader,
                                    const struct config_key *key)
{
    struct config_place place = *key->place;

    if (key->short_code != NULL && place.line == 0 && place.variable.length == 0)
        place.line = loader->short_code_lines[key->short_code - loader->config->short_codes];
    return place;
}

/* The rest of the line: which key (when there is one), what. */
static void finding_write(struct buffer *lines, const struct config_key *key, const char *format,
                          va_list values)
{
    char text[PROBLEM_SIZE];
    int length = vsnprintf(text, sizeof(text), format, values);

    if (key != NULL && key->short_code != NULL)
        buffer_format(lines, "[shortcode %s] %s: ", key->short_code->number, key->row->key);
    else if (key != NULL)
        buffer_format(lines, "[%s] %s: ", key->row->section, key->row->key);
    buffer_append(lines, length >= 0 ? str_from(text) : STR("?"));
    buffer_append_byte(lines, '\n');
}

void config_error(struct config_loader *loader, struct config_key key, const char *format, ...)
{
    const struct config_place place = place_of(loader, &key);
    va_list values;

    va_start(values, format);
    place_write(&loader->findings->errors, loader->path, &place);
    finding_write(&loader->findings->errors, &key, format, values);
    va_end(values);
    loader->findings->error_count++;
}

void config_warning(struct config_loader *loader, struct config_key key, const char *format, ...)
{
    const struct config_place place = place_of(loader, &key);
    va_list values;

    va_start(values, format);
    place_write(&loader->findings->warnings, loader->path, &place);
    finding_write(&loader->findings->warnings, &key, format, values);
    va_end(values);
    loader->findings->warning_count++;
}

void config_line_error(struct config_loader *loader, unsigned line, const char *format, ...)
{
    const struct config_place place = {.line = line};
    va_list values;

    va_start(values, format);
    place_write(&loader->findings->errors, loader->path, &place);
    finding_write(&loader->findings->errors, NULL, format, values);
    va_end(values);
    loader->findings->error_count++;
}

void config_place_warning(struct config_loader *loader, struct config_place place,
                          const char *format, ...)
{
    va_list values;

    va_start(values, format);
    place_write(&loader->findings->warnings, loader->path, &place);
    finding_write(&loader->findings->warnings, NULL, format, values);
    va_end(values);
    loader->findings->warning_count++;
}

/* ---- short codes ---- */

static void defaults_set(const struct config_row *rows, size_t count, void *base)
{
    char memory[PROBLEM_SIZE];
    struct buffer problem;

    for (size_t i = 0; i < count; i++) {
        enum err err;

        buffer_init_over(&problem, memory, sizeof(memory));
        if (rows[i].required && rows[i].fallback[0] == '\0')
            continue;
        err = config_value_set(&rows[i], base, str_from(rows[i].fallback), &problem);
        ASSERT(err == ERR_OK);
    }
}

/* False when there is none with this number. */
static bool short_code_index(const struct config *config, struct str number, size_t *ret_short_code)
{
    for (size_t i = 0; i < config->short_code_count; i++)
        if (str_equal(number, str_from(config->short_codes[i].number))) {
            *ret_short_code = i;
            return true;
        }
    return false;
}

enum err config_short_code_add(struct config_loader *loader, struct str number,
                               size_t *ret_short_code)
{
    struct config *config = loader->config;
    struct config_short_code *short_code = &config->short_codes[config->short_code_count];
    size_t index;

    if (number.length < SHORT_CODE_DIGITS_MIN || number.length > SHORT_CODE_DIGITS_MAX ||
        !str_consists_of(number, DIGITS))
        return ERR_INVALID;
    if (short_code_index(config, number, &index))
        return ERR_DUPLICATE;
    if (config->short_code_count == CONFIG_SHORT_CODES_MAX)
        return ERR_TOO_LARGE;
    defaults_set(short_code_rows, SHORT_CODE_ROW_COUNT, short_code);
    memcpy(short_code->number, number.data, number.length);
    *ret_short_code = config->short_code_count++;
    return ERR_OK;
}

const struct config_short_code *config_short_code_find(const struct config *config,
                                                       struct str number)
{
    size_t index;

    if (number.length > 0 && short_code_index(config, number, &index))
        return &config->short_codes[index];
    for (size_t i = 0; i < config->short_code_count; i++) {
        const struct config_short_code *short_code = &config->short_codes[i];

        if (number.length == 0 ? short_code->is_default
                               : str_equal(number, str_from(short_code->store_number)))
            return short_code;
    }
    return NULL;
}

bool config_short_code_accepts(const struct config_short_code *short_code, struct str account)
{
    char text[ACCOUNT_BYTES_MAX + 1];
    regmatch_t match = {.rm_so = -1};
    regex_t pattern;
    bool accepted;

    if (short_code->account_pattern[0] == '\0')
        return true;
    if (!str_copy(account, text, sizeof(text)) ||
        regcomp(&pattern, short_code->account_pattern, REG_EXTENDED) != 0)
        return false;
    /* The leftmost longest match is the whole text if any match is: no anchors need be added. */
    accepted = regexec(&pattern, text, 1, &match, 0) == 0 && match.rm_so == 0 &&
               (size_t)match.rm_eo == account.length;
    regfree(&pattern);
    return accepted;
}

/* ---- the environment ---- */

static char upper(char byte)
{
    return byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
}

/* Whether `name` is SECTION_KEY of the two, or KEY when there is no section. */
static bool name_is(struct str name, const char *section, const char *key)
{
    char wanted[CONFIG_TEXT_SIZE];
    int length =
        snprintf(wanted, sizeof(wanted), "%s%s%s", section, section[0] != '\0' ? "_" : "", key);

    if (length < 0 || (size_t)length >= sizeof(wanted))
        return false;
    for (size_t i = 0; wanted[i] != '\0'; i++)
        wanted[i] = upper(wanted[i]);
    return str_equal(name, str_from(wanted));
}

/* "SHORTCODE_600111_TYPE": the section is made when the file does not have it. */
static bool short_code_name_find(struct config_loader *loader, struct str name,
                                 struct config_key *ret_key)
{
    struct str rest = name, number;
    size_t short_code, row = 0;

    if (!str_starts_with(name, STR("SHORTCODE_")))
        return false;
    (void)str_cut(&rest, '_');
    number = str_cut(&rest, '_');
    while (row < SHORT_CODE_ROW_COUNT && !name_is(rest, "", short_code_rows[row].key))
        row++;
    if (row == SHORT_CODE_ROW_COUNT)
        return false;
    if (!short_code_index(loader->config, number, &short_code) &&
        config_short_code_add(loader, number, &short_code) != ERR_OK)
        return false;
    *ret_key = config_short_code_key(loader, short_code, (enum short_code_row_index)row);
    return true;
}

static bool name_find(struct config_loader *loader, struct str name, struct config_key *ret_key)
{
    for (size_t i = 0; i < CONFIG_ROW_COUNT; i++)
        if (name_is(name, config_rows[i].section, config_rows[i].key)) {
            *ret_key = config_key(loader, (enum config_row_index)i);
            return true;
        }
    return short_code_name_find(loader, name, ret_key);
}

/* One variable that starts with our prefix. */
static void variable_load(struct config_loader *loader, struct str variable, struct str value)
{
    const struct config_place place = {.variable = variable};
    char memory[PROBLEM_SIZE];
    struct config_key key;
    struct buffer problem;

    if (str_equal(variable, STR("RISITI_FCGI")) || str_equal(variable, STR("RISITI_CONFIG")))
        return;
    if (!name_find(loader, str_skip(variable, VARIABLE_PREFIX.length), &key)) {
        if (str_is_printable(variable))
            config_place_warning(loader, place, "there is no such key");
        return;
    }
    *key.place = place;
    buffer_init_over(&problem, memory, sizeof(memory));
    if (key.row->kind == CONFIG_KIND_SECRET && !str_starts_with(value, STR(CONFIG_SECRET_FILE)))
        config_error(loader, key, "a secret is given in the environment only as %s/path",
                     CONFIG_SECRET_FILE);
    else if (config_value_set(key.row, key.base, value, &problem) != ERR_OK)
        config_error(loader, key, "%.*s", STR_ARG(buffer_str(&problem)));
}

static void environment_load(struct config_loader *loader)
{
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        struct str value = str_from(*entry);
        struct str variable = str_cut(&value, '=');

        if (value.data != NULL && str_starts_with(variable, VARIABLE_PREFIX))
            variable_load(loader, variable, value);
    }
}

/* ---- the whole ---- */

const char *config_path(const char *option)
{
    const char *path = option != NULL ? option : getenv("RISITI_CONFIG");

    return path != NULL && path[0] != '\0' ? path : CONFIG_DEFAULT_PATH;
}

static enum err loader_run(struct config_loader *loader)
{
    const size_t errors_before = loader->findings->error_count;
    enum err err = ERR_OK;

    defaults_set(config_rows, CONFIG_ROW_COUNT, loader->config);
    if (str_copy(str_from(loader->path), loader->config->path, sizeof(loader->config->path)))
        err = config_file_load(loader);
    else
        config_line_error(loader, 0, "this path is longer than %d bytes", CONFIG_TEXT_SIZE - 1);
    if (err != ERR_OK)
        return err;
    environment_load(loader);
    config_check(loader);
    return loader->findings->error_count > errors_before ? ERR_CONFIG : ERR_OK;
}

enum err config_load(const char *path, struct config **ret_config, struct config_findings *findings)
{
    struct config_loader *loader = mem_alloc(1, sizeof(*loader));
    struct config *config = mem_alloc(1, sizeof(*config));
    enum err err = ERR_NOMEM;

    if (loader != NULL && config != NULL) {
        *loader = (struct config_loader){.path = path, .config = config, .findings = findings};
        err = loader_run(loader);
    }
    mem_free(loader);
    if (err == ERR_OK)
        *ret_config = config;
    else
        config_free(config);
    return err;
}

void config_free(struct config *config)
{
    if (config != NULL)
        crypto_wipe(config, sizeof(*config));
    mem_free(config);
}
