/* The log: order and form of lines, what text from outside can do to them, files and syslog. */
#include "risiti/base/base.h"

#include "risiti/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "risiti/base/arena.h"
#include "risiti/base/clock.h"
#include "risiti/base/jread.h"

#include "tap.h"

#define FILE_BYTES_MAX (4 * 1024 * 1024)
#define PATH_SIZE 128
#define ARENA_BYTES_MAX 65536
#define WRITERS 4
#define LINES_EACH 200

static char folder[] = "/tmp/risiti-test-log.XXXXXX";
static char path[PATH_SIZE], path_moved[PATH_SIZE];
static char contents[FILE_BYTES_MAX];

/* What the last call of syslog said: the test's own functions stand in for the library's. */
static struct {
    char ident[64], line[LOG_LINE_BYTES_MAX + 1];
    int priority, calls;
} syslog_seen;

static void syslog_note(int priority, const char *format, va_list values)
{
    syslog_seen.priority = priority;
    syslog_seen.calls++;
    (void)vsnprintf(syslog_seen.line, sizeof(syslog_seen.line), format, values);
}

void openlog(const char *ident, int option, int facility)
{
    CU_ASSERT_EQUAL(option, LOG_PID);
    CU_ASSERT_EQUAL(facility, LOG_DAEMON);
    (void)snprintf(syslog_seen.ident, sizeof(syslog_seen.ident), "%s", ident);
}

void closelog(void)
{
    syslog_seen.ident[0] = '\0';
}

void syslog(int priority, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    syslog_note(priority, format, values);
    va_end(values);
}

