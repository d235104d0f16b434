/*
 * Reads the configuration file: see config.h. inih splits keys and tells what continues what, but
 * it cuts lines of 200 bytes without a word and names no lines. So it is fed by a reader of ours,
 * which counts the lines, keeps the current one whole, and hands inih only as much of it as tells
 * the key; the value is then taken from the whole line. Secrets thus never enter inih's memory.
 */
#include "risiti/base/base.h"

#include "risiti/base/config_rows.h"

#include <ini.h>

#include "risiti/base/crypto.h"
#include "risiti/base/mem.h"

#define FILE_BYTES_MAX ((size_t)256 * 1024)
#define LINE_BYTES_MAX 1000
#define SECTION_SIZE 64
#define SHORT_CODE_SECTION STR("shortcode")
#define PROBLEM_SIZE 600

enum section_kind {
    SECTION_NONE,    /* before the first one */
    SECTION_UNKNOWN, /* its keys are passed over */
    SECTION_MAIN,
    SECTION_SHORT_CODE,
};

struct file_reader {
    struct config_loader *loader;
    struct str rest; /* what has not been read yet; data NULL at the end */
    struct str line; /* the current line, without white space behind it */
    unsigned line_number;
    bool expects_key; /* inih has the line, and has not named its key yet */

    enum section_kind kind;
    char section[SECTION_SIZE];
    size_t short_code;

    bool key_open;  /* inih takes an indented line for more of this key's value */
    bool key_valid; /* it is a key of ours, and its value was good so far */
    struct config_key key;
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* ---- sections ---- */

/* A name from the file, when it can be shown. */
static struct str shown_name(struct str name)
{
    return str_is_printable(name) ? name : STR("?");
}

static bool section_exists(struct str name)
{
    for (size_t i = 0; i < CONFIG_ROW_COUNT; i++)
        if (str_equal(name, str_from(config_rows[i].section)))
            return true;
    return false;
}

/* "shortcode 600111": opens a new one. */
static void short_code_open(struct file_reader *reader, struct str number)
{
    struct config_loader *loader = reader->loader;

    switch (config_short_code_add(loader, number, &reader->short_code)) {
    case ERR_OK:
        reader->kind = SECTION_SHORT_CODE;
        loader->short_code_lines[reader->short_code] = reader->line_number;
        break;
    case ERR_DUPLICATE:
        config_line_error(loader, reader->line_number, "[shortcode %.*s] is there twice",
                          STR_ARG(number));
        break;
    case ERR_TOO_LARGE:
        config_line_error(loader, reader->line_number, "more than %d short codes",
                          CONFIG_SHORT_CODES_MAX);
        break;
    default:
        config_line_error(
            loader, reader->line_number,
            "a short code's section is [shortcode NUMBER], a number of 5 to 7 digits");
    }
}

/* A line that starts with a bracket. Keys of a section that is wrong are passed over. */
static void section_open(struct file_reader *reader)
{
    size_t end = str_find(reader->line, ']');
    struct str name = str_first(str_skip(reader->line, 1), end > 0 ? end - 1 : 0);
    struct str behind = str_trim(str_skip(reader->line, end + 1));
    struct str word;

    reader->key_open = false;
    reader->kind = SECTION_UNKNOWN;
    if (end == reader->line.length ||
        (behind.length > 0 && behind.data[0] != ';' && behind.data[0] != '#')) {
        config_line_error(reader->loader, reader->line_number, "a section is [name] and no more");
        return;
    }
    name = str_trim(name);
    word = str_first(name, str_find(name, ' '));
    if (str_equal(word, SHORT_CODE_SECTION)) {
        short_code_open(reader, str_trim(str_skip(name, word.length)));
    } else if (section_exists(name) && str_copy(name, reader->section, SECTION_SIZE)) {
        reader->kind = SECTION_MAIN;
    } else {
        config_line_error(reader->loader, reader->line_number, "[%.*s]: there is no such section",
                          STR_ARG(shown_name(name)));
    }
}

/* ---- the reader that inih calls for each line ---- */

/* inih did not call the handler for a line that should have had a key. */
static void settle(struct file_reader *reader)
{
    if (reader->expects_key)
        config_line_error(reader->loader, reader->line_number,
                          "neither a [section], nor key = value, nor a comment");
    reader->expects_key = false;
}

/* The part of a line that is enough for inih: up to the sign behind the key. */
static struct str key_part(struct str line)
{
    size_t equals = str_find(line, '='), colon = str_find(line, ':');

    return str_first(line, (equals < colon ? equals : colon) + 1);
}

/* What inih shall see of the current line. */
static struct str line_for_inih(struct file_reader *reader)
{
    struct str text = str_trim(reader->line);

