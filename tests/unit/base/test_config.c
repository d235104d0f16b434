/* The configuration: what is read, what is refused and how errors name the place, what is shown. */
#include "risiti/base/base.h"

#include "tap.h"

#include <sys/stat.h>
#include <unistd.h>

#include "config_fixture.h"
#include "risiti/base/config_rows.h"

#define EXAMPLE_BYTES_MAX 65536
#define FILE_SIZE 32768

/* ---- values ---- */

static void an_empty_file_gives_the_defaults(void)
{
    CU_ASSERT_TRUE_FATAL(accepted(""));
    CU_ASSERT_STRING_EQUAL(config->path, ini_path);
    CU_ASSERT_STRING_EQUAL(config->service_listen, "/run/risiti/risiti.sock");
    CU_ASSERT_EQUAL(config->service_workers, 4);
    CU_ASSERT_FALSE(config->service_allow_http);
    CU_ASSERT_TRUE(config->callbacks_plain_paths);
    CU_ASSERT_EQUAL(config->log_level, 2);
    CU_ASSERT_EQUAL(config->callbacks_allow.count, 12);
    CU_ASSERT_EQUAL(config->service_trusted_proxies.count, 0);
    CU_ASSERT_STRING_EQUAL(config->daraja_consumer_key.text, "");
    CU_ASSERT_EQUAL(config->short_code_count, 0);
    CU_ASSERT_FALSE(config->has_secrets_in_file);
}

static void values_of_every_kind_are_read(void)
{
    CU_ASSERT_TRUE_FATAL(accepted("[service]\n"
                                  "workers=8\n"
                                  "  \n"
                                  "base_path : /pay/v2\n"
                                  "allow_http = On\n"
                                  "trusted_proxies = 10.0.0.0/8 192.0.2.7,2001:db8::/32\n"
                                  "; a comment\n"
                                  "# another one\n"
                                  "[log]\n"
                                  "format = json ; behind a value\n"
                                  "level = error\n"));
    CU_ASSERT_EQUAL(config->service_workers, 8);
    CU_ASSERT_STRING_EQUAL(config->service_base_path, "/pay/v2");
    CU_ASSERT_TRUE(config->service_allow_http);
    CU_ASSERT_EQUAL(config->service_trusted_proxies.count, 3);
    CU_ASSERT_EQUAL(config->log_format, 1);
    CU_ASSERT_EQUAL(config->log_level, 0);
}

static void booleans_have_eight_words(void)
{
    static const char *const words[] = {"no", "yes", "false", "TRUE", "off", "On", "0", "1"};
    char text[100];

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        (void)snprintf(text, sizeof(text), "[callbacks]\nplain_paths = %s\n", words[i]);
        CU_ASSERT_TRUE_FATAL(accepted(text));
        CU_ASSERT_EQUAL(config->callbacks_plain_paths, i % 2 == 1);
    }
    CU_ASSERT_TRUE(refused("[callbacks]\nplain_paths = maybe\n",
                           ":2: [callbacks] plain_paths: must be yes or no\n"));
}

static void windows_line_ends_and_a_mark_are_fine(void)
{
    CU_ASSERT_TRUE_FATAL(accepted("\xef\xbb\xbf[service]\r\nworkers = 8\r\n\r\n[log]\r\n"));
    CU_ASSERT_EQUAL(config->service_workers, 8);
}

static void a_last_line_without_its_end_counts(void)
{
    CU_ASSERT_TRUE_FATAL(accepted("[service]\nworkers = 8"));
    CU_ASSERT_EQUAL(config->service_workers, 8);
    CU_ASSERT_TRUE(refused("[service]\nworkers", ":2: neither a [section]"));
}

