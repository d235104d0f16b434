/*
 * The configuration: an INI file, RISITI_SECTION_KEY from the environment over it, every value
 * checked against one table (base/config_keys.h) before anything runs. Errors name file and line.
 */
#ifndef RISITI_BASE_CONFIG_H
#define RISITI_BASE_CONFIG_H

#include "risiti/base/base.h"
#include "risiti/base/buffer.h"
#include "risiti/base/err.h"
#include "risiti/base/money.h"
#include "risiti/base/str.h"

#define CONFIG_DEFAULT_PATH "/etc/risiti/risiti.ini"
#define CONFIG_TEXT_SIZE 256 /* a value and its NUL */
#define CONFIG_SECRET_SIZE 512
#define CONFIG_ADDRESSES_MAX 64   /* entries of an address list */
#define CONFIG_SHORT_CODES_MAX 64 /* [shortcode …] sections */

/* A value that must never be printed: the logger has no kind for it. */
struct secret {
    char text[CONFIG_SECRET_SIZE]; /* empty when not set */
};

/* One entry of an address list: an IPv4 or IPv6 network. IPv4 is kept as ::ffff:a.b.c.d. */
struct config_network {
    unsigned char address[16];
    unsigned prefix_bits; /* of 128 */
};

struct config_networks {
    struct config_network items[CONFIG_ADDRESSES_MAX];
    size_t count;
};

enum short_code_type { SHORT_CODE_PAYBILL, SHORT_CODE_TILL };

/* One [shortcode NUMBER] section. */
struct config_short_code {
    char number[8];       /* what payers type: the PayBill, or the till number */
    char store_number[8]; /* tills: the head-office number that went live; else as number */
    enum short_code_type type;
    struct secret passkey;
    bool is_default;                     /* pushes go here */
    struct money amount_min, amount_max; /* for pushes and for C2B validation */
    /* POSIX extended, empty for any: see config_short_code_accepts. */
    char account_pattern[CONFIG_TEXT_SIZE];
    bool reject_on_timeout; /* ResponseType Cancelled instead of Completed at registration */
};

struct config {
    char path[CONFIG_TEXT_SIZE]; /* the file it came from */
    bool has_secrets_in_file;
#define CONFIG_TEXT(section, key, fallback, required, help) char section##_##key[CONFIG_TEXT_SIZE];
#define CONFIG_INT(section, key, fallback, min, max, unit, help) int64_t section##_##key;
#define CONFIG_BOOL(section, key, fallback, help) bool section##_##key;
#define CONFIG_SECRET(section, key, help) struct secret section##_##key;
#define CONFIG_CHOICE(section, key, fallback, choices, help) int section##_##key;
#define CONFIG_NETWORKS(section, key, fallback, help) struct config_networks section##_##key;
#include "risiti/base/config_keys.h"
    struct config_short_code short_codes[CONFIG_SHORT_CODES_MAX];
    size_t short_code_count;
};

/* What was wrong, or only doubtful, in the configuration: for people, one item a finding. */
struct config_findings {
    struct buffer errors; /* lines "risiti.ini:12: [service] workers: …" */
    struct buffer warnings;
    size_t error_count, warning_count;
};

void config_findings_init(struct config_findings *findings);
void config_findings_release(struct config_findings *findings);

/*
 * The path by --config, RISITI_CONFIG or the default, in this order. `option` may be NULL.
 */
const char *config_path(const char *option);
/*
 * Reads and checks everything. The caller owns the result (config_free). ERR_CONFIG with at least
 * one error in `findings`; ERR_NOMEM. Warnings may be there also on success.
 */
RISITI_CHECKED enum err config_load(const char *path, struct config **ret_config,
                                    struct config_findings *findings);
/* Wipes the secrets. NULL is fine. */
void config_free(struct config *config);

/*
 * The section for a short code (number or store number), the default one for empty text; NULL when
 * there is none.
 */
const struct config_short_code *config_short_code_find(const struct config *config,
                                                       struct str number);
/* Whether the whole account reference matches the short code's pattern; without one, any does. */
bool config_short_code_accepts(const struct config_short_code *short_code, struct str account);
/* Whether a textual IPv4 or IPv6 address lies in the list. False for text that is no address. */
bool config_networks_contain(const struct config_networks *networks, struct str address);
/* "localhost", an address in 127.0.0.0/8, ::1 or [::1]. */
bool config_host_is_loopback(struct str host);
/* Writes the commented example file, made from the table. */
void config_write_example(struct buffer *buffer);

#endif