    if (reader->line.length > LINE_BYTES_MAX) {
        config_line_error(reader->loader, reader->line_number, "longer than %d bytes",
                          LINE_BYTES_MAX);
        return STR_EMPTY;
    }
    if (text.length == 0 || text.data[0] == '#' || text.data[0] == ';')
        return STR_EMPTY;
    if (text.data[0] == '[' && reader->line.data[0] != '[') {
        config_line_error(reader->loader, reader->line_number, "a [section] is not indented");
        return STR_EMPTY;
    }
    if (text.data[0] == '[') {
        section_open(reader);
        return STR("[section]");
    }
    reader->expects_key = true;
    return key_part(reader->line);
}

/* In fgets's manner, as inih wants it. */
static char *next_line(char *to, int size, void *context)
{
    struct file_reader *reader = context;
    struct str part;

    settle(reader);
    if (reader->rest.data == NULL || size < 2)
        return NULL;
    reader->line = str_cut(&reader->rest, '\n');
    reader->line_number++;
    while (reader->line.length > 0 && (is_blank(reader->line.data[reader->line.length - 1]) ||
                                       reader->line.data[reader->line.length - 1] == '\r'))
        reader->line.length--;
    part = str_first(line_for_inih(reader), (size_t)size - 2);
    if (part.length > 0)
        memcpy(to, part.data, part.length);
    to[part.length] = '\n';
    to[part.length + 1] = '\0';
    return to;
}

/* ---- the handler that inih calls for each key ---- */

/* Cuts a comment off: a semicolon behind white space starts one, as inih has it. */
static struct str without_comment(struct str text, bool *ret_cut)
{
    *ret_cut = false;
    for (size_t i = 1; i < text.length; i++)
        if (text.data[i] == ';' && is_blank(text.data[i - 1])) {
            *ret_cut = true;
            return str_trim(str_first(text, i));
        }
    return str_trim(text);
}

static void key_error(struct file_reader *reader, const struct buffer *problem)
{
    struct config_place place = *reader->key.place;

    /* A further line of a list names itself, not the line of the key. */
    reader->key.place->line = reader->line_number;
    config_error(reader->loader, reader->key, "%.*s", STR_ARG(buffer_str(problem)));
    *reader->key.place = place;
    reader->key_valid = false;
}

static void value_set(struct file_reader *reader, struct str text, bool more)
{
    const struct config_row *row = reader->key.row;
    char memory[PROBLEM_SIZE];
    struct buffer problem;
    struct str value;
    bool cut;
    enum err err;

    buffer_init_over(&problem, memory, sizeof(memory));
    value = without_comment(text, &cut);
    if (cut && row->kind == CONFIG_KIND_SECRET) {
        buffer_append(&problem, STR("a semicolon behind a space starts a comment: put this secret "
                                    "into a file of its own, as file:/path"));
        err = ERR_INVALID;
    } else if (more) {
        err = config_value_extend(row, reader->key.base, value, &problem);
    } else {
        err = config_value_set(row, reader->key.base, value, &problem);
    }
    if (err != ERR_OK)
        key_error(reader, &problem);
    else if (row->kind == CONFIG_KIND_SECRET && value.length > 0 &&
             !str_starts_with(value, STR(CONFIG_SECRET_FILE)))
        reader->loader->config->has_secrets_in_file = true;
}

/* Finds the key in the current section; false when it is unknown or there already. */
static bool key_start(struct file_reader *reader, struct str name)
{
    struct config_loader *loader = reader->loader;
    bool in_short_code = reader->kind == SECTION_SHORT_CODE;
    char memory[PROBLEM_SIZE];
    struct buffer problem;

    if (in_short_code ? !config_short_code_key_find(loader, reader->short_code, name, &reader->key)
                      : !config_key_find(loader, str_from(reader->section), name, &reader->key)) {
        config_line_error(loader, reader->line_number, "[%s%s] %.*s: there is no such key",
                          in_short_code ? "shortcode " : reader->section,
                          in_short_code ? loader->config->short_codes[reader->short_code].number
                                        : "",
                          STR_ARG(shown_name(name)));
        return false;
    }
    if (reader->key.place->line != 0) {
        buffer_init_over(&problem, memory, sizeof(memory));
        buffer_format(&problem, "is given twice, first in line %u", reader->key.place->line);
        key_error(reader, &problem);
        return false;
    }
    reader->key.place->line = reader->line_number;
    return true;
}

static int handle_key(void *context, const char *section, const char *name, const char *value)
{
    struct file_reader *reader = context;
    bool more = reader->key_open && is_blank(reader->line.data[0]);

    (void)section; /* the reader saw it first, whole */
    (void)value;   /* cut by the reader on purpose */
    reader->expects_key = false;
    if (more) {
        if (reader->key_valid)
            value_set(reader, reader->line, true);
        return 1;
    }
    reader->key_open = true;
    reader->key_valid = false;
    if (reader->kind == SECTION_NONE)
        config_line_error(reader->loader, reader->line_number, "a key before the first [section]");
    if (reader->kind == SECTION_NONE || reader->kind == SECTION_UNKNOWN)
        return 1;
    reader->key_valid = key_start(reader, str_from(name));
    if (reader->key_valid)
        value_set(reader, str_skip(reader->line, key_part(reader->line).length), false);
    return 1;
}

/* ---- the file ---- */

static enum err file_parse(struct config_loader *loader, struct str text)
{
    struct file_reader reader = {.loader = loader, .rest = text};

    if (str_starts_with(text, STR("\xef\xbb\xbf")))
        reader.rest = str_skip(text, 3);
    /* Errors are found by the reader and the handler; a negative result is inih out of memory. */
    return ini_parse_stream(next_line, &reader, handle_key, &reader) < 0 ? ERR_NOMEM : ERR_OK;
}

enum err config_file_load(struct config_loader *loader)
{
    char *bytes = mem_alloc(FILE_BYTES_MAX, 1);
    struct str text = STR_EMPTY;
    mode_t mode = 0;
    enum err err;

    if (bytes == NULL)
        return ERR_NOMEM;
    err = config_file_read(loader->path, bytes, FILE_BYTES_MAX, &text, &mode);
    if (err != ERR_OK) {
        config_line_error(loader, 0, "%s", config_file_problem(err));
        err = ERR_OK;
    } else {
        err = file_parse(loader, text);
        if (loader->config->has_secrets_in_file && (mode & CONFIG_MODE_OTHERS) != 0)
            config_line_error(loader, 0, "holds secrets and is open to others: chmod o= %s",
                              loader->path);
    }
    crypto_wipe(bytes, FILE_BYTES_MAX);
    mem_free(bytes);
    return err;
}