static void wrong_values_are_named_with_their_line(void)
{
    CU_ASSERT_TRUE(refused("\n[service]\n\n workers = 1000\n",
                           ":4: [service] workers: must be a whole number from 0 to 256, in "
                           "processes\n"));
    CU_ASSERT_TRUE(refused("[service]\nworkers = -1\n", ":2: [service] workers: must be a"));
    CU_ASSERT_TRUE(refused("[service]\nworkers = 4 # four\n", ":2: [service] workers: must be a"));
    CU_ASSERT_TRUE(refused("[service]\nworkers =\n", ":2: [service] workers: must be a"));
    CU_ASSERT_TRUE(refused("[log]\nlevel = loud\n",
                           ":2: [log] level: must be one of error|warning|info|debug\n"));
    CU_ASSERT_TRUE(refused("[database]\nname = \n", ":2: [database] name: must not be empty\n"));
    CU_ASSERT_TRUE(
        refused("[database]\nuser = \"risiti\"\n", ":2: [database] user: stands in quotes"));
    CU_ASSERT_TRUE(refused("[database]\nuser = a\x01\n", ":2: [database] user: holds bytes"));
}

static void all_errors_are_reported_at_once(void)
{
    CU_ASSERT_EQUAL(load("workers = 8\n[servce]\nworkers = 8\n[service]\nworkrs = 8\n"
                         "read_timeout = x\n[log\nlevel\n"),
                    ERR_CONFIG);
    CU_ASSERT_TRUE(found(&findings.errors, ":1: a key before the first [section]\n"));
    CU_ASSERT_TRUE(found(&findings.errors, ":2: [servce]: there is no such section\n"));
    CU_ASSERT_TRUE(found(&findings.errors, ":5: [service] workrs: there is no such key\n"));
    CU_ASSERT_TRUE(found(&findings.errors, ":6: [service] read_timeout: must be"));
    CU_ASSERT_TRUE(found(&findings.errors, ":7: a section is [name] and no more\n"));
    CU_ASSERT_TRUE(found(&findings.errors, ":8: neither a [section], nor key = value"));
    CU_ASSERT_EQUAL(findings.error_count, 6);
}

static void lines_that_say_nothing_are_errors(void)
{
    CU_ASSERT_TRUE(refused("[service]\nworkers 8\n", ":2: neither a [section]"));
    CU_ASSERT_TRUE(refused("[service]\n= 8\n", ":2: [service] : there is no such key\n"));
    CU_ASSERT_TRUE(refused("[service] workers = 8\n", ":1: a section is [name]"));
    CU_ASSERT_TRUE(refused("[]\n", ":1: []: there is no such section\n"));
    CU_ASSERT_TRUE(refused("[service]\nworkers = 8\n [log]\n", ":3: a [section] is not indented"));
}

static void bytes_of_zero_are_no_way_past_a_check(void)
{
    CU_ASSERT_EQUAL(load_mode(STR("[database]\nname = a\0b\n"), 0640), ERR_CONFIG);
    CU_ASSERT_EQUAL(load_mode(STR("[database]\nna\0me = a\n"), 0640), ERR_CONFIG);
    CU_ASSERT_EQUAL(load_mode(STR("[data\0base]\nname = a\n"), 0640), ERR_CONFIG);
    CU_ASSERT_EQUAL(load_mode(STR("[callbacks]\nallow = 1.2.3.4\0, ::1\n"), 0640), ERR_CONFIG);
}

static void a_key_given_twice_is_an_error(void)
{
    CU_ASSERT_TRUE(refused("[service]\nworkers = 8\nworkers = 8\n",
                           ":3: [service] workers: is given twice, first in line 2\n"));
    CU_ASSERT_TRUE(refused("[service]\nworkers = 8\n[log]\n[service]\nworkers = 9\n",
                           ":5: [service] workers: is given twice, first in line 2\n"));
}

/* ---- long lines and lists ---- */

static void values_longer_than_the_parsers_line_arrive_whole(void)
{
    char text[600], path[CONFIG_TEXT_SIZE];

    memset(path, 'p', sizeof(path));
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    (void)snprintf(text, sizeof(text), "[log]\ntarget = %s\nlevel = debug\n", path);
    CU_ASSERT_TRUE_FATAL(accepted(text));
    CU_ASSERT_STRING_EQUAL(config->log_target, path);
    CU_ASSERT_EQUAL(config->log_level, 3);
    (void)snprintf(text, sizeof(text), "[log]\ntarget = %sp\n", path);
    CU_ASSERT_TRUE(refused(text, ":2: [log] target: is longer than 255 bytes\n"));
}

