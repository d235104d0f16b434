/*
 * The log: see log.h. A line is made in memory of its own and leaves in one write, so that lines
 * of several processes do not mix. Text is escaped as JSON strings are, in both formats.
 */
#include "risiti/base/base.h"

#include "risiti/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <syslog.h>
#include <unistd.h>

#include "risiti/base/buffer.h"
#include "risiti/base/clock.h"
#include "risiti/base/jwrite.h"
#include "risiti/base/phone.h"

/* Kept free for what ends a line: that it was cut, a bracket, the line feed. */
#define LINE_END_BYTES 16
/* The mark behind a cut value: how much is missing. */
#define CUT_MARK_SIZE 40
#define PATH_SIZE 256
#define PROGRAM_SIZE 32
#define WRITE_TRIES_MAX 3
/* Of a checkout id: what stays in front, at its end, and what belongs to the payer's number. */
#define CHECKOUT_FIRST 20
#define CHECKOUT_LAST 2
#define CHECKOUT_PHONE_DIGITS 9
#define CHECKOUT_STARS_MAX 24
#define CHECKOUT_MASK_SIZE (CHECKOUT_FIRST + CHECKOUT_STARS_MAX + CHECKOUT_LAST + 1)

/* One line being made. */
struct line {
    struct buffer buffer;
    struct jwrite json;
    bool is_cut;
    char memory[LOG_LINE_BYTES_MAX + 1];
};

enum sink { SINK_STDERR, SINK_SYSLOG, SINK_FILE };

/* What log_open and log_set_request leave behind: the one writable state of base. */
static struct {
    enum sink sink;
    int fd; /* of a file; else -1 */
    enum log_format format;
    enum log_level level;
    char path[PATH_SIZE];
    char program[PROGRAM_SIZE];
    char request[LOG_REQUEST_BYTES_MAX + 1];
} state = {.sink = SINK_STDERR, .fd = -1, .format = LOG_FORMAT_TEXT, .level = LOG_LEVEL_INFO};

static const char *level_name(enum log_level level)
{
    static const char *const names[] = {
        [LOG_LEVEL_ERROR] = "error",
        [LOG_LEVEL_WARNING] = "warning",
        [LOG_LEVEL_INFO] = "info",
        [LOG_LEVEL_DEBUG] = "debug",
    };

    return names[level];
}

static int level_priority(enum log_level level)
{
    static const int priorities[] = {
        [LOG_LEVEL_ERROR] = LOG_ERR,
        [LOG_LEVEL_WARNING] = LOG_WARNING,
        [LOG_LEVEL_INFO] = LOG_INFO,
        [LOG_LEVEL_DEBUG] = LOG_DEBUG,
    };

    return priorities[level];
}

/* At most `bytes_max` bytes of the text, no code point cut in two. */
static struct str text_cut(struct str text, size_t bytes_max)
{
    size_t length = bytes_max;

    if (text.length <= bytes_max)
        return text;
    while (length > bytes_max - 3 && ((unsigned char)text.data[length] & 0xc0) == 0x80)
        length--;
    return str_first(text, length);
}

/* text_cut into a buffer of bytes_max + 1 bytes; text with a NUL becomes empty. */
static void text_keep(struct str text, char *buffer, size_t buffer_size)
{
    if (!str_copy(text_cut(text, buffer_size - 1), buffer, buffer_size))
        buffer[0] = '\0';
}

/* Whether a value can stand in a text line without quotes. */
static bool is_bare(struct str text)
{
    return text.length > 0 &&
           str_consists_of(text, STR("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789._:/@+,-"));
}

static void line_key(struct line *line, const char *key)
{
    if (line->buffer.length > 0)
        buffer_append_byte(&line->buffer, ' ');
    buffer_append(&line->buffer, str_from(key));
    buffer_append_byte(&line->buffer, '=');
}

