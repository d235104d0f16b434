/*
 * The log: one line an event, key=value or JSON by configuration, to standard error, a file or
 * syslog. Values carry their kind, so that phones and checkout ids are masked here and nowhere
 * else, and text from outside cannot forge a line: control characters, quotes, invalid UTF-8 and
 * line separators are escaped, long values are cut; a field without a value (NULL) is left out.
 *
 *     log_write(LOG_LEVEL_INFO, "claim", LOG_FIELDS(LOG_TEXT("app", app->name), LOG_INT("ms", 3)));
 *     ts=2026-11-23T11:15:27.123456Z level=info event=claim program=risiti-fcgi pid=77
 *         request=… app="My shop" ms=3          (one line)
 *
 * base, http, db and daraja return errors; who handles an error logs it, once.
 */
#ifndef RISITI_BASE_LOG_H
#define RISITI_BASE_LOG_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"

/* The longest line, its line feed included; fields that do not fit are left out: cut=true. */
#define LOG_LINE_BYTES_MAX 8192
/* The longest value; a mark behind it says how much is missing. */
#define LOG_VALUE_BYTES_MAX 512
#define LOG_REQUEST_BYTES_MAX 64

/* Not the names of <syslog.h>, whose LOG_INFO and the like are macros. */
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct log_options {
    const char *target; /* "stderr", "syslog" or an absolute path */
    enum log_format format;
    enum log_level level; /* lines below it are dropped */
    const char *program;  /* the name in syslog and in lines: "risiti-fcgi" */
};

enum log_kind {
    LOG_KIND_STR,
    LOG_KIND_INT,
    LOG_KIND_UUID,
    LOG_KIND_PHONE,    /* masked: 2547*****678 */
    LOG_KIND_CHECKOUT, /* masked: it ends in the payer's number */
    LOG_KIND_ERR,      /* err_name() */
};

struct log_field {
    const char *key;
    enum log_kind kind;
    struct str text;
    int64_t integer;
    const struct uuid *uuid;
};

#define LOG_STR(name, view) \
    { \
        .key = (name), .kind = LOG_KIND_STR, .text = (view) \
    }
#define LOG_TEXT(name, cstring) \
    { \
        .key = (name), .kind = LOG_KIND_STR, .text = str_from(cstring) \
    }
#define LOG_INT(name, value) \
    { \
        .key = (name), .kind = LOG_KIND_INT, .integer = (int64_t)(value) \
    }
#define LOG_UUID(name, value) \
    { \
        .key = (name), .kind = LOG_KIND_UUID, .uuid = (value) \
    }
#define LOG_PHONE(name, view) \
    { \
        .key = (name), .kind = LOG_KIND_PHONE, .text = (view) \
    }
#define LOG_CHECKOUT(name, view) \
    { \
        .key = (name), .kind = LOG_KIND_CHECKOUT, .text = (view) \
    }
#define LOG_ERROR_NAME(name, value) \
    { \
        .key = (name), .kind = LOG_KIND_ERR, .integer = (int64_t)(value) \
    }

#define LOG_FIELDS(...) \
    (const struct log_field[]){__VA_ARGS__}, \
        sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field)
#define LOG_NO_FIELDS NULL, 0

/*
 * Until the first log_open, lines go to standard error as text. ERR_IO when a file cannot be
 * opened, ERR_INVALID for a target that is none; what was open goes on then. Files are made with
 * mode 0640 and are closed on exec.
 */
RISITI_CHECKED enum err log_open(const struct log_options *options);
/* Opens the file anew (logrotate). ERR_IO: the old one goes on. */
RISITI_CHECKED enum err log_reopen(void);
/* Lines then go to standard error as text. */
void log_close(void);
/*
 * Put into every line as `request=` until changed; empty for none. Copied, cut at
 * LOG_REQUEST_BYTES_MAX; text with a NUL is none.
 */
void log_set_request(struct str request_id);
/* Writes one line with one write(2). Failures are ignored: there is nowhere to tell them. */
void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t field_count);

#endif