/* What syslog becomes where the library checks formats at run time. */
#pragma GCC diagnostic ignored "-Wredundant-decls"
void __syslog_chk(int priority, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void __syslog_chk(int priority, int flag, const char *format, ...)
{
    va_list values;

    (void)flag;
    va_start(values, format);
    syslog_note(priority, format, values);
    va_end(values);
}

/* A log in an empty file. */
static void log_begin(enum log_format format, enum log_level level)
{
    struct log_options options = {
        .target = path, .format = format, .level = level, .program = "risiti-test"};

    (void)unlink(path); /* there may be none */
    CU_ASSERT_EQUAL_FATAL(log_open(&options), ERR_OK);
    log_set_request(STR_EMPTY);
}

static struct str file_read(const char *name)
{
    FILE *file = fopen(name, "rbe");
    size_t length;

    if (file == NULL)
        return STR_EMPTY;
    length = fread(contents, 1, sizeof(contents), file);
    CU_ASSERT_TRUE_FATAL(length < sizeof(contents));
    (void)fclose(file); /* it was only read */
    return (struct str){contents, length};
}

/* The only line in the log, without its line feed; what else a line must be is checked here. */
static struct str only_line(void)
{
    struct str text = file_read(path);

    CU_ASSERT_TRUE(text.length <= LOG_LINE_BYTES_MAX);
    CU_ASSERT_EQUAL(str_find(text, '\n') + 1, text.length);
    text = str_first(text, text.length - (text.length > 0));
    CU_ASSERT_TRUE(str_is_printable(text));
    return text;
}

static bool contains(struct str text, const char *part)
{
    struct str wanted = str_from(part);

    for (; text.length >= wanted.length; text = str_skip(text, 1)) {
        if (str_starts_with(text, wanted))
            return true;
        if (text.length == 0)
            break;
    }
    return false;
}

/* Writes one field into a fresh text log: whether the line ends like this. */
static bool field_is(const struct log_field *fields, size_t count, const char *end)
{
    struct str line;

    log_begin(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    log_write(LOG_LEVEL_INFO, "test", fields, count);
    line = only_line();
    if (!str_ends_with(line, str_from(end)))
        printf("# %.*s\n", STR_ARG(line));
    return str_ends_with(line, str_from(end));
}

static void lines_have_their_fields_in_order(void)
{
    char expected[256];
    struct str line;
    int length;

    log_begin(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    log_set_request(STR("0190-abc"));
    log_write(LOG_LEVEL_WARNING, "claim",
              LOG_FIELDS(LOG_TEXT("app", "My shop"), LOG_INT("ms", -3)));
    length = snprintf(expected, sizeof(expected),
                      " level=warning event=claim program=risiti-test pid=%d request=0190-abc "
                      "app=\"My shop\" ms=-3",
                      (int)getpid());
    CU_ASSERT_TRUE(length > 0 && (size_t)length < sizeof(expected));
    line = only_line();
    CU_ASSERT_TRUE(str_starts_with(line, STR("ts=20")));
    ASSERT_STR(str_skip(line, str_find(line, ' ')), expected);
}

static void times_are_now_in_utc(void)
{
    int64_t before_us = clock_now_us(), ts_us = 0;
    struct str ts;

    log_begin(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    log_write(LOG_LEVEL_INFO, "test", LOG_NO_FIELDS);
    ts = str_skip(only_line(), strlen("ts="));
    ts = str_first(ts, str_find(ts, ' '));
    CU_ASSERT_EQUAL(clock_parse_rfc3339(ts, &ts_us), ERR_OK);
    CU_ASSERT_TRUE(ts_us >= before_us && ts_us <= clock_now_us());
}

static void json_lines_are_objects_in_the_same_order(void)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    const struct jread *root = NULL;
    const char *why = NULL;
    struct str line;

    CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
    log_begin(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
    log_set_request(STR("r1"));
    log_write(LOG_LEVEL_ERROR, "claim",
              LOG_FIELDS(LOG_TEXT("app", "My \"shop\""), LOG_INT("ms", 3)));
    line = only_line();
    CU_ASSERT_EQUAL_FATAL(jread_parse(arena, line, &root, &why), ERR_OK);
    ASSERT_STR(jread_string(jread_member(root, "app")), "My \"shop\"");
    ASSERT_STR(jread_number(jread_member(root, "ms")), "3");
    CU_ASSERT_TRUE(str_starts_with(line, STR("{\"ts\":\"20")));
    CU_ASSERT_TRUE(contains(
        line, "\",\"level\":\"error\",\"event\":\"claim\",\"program\":\"risiti-test\",\"pid\":"));
    CU_ASSERT_TRUE(
        str_ends_with(line, STR(",\"request\":\"r1\",\"app\":\"My \\\"shop\\\"\",\"ms\":3}")));
    arena_free(arena);
}

static void only_plain_values_stand_without_quotes(void)
{
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_TEXT("a", "aZ09._:/@+,-")), " a=aZ09._:/@+,-"));
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_TEXT("a", "")), " a=\"\""));
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_TEXT("a", NULL)), ""));
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_TEXT("a", "b c")), " a=\"b c\""));
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_TEXT("a", "b=c")), " a=\"b=c\""));
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_TEXT("a", "b\"\\")), " a=\"b\\\"\\\\\""));
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_TEXT("a", "Mũ")), " a=\"Mũ\""));
}

static void text_from_outside_cannot_forge_a_line(void)
{
    static const struct str texts[] = {
        STR_INIT("a\nts=x level=error"),
        STR_INIT("a\r\nb"),
        STR_INIT("\x1b[2J"),
        STR_INIT("a\0b"),
        STR_INIT("\xe2\x80\xa8"),
        STR_INIT("\xe2\x80\xa9"),
        STR_INIT("\xc2\x85"),
        STR_INIT("\xff\xfe"),
        STR_INIT("\xe2\x82"),
        STR_INIT("\xed\xa0\x80"),
        STR_INIT("\xe2\x80\xae"),
        STR_INIT("\x7f\x08\x0b\x0c"),
    };

    for (size_t i = 0; i < 2 * ARRAY_LENGTH(texts); i++) {
        const struct str text = texts[i / 2];

        log_begin(i % 2 == 0 ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON, LOG_LEVEL_INFO);
        log_set_request(text);
        log_write(LOG_LEVEL_INFO, "test",
                  LOG_FIELDS(LOG_STR("a", text), LOG_CHECKOUT("b", text), LOG_PHONE("c", text)));
        CU_ASSERT_TRUE(only_line().length > 0);
    }
}