static void line_whole_str(struct line *line, const char *key, struct str text)
{
    struct str value = {text.data != NULL ? text.data : "", text.length};
    struct jwrite quoted;

    if (state.format == LOG_FORMAT_JSON) {
        jwrite_str(&line->json, key, value);
        return;
    }
    line_key(line, key);
    if (is_bare(value)) {
        buffer_append(&line->buffer, value);
    } else {
        jwrite_init(&quoted, &line->buffer);
        jwrite_str(&quoted, NULL, value);
    }
}

static void line_str(struct line *line, const char *key, struct str text)
{
    struct str kept = text_cut(text, LOG_VALUE_BYTES_MAX);
    char memory[LOG_VALUE_BYTES_MAX + CUT_MARK_SIZE];
    struct buffer cut;

    if (kept.length == text.length) {
        line_whole_str(line, key, text);
        return;
    }
    buffer_init_over(&cut, memory, sizeof(memory));
    buffer_append(&cut, kept);
    buffer_format(&cut, "…+%zu bytes", text.length - kept.length);
    line_whole_str(line, key, buffer_str(&cut));
}

static void line_int(struct line *line, const char *key, int64_t value)
{
    if (state.format == LOG_FORMAT_JSON) {
        jwrite_int(&line->json, key, value);
        return;
    }
    line_key(line, key);
    buffer_format(&line->buffer, "%lld", (long long)value);
}

static void line_checkout(struct line *line, const char *key, struct str id)
{
    /* What cannot hold a payer's number behind its first characters is hidden whole. */
    size_t before = id.length > CHECKOUT_PHONE_DIGITS ? id.length - CHECKOUT_PHONE_DIGITS : 0;
    size_t first = before < CHECKOUT_FIRST ? before : CHECKOUT_FIRST;
    size_t last = before > 0 ? CHECKOUT_LAST : 0;
    size_t stars = id.length - first - last;
    char memory[CHECKOUT_MASK_SIZE];
    struct buffer mask;

    buffer_init_over(&mask, memory, sizeof(memory));
    buffer_append(&mask, str_first(id, first));
    for (size_t i = 0; i < stars && i < CHECKOUT_STARS_MAX; i++)
        buffer_append_byte(&mask, '*');
    buffer_append(&mask, str_skip(id, id.length - last));
    line_str(line, key, buffer_str(&mask));
}

static void line_field(struct line *line, const struct log_field *field)
{
    char uuid[UUID_TEXT_SIZE], phone[PHONE_MASK_SIZE];
    struct str text = field->text;

    switch (field->kind) {
    case LOG_KIND_INT:
        line_int(line, field->key, field->integer);
        return;
    case LOG_KIND_CHECKOUT:
        line_checkout(line, field->key, text);
        return;
    case LOG_KIND_UUID:
        text = str_from(uuid_format(field->uuid, uuid));
        break;
    case LOG_KIND_PHONE:
        text = str_from(phone_mask(text, phone));
        break;
    case LOG_KIND_ERR:
        text = str_from(err_name((enum err)field->integer));
        break;
    case LOG_KIND_STR:
    default:
        break;
    }
    line_str(line, field->key, text);
}

/* What every line has. It always fits. */
static void line_begin(struct line *line, enum log_level level, const char *event)
{
    char time[CLOCK_RFC3339_SIZE];

    line->is_cut = false;
    buffer_init_over(&line->buffer, line->memory, sizeof(line->memory));
    line->buffer.bytes_max -= LINE_END_BYTES;
    jwrite_init(&line->json, &line->buffer);
    if (state.format == LOG_FORMAT_JSON)
        jwrite_object_begin(&line->json, NULL);
    line_str(line, "ts", str_from(clock_format_rfc3339(clock_now_us(), time)));
    line_str(line, "level", str_from(level_name(level)));
    line_str(line, "event", str_from(event));
    if (state.program[0] != '\0')
        line_str(line, "program", str_from(state.program));
    line_int(line, "pid", getpid());
    if (state.request[0] != '\0')
        line_str(line, "request", str_from(state.request));
}

