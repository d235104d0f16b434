/* Reads one configuration value by its row's kind, and files: see config_rows.h. */
#include "risiti/base/base.h"

#include "risiti/base/config_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "risiti/base/crypto.h"
#include "risiti/base/number.h"

#define CENTS_PER_SHILLING 100
/* A secret, a line end of two bytes, and one more to see that the file is too long. */
#define SECRET_FILE_SIZE (CONFIG_SECRET_SIZE + 2)

static enum err text_set(const struct config_row *row, char *field, struct str value,
                         struct buffer *problem)
{
    if (row->required && value.length == 0) {
        buffer_append(problem, STR("must not be empty"));
    } else if (!str_is_printable(value)) {
        buffer_append(problem, STR("holds bytes that are not printable UTF-8"));
    } else if (value.length >= 2 && str_starts_with(value, STR("\"")) &&
               str_ends_with(value, STR("\""))) {
        buffer_append(problem, STR("stands in quotes, which would become part of the value"));
    } else if (value.length >= row->size || !str_copy(value, field, row->size)) {
        buffer_format(problem, "is longer than %zu bytes", row->size - 1);
    } else {
        return ERR_OK;
    }
    return ERR_INVALID;
}

static enum err whole_number(const struct config_row *row, struct str value, uint64_t *ret_number,
                             struct buffer *problem)
{
    if (number_parse(value, row->min, row->max, ret_number) == ERR_OK)
        return ERR_OK;
    buffer_format(problem, "must be a whole number from %" PRIu64 " to %" PRIu64 "%s%s", row->min,
                  row->max, row->unit[0] != '\0' ? ", in " : "", row->unit);
    return ERR_INVALID;
}

static enum err bool_set(bool *field, struct str value, struct buffer *problem)
{
    static const char *const texts[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        if (str_equal_nocase(value, str_from(texts[i]))) {
            *field = i % 2 == 1;
            return ERR_OK;
        }
    buffer_append(problem, STR("must be yes or no"));
    return ERR_INVALID;
}

static enum err choice_of(const struct config_row *row, struct str value, int *ret_index,
                          struct buffer *problem)
{
    struct str rest = str_from(row->choices);

    for (int index = 0; rest.data != NULL; index++)
        if (str_equal_nocase(value, str_cut(&rest, '|'))) {
            *ret_index = index;
            return ERR_OK;
        }
    buffer_format(problem, "must be one of %s", row->choices);
    return ERR_INVALID;
}

/* Secrets become headers, passwords and keys: no control characters, no line ends. */
static enum err secret_copy(struct secret *field, struct str value, struct buffer *problem)
{
    if (!str_is_printable(value))
        buffer_append(problem, STR("holds bytes that are not printable UTF-8"));
    else if (value.length >= sizeof(field->text) ||
             !str_copy(value, field->text, sizeof(field->text)))
        buffer_format(problem, "is longer than %d bytes", CONFIG_SECRET_SIZE - 1);
    else
        return ERR_OK;
    return ERR_INVALID;
}

/* Reads to the end; the bytes must be fewer than `size`. */
static enum err read_all(int file, char *buffer, size_t size, size_t *ret_length)
{
    size_t length = 0;
    ssize_t count = -1;

    while (count != 0) {
        count = read(file, buffer + length, size - length);
        if (count < 0 && errno != EINTR)
            return ERR_IO;
        length += count > 0 ? (size_t)count : 0;
        if (length == size)
            return ERR_TOO_LARGE;
    }
    *ret_length = length;
    return ERR_OK;
}

enum err config_file_read(const char *path, char *buffer, size_t size, struct str *ret_text,
                          mode_t *ret_mode)
{
    /* Not blocking, so that a FIFO at this path does not hold a program up. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), saved;
    size_t length = 0;
    struct stat info;
    enum err err;

    if (file < 0)
        return ERR_IO;
    if (fstat(file, &info) != 0)
        err = ERR_IO;
    else
        err = S_ISREG(info.st_mode) ? read_all(file, buffer, size, &length) : ERR_INVALID;
    saved = errno;
    (void)close(file); /* only read from: nothing can be lost */
    errno = saved;
    if (err != ERR_OK)
        return err;
    *ret_text = (struct str){buffer, length};
    *ret_mode = info.st_mode;
    return ERR_OK;
}

const char *config_file_problem(enum err err)
{
    switch (err) {
    case ERR_INVALID:
        return "is not a regular file";
    case ERR_TOO_LARGE:
        return "is too long";
    default:
        return strerror(errno);
    }
}

static struct str without_line_end(struct str text)
{
    if (str_ends_with(text, STR("\n")))
        text.length--;
    if (str_ends_with(text, STR("\r")))
        text.length--;
    return text;
}

static enum err secret_from_file(struct secret *field, struct str path, struct buffer *problem)
{
    char name[CONFIG_TEXT_SIZE], bytes[SECRET_FILE_SIZE];
    struct str text = STR_EMPTY;
    mode_t mode = 0;
    enum err err = ERR_INVALID;