static void escapes_are_those_of_json(void)
{
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_STR("a", STR("\r\n\t\x1b\0x"))),
                            " a=\"\\r\\n\\t\\u001b\\u0000x\""));
    CU_ASSERT_TRUE(
        field_is(LOG_FIELDS(LOG_STR("a", STR("\xe2\x80\xa8\xff"))), " a=\"\\u2028\xef\xbf\xbd\""));
}

static void hostile_json_lines_are_still_json(void)
{
    static const struct str text = STR_INIT("\"}\n{\"\\\0\x1b\xe2\x80\xa8\xff");
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    const struct jread *root = NULL;
    const char *why = NULL;

    CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
    log_begin(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
    log_write(LOG_LEVEL_INFO, "a\"\nb",
              LOG_FIELDS(LOG_STR("a", str_first(text, 5)), LOG_STR("b", str_skip(text, 7))));
    CU_ASSERT_EQUAL_FATAL(jread_parse(arena, only_line(), &root, &why), ERR_OK);
    ASSERT_STR(jread_string(jread_member(root, "event")), "a\"\nb");
    ASSERT_STR(jread_string(jread_member(root, "a")), "\"}\n{\"");
    ASSERT_STR(jread_string(jread_member(root, "b")), "\x1b\xe2\x80\xa8\xef\xbf\xbd");
    arena_free(arena);
}

static void long_values_are_cut_with_a_mark(void)
{
    char text[LOG_VALUE_BYTES_MAX + 10];
    char expected[LOG_VALUE_BYTES_MAX + 64];

    memset(text, 'x', sizeof(text));
    (void)snprintf(expected, sizeof(expected), " a=%.*s", LOG_VALUE_BYTES_MAX, text);
    CU_ASSERT_TRUE(
        field_is(LOG_FIELDS(LOG_STR("a", ((struct str){text, LOG_VALUE_BYTES_MAX}))), expected));
    (void)snprintf(expected, sizeof(expected), " a=\"%.*s…+1 bytes\"", LOG_VALUE_BYTES_MAX, text);
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_STR("a", ((struct str){text, LOG_VALUE_BYTES_MAX + 1}))),
                            expected));
}

static void values_are_cut_between_characters(void)
{
    char text[LOG_VALUE_BYTES_MAX + 3];

    memset(text, 'x', sizeof(text));
    memcpy(text + LOG_VALUE_BYTES_MAX - 1, "\xf0\x9f\x92\xb0", 4);
    CU_ASSERT_TRUE(
        field_is(LOG_FIELDS(LOG_STR("a", ((struct str){text, sizeof(text)}))), "xxx…+4 bytes\""));
}

static void long_lines_drop_the_fields_that_do_not_fit(void)
{
    struct log_field fields[8];
    char text[LOG_VALUE_BYTES_MAX];

    /* Six bytes each in the line. */
    memset(text, '\x01', sizeof(text));
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++)
        fields[i] = (struct log_field){
            .key = i < 2 ? "kept" : "dropped", .kind = LOG_KIND_STR, .text = {text, sizeof(text)}};
    fields[7].text.length = 1;
    log_begin(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    log_write(LOG_LEVEL_INFO, "test", fields, ARRAY_LENGTH(fields));
    CU_ASSERT_TRUE(contains(only_line(), " kept="));
    CU_ASSERT_FALSE(contains(only_line(), "dropped"));
    CU_ASSERT_TRUE(str_ends_with(only_line(), STR("\\u0001\" cut=true")));
}