/* A field without a value is not written: the line is for people in a hurry. */
static bool field_has_value(const struct log_field *field)
{
    switch (field->kind) {
    case LOG_KIND_STR:
    case LOG_KIND_PHONE:
    case LOG_KIND_CHECKOUT:
        return field->text.data != NULL;
    case LOG_KIND_UUID:
        return field->uuid != NULL;
    case LOG_KIND_INT:
    case LOG_KIND_ERR:
        break;
    }
    return true;
}

/* Fields as long as they fit: the first that does not is taken back, and ends the line. */
static void line_fields(struct line *line, const struct log_field *fields, size_t field_count)
{
    for (size_t i = 0; i < field_count && !line->is_cut; i++) {
        size_t length = line->buffer.length;

        if (!field_has_value(&fields[i]))
            continue;
        line_field(line, &fields[i]);
        if (line->buffer.err != ERR_OK) {
            line->buffer.err = ERR_OK;
            line->buffer.length = length;
            line->is_cut = true;
        }
    }
}

/* Without the line feed. */
static void line_end(struct line *line)
{
    line->buffer.bytes_max += LINE_END_BYTES;
    if (state.format == LOG_FORMAT_JSON) {
        if (line->is_cut)
            jwrite_bool(&line->json, "cut", true);
        jwrite_object_end(&line->json);
    } else if (line->is_cut) {
        buffer_append(&line->buffer, STR(" cut=true"));
    }
    ASSERT(line->buffer.err == ERR_OK);
}

static void line_write(struct line *line, enum log_level level)
{
    int fd = state.sink == SINK_FILE ? state.fd : STDERR_FILENO;
    ssize_t written = -1;

    if (state.sink == SINK_SYSLOG) {
        syslog(level_priority(level), "%s", line->buffer.data);
        return;
    }
    buffer_append_byte(&line->buffer, '\n');
    for (unsigned tries = 0; tries < WRITE_TRIES_MAX && written < 0; tries++) {
        written = write(fd, line->buffer.data, line->buffer.length);
        if (written < 0 && errno != EINTR)
            return;
    }
}

void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t field_count)
{
    int errno_before = errno;
    struct line line;

    if (level > state.level)
        return;
    line_begin(&line, level, event);
    line_fields(&line, fields, field_count);
    line_end(&line);
    line_write(&line, level);
    errno = errno_before;
}

void log_set_request(struct str request_id)
{
    text_keep(request_id, state.request, sizeof(state.request));
}

static int file_open(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
}

enum err log_open(const struct log_options *options)
{
    struct str target = str_from(options->target);
    enum sink sink = SINK_FILE;
    int fd = -1;

    if (str_equal(target, STR("stderr")))
        sink = SINK_STDERR;
    else if (str_equal(target, STR("syslog")))
        sink = SINK_SYSLOG;
    else if (!str_starts_with(target, STR("/")) || target.length >= sizeof(state.path))
        return ERR_INVALID;
    if (sink == SINK_FILE) {
        fd = file_open(options->target);
        if (fd < 0)
            return ERR_IO;
    }
    log_close();
    state.sink = sink;
    state.fd = fd;
    state.format = options->format;
    state.level = options->level;
    text_keep(target, state.path, sizeof(state.path));
    text_keep(str_from(options->program), state.program, sizeof(state.program));
    if (sink == SINK_SYSLOG)
        openlog(state.program, LOG_PID, LOG_DAEMON);
    return ERR_OK;
}

enum err log_reopen(void)
{
    int fd;

    if (state.sink != SINK_FILE)
        return ERR_OK;
    fd = file_open(state.path);
    if (fd < 0)
        return ERR_IO;
    (void)close(state.fd); /* every line in it was written already */
    state.fd = fd;
    return ERR_OK;
}

void log_close(void)
{
    if (state.sink == SINK_SYSLOG)
        closelog();
    if (state.fd >= 0)
        (void)close(state.fd); /* every line in it was written already */
    state.sink = SINK_STDERR;
    state.fd = -1;
    state.format = LOG_FORMAT_TEXT;
}