static void lines_over_the_limit_are_refused(void)
{
    char text[2000];

    memset(text, ' ', sizeof(text));
    memcpy(text, "[log]\nlevel = debug", 19);
    text[6 + 1000 - 1] = ';';
    text[6 + 1000] = '\n';
    CU_ASSERT_EQUAL(load_mode((struct str){text, 6 + 1000 + 1}, 0640), ERR_OK);
    text[6 + 1000] = ';';
    CU_ASSERT_EQUAL(load_mode((struct str){text, 6 + 1000 + 1}, 0640), ERR_CONFIG);
    CU_ASSERT_TRUE(found(&findings.errors, ":2: longer than 1000 bytes\n"));
}

static void a_file_over_the_limit_is_refused(void)
{
    static char text[300000];

    memset(text, '\n', sizeof(text));
    CU_ASSERT_EQUAL(load_mode((struct str){text, sizeof(text)}, 0640), ERR_CONFIG);
    CU_ASSERT_TRUE(found(&findings.errors, ": is too long\n"));
}

static void lists_go_on_in_indented_lines(void)
{
    CU_ASSERT_TRUE_FATAL(accepted("[callbacks]\n"
                                  "allow = 192.0.2.1,\n"
                                  "    192.0.2.2, 192.0.2.3 ; two more\n"
                                  "  # a comment between\n"
                                  "\n"
                                  "\t2001:db8::/32\n"
                                  "plain_paths = no\n"));
    CU_ASSERT_EQUAL(config->callbacks_allow.count, 4);
    CU_ASSERT_TRUE(config_networks_contain(&config->callbacks_allow, STR("192.0.2.3")));
    CU_ASSERT_TRUE(config_networks_contain(&config->callbacks_allow, STR("2001:db8::7")));
    CU_ASSERT_FALSE(config->callbacks_plain_paths);
}

static void a_list_line_longer_than_the_parsers_arrives_whole(void)
{
    char text[900] = "[callbacks]\nallow =";
    size_t length = strlen(text);

    for (unsigned i = 0; i < 40; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, " 192.0.2.%u", i + 100);
    CU_ASSERT_TRUE_FATAL(accepted(text));
    CU_ASSERT_EQUAL(config->callbacks_allow.count, 40);
    CU_ASSERT_TRUE(config_networks_contain(&config->callbacks_allow, STR("192.0.2.139")));
}

static void errors_in_a_lists_further_line_name_that_line(void)
{
    CU_ASSERT_TRUE(refused("[callbacks]\nallow = 192.0.2.1,\n  192.0.2.256\n",
                           ":3: [callbacks] allow: \"192.0.2.256\" is no address"));
}

static void only_lists_go_on(void)
{
    CU_ASSERT_TRUE(refused("[service]\nworkers = 8\n  read_timeout = 5\n",
                           ":3: [service] workers: only lists go on in indented lines"));
}

static void a_list_has_a_maximum(void)
{
    char text[FILE_SIZE] = "[callbacks]\nallow =";
    size_t length = strlen(text);

    for (unsigned i = 0; i < CONFIG_ADDRESSES_MAX; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "\n  192.0.2.%u,", i);
    CU_ASSERT_TRUE(accepted(text));
    (void)snprintf(text + length, sizeof(text) - length, "\n  192.0.3.1\n");
    CU_ASSERT_TRUE(refused(text, ":67: [callbacks] allow: more than 64 addresses\n"));
}

static void networks_are_networks(void)
{
    static const char *const wrong[] = {
        "192.0.2.1/33", "192.0.2.1/24", "10.0.0.0/7", "::1/129", "2001:db8::1/32", "192.0.2",
        "example.org",  "1.2.3.4/",     "1.2.3.4/-1", "/8",      "01.2.3.4.5",     "::ffff:zz"};
    char text[100];

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        (void)snprintf(text, sizeof(text), "[service]\nmonitor_allow = %s\n", wrong[i]);
        if (strcmp(wrong[i], "10.0.0.0/7") == 0)
            CU_ASSERT_TRUE(accepted(text))
        else
            CU_ASSERT_TRUE(refused(text, ":2: [service] monitor_allow: "));
    }
}