    if (!str_starts_with(path, STR("/")) || !str_is_printable(path) ||
        !str_copy(path, name, sizeof(name))) {
        buffer_format(problem, "%s must be followed by an absolute path of at most %d bytes",
                      CONFIG_SECRET_FILE, CONFIG_TEXT_SIZE - 1);
        return ERR_INVALID;
    }
    err = config_file_read(name, bytes, sizeof(bytes), &text, &mode);
    if (err != ERR_OK) {
        buffer_format(problem, "%s: %s", name, config_file_problem(err));
        err = ERR_INVALID;
    } else if ((mode & CONFIG_MODE_OTHERS) != 0) {
        buffer_format(problem, "%s holds a secret and is open to others: chmod o= %s", name, name);
        err = ERR_INVALID;
    } else if (without_line_end(text).length == 0) {
        buffer_format(problem, "%s is empty", name);
        err = ERR_INVALID;
    } else {
        err = secret_copy(field, without_line_end(text), problem);
    }
    crypto_wipe(bytes, sizeof(bytes));
    return err;
}

static enum err secret_set(struct secret *field, struct str value, struct buffer *problem)
{
    if (str_starts_with(value, STR(CONFIG_SECRET_FILE)))
        return secret_from_file(field, str_skip(value, STR(CONFIG_SECRET_FILE).length), problem);
    return secret_copy(field, value, problem);
}

/* The four kinds that are numbers in the end. */
static enum err number_set(const struct config_row *row, void *field, struct str value,
                           struct buffer *problem)
{
    uint64_t number = 0;
    int index = 0;
    enum err err;

    if (row->kind == CONFIG_KIND_CHOICE || row->kind == CONFIG_KIND_SWITCH)
        err = choice_of(row, value, &index, problem);
    else
        err = whole_number(row, value, &number, problem);
    if (err != ERR_OK)
        return err;
    if (row->kind == CONFIG_KIND_CHOICE)
        memcpy(field, &index, sizeof(index));
    else if (row->kind == CONFIG_KIND_SWITCH)
        *(bool *)field = index == 1;
    else if (row->kind == CONFIG_KIND_INT)
        *(int64_t *)field = (int64_t)number;
    else
        ((struct money *)field)->cents = (int64_t)number * CENTS_PER_SHILLING;
    return ERR_OK;
}

enum err config_value_set(const struct config_row *row, void *base, struct str value,
                          struct buffer *problem)
{
    void *field = (char *)base + row->offset;

    switch (row->kind) {
    case CONFIG_KIND_TEXT:
        return text_set(row, field, value, problem);
    case CONFIG_KIND_BOOL:
        return bool_set(field, value, problem);
    case CONFIG_KIND_SECRET:
        return secret_set(field, value, problem);
    case CONFIG_KIND_NETWORKS:
        ((struct config_networks *)field)->count = 0;
        return config_networks_parse(value, field, problem);
    case CONFIG_KIND_INT:
    case CONFIG_KIND_CHOICE:
    case CONFIG_KIND_SWITCH:
    case CONFIG_KIND_SHILLINGS:
    default:
        return number_set(row, field, value, problem);
    }
}

enum err config_value_extend(const struct config_row *row, void *base, struct str value,
                             struct buffer *problem)
{
    if (row->kind == CONFIG_KIND_NETWORKS)
        return config_networks_parse(value, (void *)((char *)base + row->offset), problem);
    buffer_append(problem, STR("only lists go on in indented lines; keys are not indented"));
    return ERR_INVALID;
}