static void every_length_of_line_keeps_to_the_maximum(void)
{
    static const char *const keys[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j",
                                       "k", "l", "m", "n", "o", "p", "q", "r", "s", "t"};
    struct log_field fields[ARRAY_LENGTH(keys)];
    char text[LOG_VALUE_BYTES_MAX];
    bool was_cut = false;

    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++)
        fields[i] = (struct log_field){
            .key = keys[i], .kind = LOG_KIND_STR, .text = {text, LOG_VALUE_BYTES_MAX}};
    for (size_t i = 0; i < 2 * LOG_VALUE_BYTES_MAX; i++) {
        struct arena *arena = arena_new(ARENA_BYTES_MAX);
        const struct jread *root = NULL;
        const char *why = NULL;

        CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
        fields[15].text.length = i / 2;
        log_begin(i % 2 == 0 ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON, LOG_LEVEL_INFO);
        log_write(LOG_LEVEL_INFO, "test", fields, 16);
        if (i % 2 == 1) {
            CU_ASSERT_EQUAL_FATAL(jread_parse(arena, only_line(), &root, &why), ERR_OK);
            was_cut = jread_member(root, "cut") != NULL;
            CU_ASSERT_TRUE(was_cut == (jread_member(root, "p") == NULL));
            CU_ASSERT_TRUE(!was_cut || only_line().length > LOG_LINE_BYTES_MAX - 1100);
        } else {
            CU_ASSERT_TRUE(only_line().length > LOG_LINE_BYTES_MAX - 1100);
        }
        arena_free(arena);
    }
    CU_ASSERT_TRUE(was_cut);
}

static void phones_are_masked(void)
{
    CU_ASSERT_TRUE(
        field_is(LOG_FIELDS(LOG_PHONE("p", STR("254712345678"))), " p=\"2547*****678\""));
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_PHONE("p", STR("0712345678"))), " p=\"2547*****678\""));
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_PHONE("p", STR_EMPTY)), ""));
}

static void checkout_ids_do_not_show_the_payers_number(void)
{
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_CHECKOUT("c", STR("ws_CO_23112026141503127712345678"))),
                            " c=\"ws_CO_23112026141503**********78\""));
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_CHECKOUT("c", STR("ws_CO_2311202612712345678"))),
                            " c=\"ws_CO_2311202612*******78\""));
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_CHECKOUT("c", STR("1712345678"))), " c=\"1*******78\""));
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_CHECKOUT("c", STR("712345678"))), " c=\"*********\""));
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_CHECKOUT("c", STR_EMPTY)), ""));
}

static void long_checkout_ids_are_masked_within_bounds(void)
{
    char id[4096];

    memset(id, '7', sizeof(id));
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_CHECKOUT("c", ((struct str){id, sizeof(id)}))),
                            " c=\"77777777777777777777************************77\""));
}

static void identifiers_errors_and_numbers_have_their_form(void)
{
    struct uuid uuid = {{1, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 13, 14, 15, 16}};

    CU_ASSERT_TRUE(
        field_is(LOG_FIELDS(LOG_UUID("u", &uuid)), " u=01020304-0506-7008-800a-0b0c0d0e0f10"));
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_UUID("u", NULL)), ""));
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_ERROR_NAME("err", ERR_DB_AWAY)), " err=DB_AWAY"));
    CU_ASSERT_TRUE(field_is(LOG_FIELDS(LOG_INT("n", INT64_MIN)), " n=-9223372036854775808"));
}

static void lines_below_the_level_are_dropped(void)
{
    log_begin(LOG_FORMAT_TEXT, LOG_LEVEL_WARNING);
    log_write(LOG_LEVEL_INFO, "no", LOG_NO_FIELDS);
    log_write(LOG_LEVEL_DEBUG, "no", LOG_NO_FIELDS);
    CU_ASSERT_EQUAL(file_read(path).length, 0);
    log_write(LOG_LEVEL_WARNING, "yes", LOG_NO_FIELDS);
    CU_ASSERT_TRUE(contains(only_line(), "event=yes"));
}