static void an_address_is_in_its_network_only(void)
{
    const struct config_networks *list;

    CU_ASSERT_TRUE_FATAL(
        accepted("[service]\nmonitor_allow = 10.1.0.0/20, 192.0.2.7, 2001:db8:8000::/33\n"));
    list = &config->service_monitor_allow;
    CU_ASSERT_TRUE(config_networks_contain(list, STR("10.1.0.0")));
    CU_ASSERT_TRUE(config_networks_contain(list, STR("10.1.15.255")));
    CU_ASSERT_TRUE(config_networks_contain(list, STR("::ffff:10.1.15.255")));
    CU_ASSERT_FALSE(config_networks_contain(list, STR("10.1.16.0")));
    CU_ASSERT_FALSE(config_networks_contain(list, STR("10.0.255.255")));
    CU_ASSERT_TRUE(config_networks_contain(list, STR("192.0.2.7")));
    CU_ASSERT_FALSE(config_networks_contain(list, STR("192.0.2.6")));
    CU_ASSERT_TRUE(config_networks_contain(list, STR("2001:db8:ffff::1")));
    CU_ASSERT_FALSE(config_networks_contain(list, STR("2001:db8:7fff::1")));
    CU_ASSERT_FALSE(config_networks_contain(list, STR("")));
    CU_ASSERT_FALSE(config_networks_contain(list, STR("192.0.2.7 ")));
    CU_ASSERT_FALSE(config_networks_contain(list, STR("192.0.2.7\0")));
    CU_ASSERT_FALSE(config_networks_contain(list, STR("unix:")));
}

/* ---- secrets ---- */

static void secrets_stand_in_a_closed_file_only(void)
{
    static const struct str text = STR_INIT("[database]\npassword = tr=us:tno1\n");

    CU_ASSERT_EQUAL(load_mode(text, 0640), ERR_OK);
    CU_ASSERT_STRING_EQUAL(config->database_password.text, "tr=us:tno1");
    CU_ASSERT_TRUE(config->has_secrets_in_file);
    CU_ASSERT_EQUAL(load_mode(text, 0644), ERR_CONFIG);
    CU_ASSERT_TRUE(found(&findings.errors, ": holds secrets and is open to others: chmod o= "));
    CU_ASSERT_EQUAL(load_mode(text, 0601), ERR_CONFIG);
    CU_ASSERT_EQUAL(load_mode(STR("[database]\npassword =\n"), 0644), ERR_OK);
    CU_ASSERT_EQUAL(load_mode(STR("[shortcode 600111]\npasskey = x\n"), 0644), ERR_CONFIG);
}

static bool loads_secret_file(struct str text, mode_t mode)
{
    char ini[PATH_SIZE + 40];

    CU_ASSERT_TRUE_FATAL(file_write(secret_path, text, mode));
    (void)snprintf(ini, sizeof(ini), "[database]\npassword = file:%s\n", secret_path);
    return load_mode(str_from(ini), 0644) == ERR_OK;
}

static void secrets_come_from_files_of_their_own(void)
{
    CU_ASSERT_TRUE_FATAL(loads_secret_file(STR("trustno1\n"), 0640));
    CU_ASSERT_STRING_EQUAL(config->database_password.text, "trustno1");
    CU_ASSERT_FALSE(config->has_secrets_in_file);
    CU_ASSERT_TRUE_FATAL(loads_secret_file(STR(" a ; b "), 0400));
    CU_ASSERT_STRING_EQUAL(config->database_password.text, " a ; b ");
}

static void secret_files_are_checked(void)
{
    char longest[600];

    memset(longest, 's', sizeof(longest));
    CU_ASSERT_FALSE(loads_secret_file(STR("trustno1\n"), 0644));
    CU_ASSERT_TRUE(found(&findings.errors, ":2: [database] password: /tmp/"));
    CU_ASSERT_FALSE(loads_secret_file(STR(""), 0600));
    CU_ASSERT_FALSE(loads_secret_file(STR("\n"), 0600));
    CU_ASSERT_FALSE(loads_secret_file(STR("two\nlines\n"), 0600));
    CU_ASSERT_FALSE(loads_secret_file(STR("ze\0ro"), 0600));
    CU_ASSERT_TRUE(loads_secret_file((struct str){longest, 511}, 0600));
    CU_ASSERT_EQUAL(strlen(config->database_password.text), 511);
    longest[511] = '\n';
    CU_ASSERT_TRUE(loads_secret_file((struct str){longest, 512}, 0600));
    longest[511] = 's';
    CU_ASSERT_FALSE(loads_secret_file((struct str){longest, 512}, 0600));
    CU_ASSERT_FALSE(loads_secret_file((struct str){longest, 600}, 0600));
    CU_ASSERT_TRUE(refused("[database]\npassword = file:/nonexistent/secret\n",
                           ":2: [database] password: /nonexistent/secret: No such file"));
    CU_ASSERT_TRUE(refused("[database]\npassword = file:/tmp\n",
                           ":2: [database] password: /tmp: is not a regular file\n"));
    CU_ASSERT_TRUE(refused("[database]\npassword = file:secret\n",
                           ":2: [database] password: file: must be followed by"));
}

