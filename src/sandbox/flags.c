/* The command line: see flags.h. */
#include "risiti/base/base.h"

#include "risiti/sandbox/flags.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <unistd.h>

#include "risiti/base/number.h"
#include "risiti/sandbox/outcome.h"

#define DELAY_MS_DEFAULT 500
#define DELAY_MS_MAX 600000
#define TOKEN_SECONDS_MAX 86400

enum flag {
    FLAG_LISTEN = 1,
    FLAG_READY_FILE,
    FLAG_CONSUMER_KEY,
    FLAG_CONSUMER_SECRET_FILE,
    FLAG_TOKEN_SECONDS,
    FLAG_SHORT_CODE,
    FLAG_DELAY_MS,
    FLAG_ALLOW_HTTP,
    FLAG_EXTERNAL_VALIDATION,
    FLAG_PRODUCTION_LIKE,
    FLAG_TWIN_C2B,
    FLAG_LOG_FORMAT,
    FLAG_OUTCOMES,
    FLAG_HELP,
    FLAG_VERSION,
};

static const struct option options[] = {
    {"listen", required_argument, NULL, FLAG_LISTEN},
    {"ready-file", required_argument, NULL, FLAG_READY_FILE},
    {"consumer-key", required_argument, NULL, FLAG_CONSUMER_KEY},
    {"consumer-secret-file", required_argument, NULL, FLAG_CONSUMER_SECRET_FILE},
    {"token-seconds", required_argument, NULL, FLAG_TOKEN_SECONDS},
    {"short-code", required_argument, NULL, FLAG_SHORT_CODE},
    {"delay-ms", required_argument, NULL, FLAG_DELAY_MS},
    {"allow-http", no_argument, NULL, FLAG_ALLOW_HTTP},
    {"external-validation", no_argument, NULL, FLAG_EXTERNAL_VALIDATION},
    {"production-like", no_argument, NULL, FLAG_PRODUCTION_LIKE},
    {"twin-c2b", no_argument, NULL, FLAG_TWIN_C2B},
    {"log-format", required_argument, NULL, FLAG_LOG_FORMAT},
    {"outcomes", no_argument, NULL, FLAG_OUTCOMES},
    {"help", no_argument, NULL, FLAG_HELP},
    {"version", no_argument, NULL, FLAG_VERSION},
    {NULL, 0, NULL, 0},
};

static void print_help(void)
{
    (void)fputs(
        "usage: risiti-sandbox [options]\n"
        "A Daraja that runs on this machine, on a loopback address only.\n\n"
        "  --listen HOST:PORT           127.0.0.1:8700; port 0 takes a free one\n"
        "  --ready-file PATH            gets the base URL once it listens\n"
        "  --consumer-key KEY           sandbox-key\n"
        "  --consumer-secret-file PATH  the secret is sandbox-secret without it\n"
        "  --token-seconds N            life of a token: 3599\n"
        "  --short-code CODE:paybill:PASSKEY\n"
        "  --short-code CODE:till:STORE:PASSKEY\n"
        "                               may be given often; without it 600111 is a PayBill\n"
        "                               and 600222 a till of store 600333, both with the\n"
        "                               passkey " MERCHANT_DEFAULT_PASSKEY "\n"
        "  --delay-ms N                 how long a customer thinks: 500\n"
        "  --allow-http                 take http:// URLs of loopback hosts\n"
        "  --external-validation        ask ValidationURL before money is taken\n"
        "  --production-like            URLs can be registered once\n"
        "  --twin-c2b                   a paid push also comes as a confirmation\n"
        "  --log-format text|json\n"
        "  --outcomes                   print which amounts and phones bring what\n"
        "  --help, --version\n",
        stdout);
}

static void print_outcomes(void)
{
    const struct outcome *row;

    for (size_t i = 0; (row = outcome_row(i)) != NULL; i++) {
        if (row->phone != NULL)
            (void)printf("%s\t%s\n", row->phone, row->help);
        else
            (void)printf("%lld\t%s\n", (long long)row->shillings, row->help);
    }
}

static bool wrong(const char *what, const char *value)
{
    (void)fprintf(stderr, "risiti-sandbox: %s: %s\n", what, value);
    return false;
}