static void the_request_is_in_every_line_until_changed(void)
{
    struct str text;

    log_begin(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    log_set_request(STR("one"));
    log_write(LOG_LEVEL_INFO, "a", LOG_NO_FIELDS);
    log_write(LOG_LEVEL_INFO, "b", LOG_NO_FIELDS);
    log_set_request(STR_EMPTY);
    log_write(LOG_LEVEL_INFO, "c", LOG_NO_FIELDS);
    text = file_read(path);
    CU_ASSERT_TRUE(contains(str_cut(&text, '\n'), "event=a program=risiti-test pid="));
    CU_ASSERT_TRUE(str_ends_with(str_cut(&text, '\n'), STR(" request=one")));
    CU_ASSERT_FALSE(contains(str_cut(&text, '\n'), "request="));
}

static void long_request_ids_are_cut(void)
{
    char id[LOG_REQUEST_BYTES_MAX + 2];

    memset(id, 'r', sizeof(id));
    memcpy(id + LOG_REQUEST_BYTES_MAX - 1, "\xc3\xa9", 2);
    log_begin(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    log_set_request((struct str){id, LOG_REQUEST_BYTES_MAX - 1});
    log_write(LOG_LEVEL_INFO, "a", LOG_NO_FIELDS);
    CU_ASSERT_TRUE(str_ends_with(only_line(), (struct str){id, LOG_REQUEST_BYTES_MAX - 1}));
    log_begin(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    log_set_request((struct str){id, sizeof(id)});
    log_write(LOG_LEVEL_INFO, "a", LOG_NO_FIELDS);
    CU_ASSERT_TRUE(str_ends_with(only_line(), (struct str){id, LOG_REQUEST_BYTES_MAX - 1}));
}

/* The open descriptor of the log file, or -1. */
static int log_descriptor(void)
{
    for (int fd = STDERR_FILENO + 1; fd < 64; fd++) {
        struct stat ours, other;

        if (fstat(fd, &other) == 0 && stat(path, &ours) == 0 && ours.st_ino == other.st_ino &&
            ours.st_dev == other.st_dev)
            return fd;
    }
    return -1;
}

static void files_are_private_appended_and_closed_on_exec(void)
{
    mode_t mask = umask(0);
    struct stat file = {0};
    int fd;

    log_begin(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    (void)umask(mask);
    CU_ASSERT_EQUAL(stat(path, &file), 0);
    CU_ASSERT_EQUAL(file.st_mode & 07777, 0640);
    fd = log_descriptor();
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_TRUE((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    CU_ASSERT_TRUE((fcntl(fd, F_GETFL) & O_APPEND) != 0);
}

static void reopening_follows_a_rotated_file(void)
{
    log_begin(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    log_write(LOG_LEVEL_INFO, "before", LOG_NO_FIELDS);
    CU_ASSERT_EQUAL_FATAL(rename(path, path_moved), 0);
    log_write(LOG_LEVEL_INFO, "still", LOG_NO_FIELDS);
    CU_ASSERT_EQUAL(log_reopen(), ERR_OK);
    log_write(LOG_LEVEL_INFO, "after", LOG_NO_FIELDS);
    CU_ASSERT_TRUE(contains(only_line(), "event=after"));
    CU_ASSERT_TRUE(contains(file_read(path_moved), "event=still"));
    CU_ASSERT_FALSE(contains(file_read(path_moved), "event=after"));
}

static void the_old_file_goes_on_when_reopening_fails(void)
{
    log_begin(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    CU_ASSERT_EQUAL_FATAL(rename(path, path_moved), 0);
    CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
    CU_ASSERT_EQUAL(log_reopen(), ERR_IO);
    CU_ASSERT_EQUAL(rmdir(path), 0);
    log_write(LOG_LEVEL_INFO, "after", LOG_NO_FIELDS);
    CU_ASSERT_TRUE(contains(file_read(path_moved), "event=after"));
}

static void a_log_that_cannot_open_leaves_the_old_one(void)
{
    static const struct log_options missing = {.target = "/nonexistent/risiti/log"};
    static const struct log_options relative = {.target = "risiti.log"};
    static const struct log_options empty = {.target = ""};
    static char longest[4096];
    struct log_options too_long = {.target = longest};

    memset(longest, '/', sizeof(longest) - 1);
    log_begin(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    CU_ASSERT_EQUAL(log_open(&missing), ERR_IO);
    CU_ASSERT_EQUAL(log_open(&relative), ERR_INVALID);
    CU_ASSERT_EQUAL(log_open(&empty), ERR_INVALID);
    CU_ASSERT_EQUAL(log_open(&too_long), ERR_INVALID);
    log_write(LOG_LEVEL_INFO, "after", LOG_NO_FIELDS);
    CU_ASSERT_TRUE(contains(only_line(), "event=after program=risiti-test"));
}

/* Writes one line with standard error going to the file. */
static struct str line_on_stderr(void)
{
    int saved = dup(STDERR_FILENO);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    CU_ASSERT_TRUE_FATAL(saved >= 0 && fd >= 0);
    CU_ASSERT_TRUE(dup2(fd, STDERR_FILENO) >= 0);
    log_write(LOG_LEVEL_INFO, "test", LOG_NO_FIELDS);
    CU_ASSERT_TRUE(dup2(saved, STDERR_FILENO) >= 0);
    CU_ASSERT_EQUAL(close(saved), 0);
    CU_ASSERT_EQUAL(close(fd), 0);
    return only_line();
}

static void without_a_log_lines_go_to_standard_error(void)
{
    static const struct log_options to_stderr = {
        .target = "stderr", .format = LOG_FORMAT_JSON, .level = LOG_LEVEL_INFO, .program = "p"};

    log_close();
    CU_ASSERT_TRUE(str_starts_with(line_on_stderr(), STR("ts=20")));
    CU_ASSERT_EQUAL(log_open(&to_stderr), ERR_OK);
    CU_ASSERT_TRUE(str_starts_with(line_on_stderr(), STR("{\"ts\":\"20")));
    CU_ASSERT_EQUAL(log_reopen(), ERR_OK);
    log_close();
    CU_ASSERT_TRUE(fcntl(STDERR_FILENO, F_GETFD) >= 0);
}

static void syslog_gets_one_call_a_line(void)
{
    static const struct log_options to_syslog = {.target = "syslog",
                                                 .format = LOG_FORMAT_TEXT,
                                                 .level = LOG_LEVEL_INFO,
                                                 .program = "risiti"};

    syslog_seen.calls = 0;
    CU_ASSERT_EQUAL_FATAL(log_open(&to_syslog), ERR_OK);
    CU_ASSERT_STRING_EQUAL(syslog_seen.ident, "risiti");
    log_write(LOG_LEVEL_WARNING, "test", LOG_FIELDS(LOG_TEXT("a", "100%s %n\n")));
    CU_ASSERT_EQUAL(syslog_seen.calls, 1);
    CU_ASSERT_EQUAL(syslog_seen.priority, LOG_WARNING);
    CU_ASSERT_TRUE(str_ends_with(str_from(syslog_seen.line), STR(" a=\"100%s %n\\n\"")));
    log_write(LOG_LEVEL_ERROR, "test", LOG_NO_FIELDS);
    CU_ASSERT_EQUAL(syslog_seen.priority, LOG_ERR);
    log_write(LOG_LEVEL_DEBUG, "test", LOG_NO_FIELDS);
    CU_ASSERT_EQUAL(syslog_seen.calls, 2);
    CU_ASSERT_EQUAL(log_reopen(), ERR_OK);
    log_close();
    CU_ASSERT_STRING_EQUAL(syslog_seen.ident, "");
}

static void writing_leaves_errno_alone(void)
{
    int null = open("/dev/full", O_WRONLY | O_CLOEXEC);
    int saved = dup(STDERR_FILENO);

    CU_ASSERT_TRUE_FATAL(null >= 0 && saved >= 0);
    log_close();
    CU_ASSERT_TRUE(dup2(null, STDERR_FILENO) >= 0);
    errno = E2BIG;
    log_write(LOG_LEVEL_ERROR, "test", LOG_NO_FIELDS);
    CU_ASSERT_EQUAL(errno, E2BIG);
    CU_ASSERT_TRUE(dup2(saved, STDERR_FILENO) >= 0);
    CU_ASSERT_EQUAL(close(null), 0);
    CU_ASSERT_EQUAL(close(saved), 0);
}

/* A process that writes lines of one letter. */
static pid_t writer_start(char letter)
{
    pid_t pid = fork();
    char text[LOG_VALUE_BYTES_MAX];
    struct str value = {text, sizeof(text)};

    if (pid != 0)
        return pid;
    memset(text, letter, sizeof(text));
    for (unsigned i = 0; i < LINES_EACH; i++)
        log_write(LOG_LEVEL_INFO, "test",
                  LOG_FIELDS(LOG_STR("a", value), LOG_STR("b", value), LOG_STR("c", value),
                             LOG_STR("d", value)));
    _exit(EXIT_SUCCESS);
}

/* Whether a line has all four values of one letter, in this order. */
static bool is_unmixed(struct str line)
{
    struct str value = str_skip(line, line.length - LOG_VALUE_BYTES_MAX);
    char letter[] = {value.length > 0 ? value.data[0] : ' '};

    return str_starts_with(line, STR("ts=")) && contains(line, " a=") && contains(line, " b=") &&
           contains(line, " c=") && str_consists_of(value, (struct str){letter, 1}) &&
           line.length > (size_t)4 * LOG_VALUE_BYTES_MAX &&
           line.length < (size_t)4 * LOG_VALUE_BYTES_MAX + 150;
}

static void lines_of_several_processes_do_not_mix(void)
{
    pid_t pids[WRITERS];
    size_t lines = 0;
    struct str text;

    log_begin(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    for (size_t i = 0; i < WRITERS; i++)
        pids[i] = writer_start((char)('p' + (char)i));
    for (size_t i = 0; i < WRITERS; i++) {
        int status = -1;

        CU_ASSERT_TRUE(pids[i] > 0 && waitpid(pids[i], &status, 0) == pids[i]);
        CU_ASSERT_EQUAL(status, 0);
    }
    text = file_read(path);
    while (text.length > 0) {
        CU_ASSERT_TRUE(is_unmixed(str_cut(&text, '\n')));
        lines++;
    }
    CU_ASSERT_EQUAL(lines, (size_t)WRITERS * LINES_EACH);
}

static const struct tap_test tests[] = {
    TAP_TEST(lines_have_their_fields_in_order),
    TAP_TEST(times_are_now_in_utc),
    TAP_TEST(json_lines_are_objects_in_the_same_order),
    TAP_TEST(only_plain_values_stand_without_quotes),
    TAP_TEST(text_from_outside_cannot_forge_a_line),
    TAP_TEST(escapes_are_those_of_json),
    TAP_TEST(hostile_json_lines_are_still_json),
    TAP_TEST(long_values_are_cut_with_a_mark),
    TAP_TEST(values_are_cut_between_characters),
    TAP_TEST(long_lines_drop_the_fields_that_do_not_fit),
    TAP_TEST(every_length_of_line_keeps_to_the_maximum),
    TAP_TEST(phones_are_masked),
    TAP_TEST(checkout_ids_do_not_show_the_payers_number),
    TAP_TEST(long_checkout_ids_are_masked_within_bounds),
    TAP_TEST(identifiers_errors_and_numbers_have_their_form),
    TAP_TEST(lines_below_the_level_are_dropped),
    TAP_TEST(the_request_is_in_every_line_until_changed),
    TAP_TEST(long_request_ids_are_cut),
    TAP_TEST(files_are_private_appended_and_closed_on_exec),
    TAP_TEST(reopening_follows_a_rotated_file),
    TAP_TEST(the_old_file_goes_on_when_reopening_fails),
    TAP_TEST(a_log_that_cannot_open_leaves_the_old_one),
    TAP_TEST(without_a_log_lines_go_to_standard_error),
    TAP_TEST(syslog_gets_one_call_a_line),
    TAP_TEST(writing_leaves_errno_alone),
    TAP_TEST(lines_of_several_processes_do_not_mix),
};

int main(void)
{
    int status;

    if (mkdtemp(folder) == NULL)
        return EXIT_FAILURE;
    (void)snprintf(path, sizeof(path), "%s/risiti.log", folder);
    (void)snprintf(path_moved, sizeof(path_moved), "%s/risiti.log.1", folder);
    status = tap_run("log", tests, ARRAY_LENGTH(tests));
    log_close();
    (void)unlink(path); /* a test that failed may have left any of them */
    (void)unlink(path_moved);
    (void)rmdir(folder);
    return status;
}