static void a_secret_is_never_cut_by_a_comment(void)
{
    CU_ASSERT_TRUE(refused("[database]\npassword = trust ;no1\n",
                           ":2: [database] password: a semicolon behind a space"));
    CU_ASSERT_TRUE_FATAL(accepted("[database]\npassword = trust;no#1\n"));
    CU_ASSERT_STRING_EQUAL(config->database_password.text, "trust;no#1");
}

static void findings_never_hold_a_secret(void)
{
    CU_ASSERT_EQUAL(load("[service]\nsecret_key = trustno1\n[daraja]\nconsumer_key = trustno1\n"
                         "[database]\npassword = trustno1\x01\npassword = trustno1\n"
                         "passwrd = trustno1\n[log]\nlevel = trustno1\n"),
                    ERR_CONFIG);
    CU_ASSERT_TRUE(findings.error_count >= 5);
    CU_ASSERT_PTR_NULL(strstr(findings.errors.data, "trustno1"));
    CU_ASSERT_TRUE(findings.warnings.data == NULL ||
                   strstr(findings.warnings.data, "trustno1") == NULL);
}

/* ---- the environment ---- */

static void the_environment_goes_before_the_file(void)
{
    (void)setenv("RISITI_SERVICE_WORKERS", "9", 1);
    (void)setenv("RISITI_CALLBACKS_ALLOW", "192.0.2.1\n192.0.2.2", 1);
    CU_ASSERT_TRUE_FATAL(accepted("[service]\nworkers = 8\n"));
    CU_ASSERT_EQUAL(config->service_workers, 9);
    CU_ASSERT_EQUAL(config->callbacks_allow.count, 2);
    (void)unsetenv("RISITI_CALLBACKS_ALLOW");
    (void)setenv("RISITI_SERVICE_WORKERS", "many", 1);
    CU_ASSERT_EQUAL(load(""), ERR_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(findings.errors.data, "RISITI_SERVICE_WORKERS: [service] "
                                                        "workers: must be a whole number"));
    (void)unsetenv("RISITI_SERVICE_WORKERS");
}

static void secrets_come_from_the_environment_as_files_only(void)
{
    char value[PATH_SIZE + 8];

    CU_ASSERT_TRUE_FATAL(file_write(secret_path, STR("trustno1\n"), 0600));
    (void)snprintf(value, sizeof(value), "file:%s", secret_path);
    (void)setenv("RISITI_DATABASE_PASSWORD", value, 1);
    CU_ASSERT_TRUE_FATAL(accepted(""));
    CU_ASSERT_STRING_EQUAL(config->database_password.text, "trustno1");
    (void)setenv("RISITI_DATABASE_PASSWORD", "trustno1", 1);
    CU_ASSERT_EQUAL(load(""), ERR_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(findings.errors.data, "RISITI_DATABASE_PASSWORD: [database] "
                                                        "password: a secret is given"));
    CU_ASSERT_PTR_NULL(strstr(findings.errors.data, "trustno1"));
    (void)unsetenv("RISITI_DATABASE_PASSWORD");
}

