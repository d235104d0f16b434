/*
 * The configuration keys as rows of data, and what src/base/config*.c share while they load.
 * Other modules use base/config.h.
 */
#ifndef RISITI_BASE_CONFIG_ROWS_H
#define RISITI_BASE_CONFIG_ROWS_H

#include <sys/types.h>

#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"

/* What starts a secret that stands in a file of its own. */
#define CONFIG_SECRET_FILE "file:"

/* Nobody but owner and group may do anything with a file that holds a secret. */
#define CONFIG_MODE_OTHERS 0007

enum config_kind {
    CONFIG_KIND_TEXT,
    CONFIG_KIND_INT,
    CONFIG_KIND_BOOL,
    CONFIG_KIND_SECRET,
    CONFIG_KIND_CHOICE, /* an int: the index among the choices */
    CONFIG_KIND_SWITCH, /* a bool: whether it is the second of two choices */
    CONFIG_KIND_NETWORKS,
    CONFIG_KIND_SHILLINGS, /* struct money, from whole shillings */
};

/* One key. The value lies at `offset` in struct config or in struct config_short_code. */
struct config_row {
    const char *section, *key;
    enum config_kind kind;
    size_t offset, size;
    const char *fallback; /* as one would write it in the file */
    uint64_t min, max;
    const char *unit, *choices, *help;
    bool required; /* must not be empty */
};

/* The rows' indexes: CONFIG_ROW_service_workers, SHORT_CODE_ROW_passkey, … */
enum config_row_index {
#define CONFIG_TEXT(section, key, fallback, required, help) CONFIG_ROW_##section##_##key,
#define CONFIG_INT(section, key, fallback, min, max, unit, help) CONFIG_ROW_##section##_##key,
#define CONFIG_BOOL(section, key, fallback, help) CONFIG_ROW_##section##_##key,
#define CONFIG_SECRET(section, key, help) CONFIG_ROW_##section##_##key,
#define CONFIG_CHOICE(section, key, fallback, choices, help) CONFIG_ROW_##section##_##key,
#define CONFIG_NETWORKS(section, key, fallback, help) CONFIG_ROW_##section##_##key,
#include "risiti/base/config_keys.h"
    CONFIG_ROW_COUNT
};
enum short_code_row_index {
#define SHORT_CODE_KEY(key, field, kind, fallback, min, max, unit, choices, help) \
    SHORT_CODE_ROW_##key,
#include "risiti/base/config_short_code_keys.h"
    SHORT_CODE_ROW_COUNT
};

extern const struct config_row config_rows[CONFIG_ROW_COUNT];
extern const struct config_row short_code_rows[SHORT_CODE_ROW_COUNT];

/* Where a value came from: a line of the file, a variable of the environment, or neither. */
struct config_place {
    unsigned line;
    struct str variable;
};

/* One configuration while it is read and checked. */
struct config_loader {
    const char *path;
    struct config *config;
    struct config_findings *findings;
    struct config_place places[CONFIG_ROW_COUNT];
    struct config_place short_code_places[CONFIG_SHORT_CODES_MAX][SHORT_CODE_ROW_COUNT];
    unsigned short_code_lines[CONFIG_SHORT_CODES_MAX];
};

/* A key of the main table, or of one short code's section. */
struct config_key {
    const struct config_row *row;
    void *base; /* the struct that holds the value */
    struct config_place *place;
    const struct config_short_code *short_code; /* NULL for the main table */
};

struct config_key config_key(struct config_loader *loader, enum config_row_index index);
struct config_key config_short_code_key(struct config_loader *loader, size_t short_code,
                                        enum short_code_row_index index);
/* False when there is no such key. */
RISITI_CHECKED bool config_key_find(struct config_loader *loader, struct str section,
                                    struct str key, struct config_key *ret_key);
RISITI_CHECKED bool config_short_code_key_find(struct config_loader *loader, size_t short_code,
                                               struct str key, struct config_key *ret_key);
/* A new section with all defaults. ERR_INVALID: wrong number; ERR_DUPLICATE; ERR_TOO_LARGE. */
RISITI_CHECKED enum err config_short_code_add(struct config_loader *loader, struct str number,
                                              size_t *ret_short_code);

/* Findings about a key, with the place that its value came from. */
RISITI_PRINTF(3, 4)
void config_error(struct config_loader *loader, struct config_key key, const char *format, ...);
RISITI_PRINTF(3, 4)
void config_warning(struct config_loader *loader, struct config_key key, const char *format, ...);
/* An error of a line (0: of the file), not of a key. */
RISITI_PRINTF(3, 4)
void config_line_error(struct config_loader *loader, unsigned line, const char *format, ...);
/* A warning of a place, not of a key. */
RISITI_PRINTF(3, 4)
void config_place_warning(struct config_loader *loader, struct config_place place,
                          const char *format, ...);

/*
 * Reads one value by its row's kind into the struct at `base`. ERR_INVALID with a sentence in
 * `problem` (never with the value of a secret).
 */
RISITI_CHECKED enum err config_value_set(const struct config_row *row, void *base, struct str value,
                                         struct buffer *problem);
/* Adds the entries of a list's further line to the value. */
RISITI_CHECKED enum err config_value_extend(const struct config_row *row, void *base,
                                            struct str value, struct buffer *problem);
/*
 * A whole regular file of less than `size` bytes. ERR_IO with errno; ERR_INVALID when it is no
 * regular file; ERR_TOO_LARGE.
 */
RISITI_CHECKED enum err config_file_read(const char *path, char *buffer, size_t size,
                                         struct str *ret_text, mode_t *ret_mode);
/* The sentence for what config_file_read returned. */
const char *config_file_problem(enum err err);

/* Reads the file: every line, every key. ERR_NOMEM; everything else becomes findings. */
RISITI_CHECKED enum err config_file_load(struct config_loader *loader);
/* The rules over the whole. */
void config_check(struct config_loader *loader);

/* Adds the networks of a list "10.0.0.0/8, ::1". ERR_INVALID with a sentence in `problem`. */
RISITI_CHECKED enum err config_networks_parse(struct str list, struct config_networks *networks,
                                              struct buffer *problem);
/* Whether this machine's own addresses are in the network. */
bool config_network_has_loopback(const struct config_network *network);

#endif