static bool read_number(const char *name, const char *value, uint64_t min, uint64_t max,
                        int64_t *ret_number)
{
    uint64_t number;

    if (number_parse(str_from(value), min, max, &number) != ERR_OK)
        return wrong(name, value);
    *ret_number = (int64_t)number;
    return true;
}

/* The file's text without the line's end. */
static bool read_secret(const char *path, char ret_secret[OAUTH_CREDENTIAL_SIZE])
{
    char text[OAUTH_CREDENTIAL_SIZE];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count;

    if (file < 0)
        return wrong(path, strerror(errno));
    count = read(file, text, sizeof(text));
    (void)close(file); /* it was only read */
    if (count <= 0 ||
        !str_copy(str_trim((struct str){text, (size_t)count}), ret_secret, OAUTH_CREDENTIAL_SIZE))
        return wrong(path, "no secret that fits");
    return true;
}

static bool read_short_code(struct flags *flags, const char *value)
{
    enum err err = merchants_add(&flags->merchants, str_from(value));

    if (err == ERR_OK)
        return true;
    return wrong(err == ERR_DUPLICATE ? "--short-code is there already"
                 : err == ERR_INVALID ? "--short-code CODE:paybill:PASSKEY or CODE:till:STORE:"
                                        "PASSKEY, not"
                                      : "too many short codes",
                 value);
}

static bool read_log_format(struct flags *flags, const char *value)
{
    if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0)
        return wrong("--log-format text|json, not", value);
    flags->log_format = value[0] == 't' ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON;
    return true;
}

static bool read_flag(struct flags *flags, int flag, const char *value)
{
    switch (flag) {
    case FLAG_LISTEN:
        flags->listen = value;
        return true;
    case FLAG_READY_FILE:
        flags->ready_file = value;
        return true;
    case FLAG_CONSUMER_KEY:
        return (value[0] != '\0' && str_copy(str_from(value), flags->oauth.consumer_key,
                                             sizeof(flags->oauth.consumer_key))) ||
               wrong("--consumer-key", value);
    case FLAG_CONSUMER_SECRET_FILE:
        return read_secret(value, flags->oauth.consumer_secret);
    case FLAG_TOKEN_SECONDS:
        return read_number("--token-seconds", value, 1, TOKEN_SECONDS_MAX,
                           &flags->oauth.life_seconds);
    case FLAG_SHORT_CODE:
        return read_short_code(flags, value);
    case FLAG_DELAY_MS:
        return read_number("--delay-ms", value, 0, DELAY_MS_MAX, &flags->options.delay_ms);
    case FLAG_ALLOW_HTTP:
        return flags->options.allow_http = true;
    case FLAG_EXTERNAL_VALIDATION:
        return flags->options.external_validation = true;
    case FLAG_PRODUCTION_LIKE:
        return flags->options.production_like = true;
    case FLAG_TWIN_C2B:
        return flags->options.twin_c2b = true;
    case FLAG_LOG_FORMAT:
        return read_log_format(flags, value);
    default:
        return false; /* getopt_long has said what is wrong */
    }
}

static void print_text(int flag)
{
    if (flag == FLAG_HELP)
        print_help();
    else if (flag == FLAG_VERSION)
        (void)puts("risiti-sandbox " PACKAGE_VERSION);
    else
        print_outcomes();
}

enum flags_result flags_read(int argument_count, char **arguments, struct flags *ret_flags)
{
    int flag;

    *ret_flags = (struct flags){.listen = "127.0.0.1:8700",
                                .options = {.delay_ms = DELAY_MS_DEFAULT},
                                .oauth = {.consumer_key = "sandbox-key",
                                          .consumer_secret = "sandbox-secret",
                                          .life_seconds = OAUTH_LIFE_SECONDS}};
    while ((flag = getopt_long(argument_count, arguments, "", options, NULL)) != -1) {
        if (flag == FLAG_HELP || flag == FLAG_VERSION || flag == FLAG_OUTCOMES) {
            print_text(flag);
            return FLAGS_DONE;
        }
        if (!read_flag(ret_flags, flag, optarg))
            return FLAGS_WRONG;
    }
    if (optind < argument_count) {
        (void)wrong("not an option", arguments[optind]); /* it returns false always */
        return FLAGS_WRONG;
    }
    if (ret_flags->merchants.count == 0)
        merchants_add_defaults(&ret_flags->merchants);
    return FLAGS_RUN;
}