static void short_codes_come_from_the_environment_too(void)
{
    (void)setenv("RISITI_SHORTCODE_600111_AMOUNT_MAX", "70", 1);
    (void)setenv("RISITI_SHORTCODE_600222_DEFAULT", "yes", 1);
    CU_ASSERT_TRUE_FATAL(accepted("[shortcode 600111]\namount_max = 50\n"));
    CU_ASSERT_EQUAL(config->short_code_count, 2);
    CU_ASSERT_EQUAL(config->short_codes[0].amount_max.cents, 7000);
    CU_ASSERT_TRUE(config->short_codes[1].is_default);
    (void)unsetenv("RISITI_SHORTCODE_600111_AMOUNT_MAX");
    (void)unsetenv("RISITI_SHORTCODE_600222_DEFAULT");
}

static void unknown_variables_are_warnings_but_for_the_reserved(void)
{
    CU_ASSERT_TRUE_FATAL(accepted(""));
    CU_ASSERT_PTR_NULL(strstr(findings.warnings.data, "RISITI_"));
    (void)setenv("RISITI", "/bin/risiti", 1);
    (void)setenv("RISITI_FCGI", "/bin/risiti-fcgi", 1);
    (void)setenv("RISITI_CONFIG", "/etc/x.ini", 1);
    (void)setenv("RISITI_SERVICE_WORKRS", "7", 1);
    (void)setenv("RISITI_SHORTCODE_600111_TYP", "7", 1);
    CU_ASSERT_TRUE_FATAL(accepted(""));
    CU_ASSERT_PTR_NULL(strstr(findings.warnings.data, "RISITI_FCGI"));
    CU_ASSERT_PTR_NULL(strstr(findings.warnings.data, "RISITI_CONFIG"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(findings.warnings.data, "RISITI_SERVICE_WORKRS: there is no such key\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(findings.warnings.data, "RISITI_SHORTCODE_600111_TYP: there is no such key\n"));
    CU_ASSERT_EQUAL(config->short_code_count, 0);
    (void)unsetenv("RISITI");
    (void)unsetenv("RISITI_FCGI");
    (void)unsetenv("RISITI_CONFIG");
    (void)unsetenv("RISITI_SERVICE_WORKRS");
    (void)unsetenv("RISITI_SHORTCODE_600111_TYP");
}

static void the_path_is_the_options_then_the_variables(void)
{
    CU_ASSERT_STRING_EQUAL(config_path(NULL), CONFIG_DEFAULT_PATH);
    (void)setenv("RISITI_CONFIG", "/srv/a.ini", 1);
    CU_ASSERT_STRING_EQUAL(config_path(NULL), "/srv/a.ini");
    CU_ASSERT_STRING_EQUAL(config_path("/srv/b.ini"), "/srv/b.ini");
    (void)setenv("RISITI_CONFIG", "", 1);
    CU_ASSERT_STRING_EQUAL(config_path(NULL), CONFIG_DEFAULT_PATH);
    (void)unsetenv("RISITI_CONFIG");
}

/* ---- files that cannot be read ---- */

static void a_missing_file_is_an_error(void)
{
    (void)unlink(ini_path);
    CU_ASSERT_EQUAL(load_file(), ERR_CONFIG);
    CU_ASSERT_TRUE(found(&findings.errors, ": No such file or directory\n"));
    CU_ASSERT_EQUAL(mkdir(ini_path, 0700), 0);
    CU_ASSERT_EQUAL(load_file(), ERR_CONFIG);
    CU_ASSERT_TRUE(found(&findings.errors, ": is not a regular file\n"));
    CU_ASSERT_EQUAL(rmdir(ini_path), 0);
    CU_ASSERT_EQUAL(mkfifo(ini_path, 0600), 0);
    CU_ASSERT_EQUAL(load_file(), ERR_CONFIG);
    (void)unlink(ini_path);
}

/* ---- what is shown ---- */

/* "#key = value" and what follows of a list, and "#[section]", without their "#". */
static size_t uncomment(struct str example, char *to)
{
    struct str rest = example;
    size_t length = 0;

    while (rest.data != NULL) {
        struct str line = str_cut(&rest, '\n');
        bool is_key = str_starts_with(line, STR("#")) && !str_starts_with(line, STR("# ")) &&
                      line.length > 1 && !str_ends_with(line, STR("="));
        bool goes_on = str_starts_with(line, STR("#    "));

        if (is_key || goes_on)
            line = str_skip(line, 1);
        memcpy(to + length, line.data, line.length);
        length += line.length;
        to[length++] = '\n';
    }
    return length;
}

static void the_example_file_works_as_it_is(void)
{
    struct buffer example;

    buffer_init(&example, EXAMPLE_BYTES_MAX);
    config_write_example(&example);
    CU_ASSERT_EQUAL(example.err, ERR_OK);
    CU_ASSERT_EQUAL(load_mode(buffer_str(&example), 0644), ERR_OK);
    CU_ASSERT_EQUAL(config->short_code_count, 0);
    buffer_release(&example);
}

static void the_example_file_works_uncommented(void)
{
    static char text[EXAMPLE_BYTES_MAX];
    struct buffer example;
    size_t length;

    buffer_init(&example, EXAMPLE_BYTES_MAX);
    config_write_example(&example);
    length = uncomment(buffer_str(&example), text);
    CU_ASSERT_EQUAL(load_mode((struct str){text, length}, 0644), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_EQUAL(config->callbacks_allow.count, 12);
    CU_ASSERT_EQUAL(config->short_code_count, 1);
    CU_ASSERT_PTR_NOT_NULL(memmem(text, length, "\nworkers = 4\n", 13));
    buffer_release(&example);
}

static void example_names_every_key(void)
{
    struct buffer example;
    char wanted[200];

    buffer_init(&example, EXAMPLE_BYTES_MAX);
    config_write_example(&example);
    for (size_t i = 0; i < CONFIG_ROW_COUNT + SHORT_CODE_ROW_COUNT; i++) {
        const struct config_row *row =
            i < CONFIG_ROW_COUNT ? &config_rows[i] : &short_code_rows[i - CONFIG_ROW_COUNT];

        (void)snprintf(wanted, sizeof(wanted), "\n#%s =", row->key);
        CU_ASSERT_PTR_NOT_NULL(strstr(example.data, wanted));
        CU_ASSERT_PTR_NOT_NULL(strstr(example.data, row->help));
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(example.data, "0 to 256 processes"));
    buffer_release(&example);
}

static const struct tap_test tests[] = {
    TAP_TEST(an_empty_file_gives_the_defaults),
    TAP_TEST(values_of_every_kind_are_read),
    TAP_TEST(booleans_have_eight_words),
    TAP_TEST(windows_line_ends_and_a_mark_are_fine),
    TAP_TEST(a_last_line_without_its_end_counts),
    TAP_TEST(wrong_values_are_named_with_their_line),
    TAP_TEST(all_errors_are_reported_at_once),
    TAP_TEST(lines_that_say_nothing_are_errors),
    TAP_TEST(bytes_of_zero_are_no_way_past_a_check),
    TAP_TEST(a_key_given_twice_is_an_error),
    TAP_TEST(values_longer_than_the_parsers_line_arrive_whole),
    TAP_TEST(lines_over_the_limit_are_refused),
    TAP_TEST(a_file_over_the_limit_is_refused),
    TAP_TEST(lists_go_on_in_indented_lines),
    TAP_TEST(a_list_line_longer_than_the_parsers_arrives_whole),
    TAP_TEST(errors_in_a_lists_further_line_name_that_line),
    TAP_TEST(only_lists_go_on),
    TAP_TEST(a_list_has_a_maximum),
    TAP_TEST(networks_are_networks),
    TAP_TEST(an_address_is_in_its_network_only),
    TAP_TEST(secrets_stand_in_a_closed_file_only),
    TAP_TEST(secrets_come_from_files_of_their_own),
    TAP_TEST(secret_files_are_checked),
    TAP_TEST(a_secret_is_never_cut_by_a_comment),
    TAP_TEST(findings_never_hold_a_secret),
    TAP_TEST(the_environment_goes_before_the_file),
    TAP_TEST(secrets_come_from_the_environment_as_files_only),
    TAP_TEST(short_codes_come_from_the_environment_too),
    TAP_TEST(unknown_variables_are_warnings_but_for_the_reserved),
    TAP_TEST(the_path_is_the_options_then_the_variables),
    TAP_TEST(a_missing_file_is_an_error),
    TAP_TEST(the_example_file_works_as_it_is),
    TAP_TEST(the_example_file_works_uncommented),
    TAP_TEST(example_names_every_key),
};

CONFIG_FIXTURE_MAIN("config", tests)
