/* The rules over the whole configuration, and what is asked of a loaded one. */
#include "risiti/base/base.h"

#include "tap.h"

#include "config_fixture.h"

/* 64 hex digits. */
#define KEY64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define LIVE "[daraja]\nconsumer_key = k\nconsumer_secret = s\n[service]\nsecret_key = " KEY64 "\n"
#define TILL "[shortcode 5123456]\ntype = till\nstore_number = 600999\n"

/* ---- paths and URLs ---- */

static void a_base_path_is_a_clean_prefix(void)
{
    static const char *const wrong[][2] = {
        {"pay", "must start with a slash"}, {"/pay/", "must not end with a slash"},
        {"/", "must not end with a slash"}, {"/a//b", "must not hold empty"},
        {"/a/../b", "must not hold empty"}, {"/.", "must not hold empty"},
        {"/a?b", "may hold letters"},       {"/a b", "may hold letters"},
        {"/%70ay", "may hold letters"},     {"//pay", "must not hold empty"},
    };
    char ini[100], text[100];

    CU_ASSERT_TRUE(accepted("[service]\nbase_path =\n"));
    CU_ASSERT_TRUE(accepted("[service]\nbase_path = /pay\n"));
    CU_ASSERT_TRUE(accepted("[service]\nbase_path = /a/..b/c.d~e_f-1\n"));
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        (void)snprintf(ini, sizeof(ini), "[service]\nbase_path = %s\n", wrong[i][0]);
        (void)snprintf(text, sizeof(text), ":2: [service] base_path: %s", wrong[i][1]);
        CU_ASSERT_TRUE(refused(ini, text));
    }
}

static bool public_url_refused(const char *url, const char *problem)
{
    char ini[200], text[200];

    (void)snprintf(ini, sizeof(ini), "[service]\npublic_url = %s\n", url);
    (void)snprintf(text, sizeof(text), ":2: [service] public_url: %s", problem);
    return refused(ini, text);
}

static void a_public_url_is_https(void)
{
    CU_ASSERT_TRUE(accepted("[service]\npublic_url = https://pay.example.co.ke\n"));
    CU_ASSERT_TRUE(accepted("[service]\npublic_url = https://pay.example.co.ke:8443/pay\n"));
    CU_ASSERT_TRUE(accepted("[service]\npublic_url = https://[2001:db8::1]:8443/pay\n"));
    CU_ASSERT_TRUE(public_url_refused("http://pay.example.co.ke", "must be https;"));
    CU_ASSERT_TRUE(public_url_refused("http://127.0.0.1:8080", "must be https;"));
    CU_ASSERT_TRUE(refused("[service]\nallow_http = yes\npublic_url = http://pay.example.co.ke\n",
                           ":3: [service] public_url: must be https;"));
    CU_ASSERT_TRUE(accepted("[service]\nallow_http = yes\npublic_url = http://127.0.0.1:8080/x\n"));
    CU_ASSERT_TRUE(accepted("[service]\nallow_http = yes\npublic_url = http://[::1]:80\n"));
    CU_ASSERT_TRUE(accepted("[service]\nallow_http = yes\npublic_url = http://localhost\n"));
    CU_ASSERT_TRUE(refused("[service]\nallow_http = yes\npublic_url = http://localhost.x.ke\n",
                           ":3: [service] public_url: must be https;"));
}

static void a_public_url_is_host_and_path_only(void)
{
    static const char *const wrong[] = {
        "pay.example.co.ke",
        "https://",
        "https:///pay",
        "https://pay.example.co.ke/",
        "https://pay.example.co.ke?",
        "https://pay.example.co.ke/?a=b",
        "https://u:p@pay.example.ke",
        "https://pay.example.co.ke:0",
        "https://pay.example.ke:",
        "https://pay.example.ke:65536",
        "https://pay .example.ke",
        "https://pay.example.ke/a/../b",
        "https://[::1",
        "https://[zz]",
        "https://[]",
        "ftp://pay.example.co.ke",
        "HTTPS",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        CU_ASSERT_TRUE(public_url_refused(wrong[i], "must be https://HOST"));
}

static void words_that_daraja_refuses_are_found_in_any_case(void)
{
    CU_ASSERT_TRUE(public_url_refused("https://mpesa.example.ke", "holds \"mpesa\""));
    CU_ASSERT_TRUE(public_url_refused("https://pay.example.ke/x/MPesa1", "holds \"mpesa\""));
    CU_ASSERT_TRUE(public_url_refused("https://m-pesa.example.ke", "holds \"m-pesa\""));
    CU_ASSERT_TRUE(public_url_refused("https://pay.example.ke/Safaricom", "holds \"safaricom\""));
    CU_ASSERT_TRUE(public_url_refused("https://pay.example.ke/index.exe", "holds \"exe\""));
    CU_ASSERT_TRUE(public_url_refused("https://pay.example.ke/execute", "holds \"exe\""));
    CU_ASSERT_TRUE(public_url_refused("https://pay.example.ke/cmd", "holds \"cmd\""));
    CU_ASSERT_TRUE(public_url_refused("https://mysql.example.ke", "holds \"sql\""));
    CU_ASSERT_TRUE(public_url_refused("https://pay.example.ke/jquery", "holds \"query\""));
    CU_ASSERT_TRUE(accepted("[service]\nallow_http=1\npublic_url = http://localhost/mpesa\n"));
    CU_ASSERT_TRUE(accepted("[service]\npublic_url = https://pay.example.ke/pesa\n"));
}

static void daraja_is_spoken_to_over_https(void)
{
    CU_ASSERT_TRUE(accepted("[daraja]\nbase_url = https://sandbox.safaricom.co.ke\n"));
    CU_ASSERT_TRUE(refused("[daraja]\nbase_url = http://127.0.0.1:9\n",
                           ":2: [daraja] base_url: must be https;"));
    CU_ASSERT_TRUE(refused("[daraja]\nbase_url = https://api.safaricom.co.ke/\n",
                           ":2: [daraja] base_url: must be https://HOST"));
    CU_ASSERT_TRUE(
        accepted("[daraja]\nbase_url = http://127.0.0.1:9\n[service]\nallow_http = yes\n"));
}

/* ---- sockets, log, database, limits ---- */

static void a_socket_path_fits_its_address(void)
{
    char ini[300], path[109];

    memset(path, 'p', sizeof(path));
    path[0] = '/';
    path[107] = '\0';
    (void)snprintf(ini, sizeof(ini), "[service]\nlisten = %s\n[database]\nsocket = %s\n", path,
                   path);
    CU_ASSERT_TRUE(accepted(ini));
    path[107] = 'p';
    path[108] = '\0';
    (void)snprintf(ini, sizeof(ini), "[service]\nlisten = %s\n", path);
    CU_ASSERT_TRUE(refused(ini, ":2: [service] listen: a socket's path has at most 107 bytes\n"));
    (void)snprintf(ini, sizeof(ini), "[database]\nsocket = %s\n", path);
    CU_ASSERT_TRUE(refused(ini, ":2: [database] socket: a socket's path has at most 107 bytes\n"));
}

static void listening_is_on_a_path_or_a_port(void)
{
    CU_ASSERT_TRUE(accepted("[service]\nlisten = 127.0.0.1:9000\n"));
    CU_ASSERT_TRUE(accepted("[service]\nlisten = [::1]:9000\n"));
    CU_ASSERT_TRUE(accepted("[service]\nlisten =\n"));
    CU_ASSERT_TRUE(refused("[service]\nlisten = risiti.sock\n",
                           ":2: [service] listen: must be an absolute path or HOST:PORT\n"));
    CU_ASSERT_TRUE(refused("[service]\nlisten = :9000\n", ":2: [service] listen: must be"));
    CU_ASSERT_TRUE(refused("[service]\nlisten = localhost:http\n", ":2: [service] listen: must"));
    CU_ASSERT_TRUE(warned("[service]\nlisten = 0.0.0.0:9000\n",
                          ":2: [service] listen: whoever can connect here"));
}

static void the_log_goes_to_one_of_three_places(void)
{
    CU_ASSERT_TRUE(accepted("[log]\ntarget = syslog\n"));
    CU_ASSERT_TRUE(accepted("[log]\ntarget = /var/log/risiti/risiti.log\n"));
    CU_ASSERT_TRUE(refused("[log]\ntarget = risiti.log\n",
                           ":2: [log] target: must be stderr, syslog or an absolute path\n"));
}

static void a_database_elsewhere_without_tls_is_a_warning(void)
{
    static const char warning[] = ": [database] tls_ca: is not set";

    CU_ASSERT_TRUE(warned("[database]\nhost = db.example.ke\n", warning));
    CU_ASSERT_TRUE(accepted("[database]\nhost = db.example.ke\ntls_ca = /etc/ssl/db.pem\n"));
    CU_ASSERT_FALSE(found(&findings.warnings, warning));
    CU_ASSERT_TRUE(accepted("[database]\nhost = 127.0.0.1\n"));
    CU_ASSERT_FALSE(found(&findings.warnings, warning));
    CU_ASSERT_TRUE(accepted("[database]\nhost = 127.0.0.1\nsocket =\n"));
    CU_ASSERT_TRUE(refused("[database]\nsocket =\n",
                           ":2: [database] socket: must be an absolute path, or host be set\n"));
}

static void limits_are_in_order(void)
{
    CU_ASSERT_TRUE(accepted("[limits]\nlookup_misses_free = 100\n"));
    CU_ASSERT_TRUE(refused("[limits]\nlookup_misses_free = 101\n",
                           ":2: [limits] lookup_misses_free: must not be above lookup_misses_max"));
}

static void a_call_to_daraja_ends_before_its_worker_is_killed(void)
{
    CU_ASSERT_TRUE(accepted("[daraja]\ntimeout = 39\n"));
    CU_ASSERT_TRUE(refused("[daraja]\ntimeout = 40\n",
                           ":2: [daraja] timeout: must be below [service] request_timeout\n"));
    CU_ASSERT_TRUE(refused("[service]\nrequest_timeout = 25\n", ": [daraja] timeout: must be"));
}

static void a_call_that_leaves_little_of_its_request_is_a_warning(void)
{
    CU_ASSERT_TRUE(warned("[daraja]\ntimeout = 31\n",
                          ":2: [daraja] timeout: is close to [service] request_timeout"));
    CU_ASSERT_TRUE(warned("[service]\nrequest_timeout = 34\n",
                          ": [daraja] timeout: is close to [service] request_timeout"));
    CU_ASSERT_TRUE(accepted("[daraja]\ntimeout = 30\n"));
    CU_ASSERT_FALSE(found(&findings.warnings, ":2: [daraja] timeout:"));
}

/* ---- secrets, callbacks ---- */

static void credentials_come_together(void)
{
    CU_ASSERT_TRUE(accepted(LIVE));
    CU_ASSERT_TRUE(refused("[daraja]\nconsumer_key = k\n[service]\nsecret_key = " KEY64 "\n",
                           ": [daraja] consumer_secret: is missing beside consumer_key\n"));
    CU_ASSERT_TRUE(refused("[daraja]\nconsumer_secret = s\n",
                           ": [daraja] consumer_key: is missing beside consumer_secret\n"));
    CU_ASSERT_TRUE(refused("[daraja]\nconsumer_key = k\nconsumer_secret = s\n",
                           ": [service] secret_key: is needed with consumer_key"));
}

static void the_secret_key_is_64_hex_digits(void)
{
    CU_ASSERT_TRUE(accepted("[service]\nsecret_key = " KEY64 "\n"));
    CU_ASSERT_TRUE(refused("[service]\nsecret_key = " KEY64 "0\n",
                           ":2: [service] secret_key: must be 64 hex digits"));
    CU_ASSERT_TRUE(refused("[service]\nsecret_key = 0011\n", ":2: [service] secret_key: must"));
    CU_ASSERT_TRUE(refused("[service]\nsecret_key = g0112233445566778899aabbccddeeff"
                           "00112233445566778899aabbccddeeff\n",
                           ":2: [service] secret_key: must be"));
}

static void what_keeps_pushes_from_working_is_a_warning(void)
{
    CU_ASSERT_TRUE(warned("", ": [daraja] consumer_key: is not set: pushes will not work\n"));
    CU_ASSERT_TRUE(warned("", ": there is no [shortcode NUMBER] section"));
    CU_ASSERT_TRUE(warned(LIVE, ": [service] public_url: is not set: pushes will not work\n"));
    CU_ASSERT_TRUE(warned(LIVE "[shortcode 600111]\n",
                          ":6: [shortcode 600111] passkey: is not set: pushes will not work\n"));
    CU_ASSERT_TRUE(accepted(LIVE "public_url = https://pay.example.ke\n"
                                 "[shortcode 600111]\npasskey = p\n"));
    CU_ASSERT_EQUAL(findings.warning_count, 0);
}

static void callbacks_never_come_from_loopback_by_address(void)
{
    static const char *const wrong[] = {
        "127.0.0.1",        "127.9.0.0/16",        "::1", "0.0.0.0/0", "::/0", "126.0.0.0/7",
        "::ffff:127.0.0.1", "192.0.2.1, 127.0.0.1"};
    char ini[100];

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        (void)snprintf(ini, sizeof(ini), "[service]\nallow_http = yes\n[callbacks]\nallow = %s\n",
                       wrong[i]);
        CU_ASSERT_TRUE(refused(ini, ":4: [callbacks] allow: takes callbacks from this machine"));
    }
    CU_ASSERT_TRUE(accepted("[callbacks]\nallow = 128.0.0.0/8, ::2\n"));
}

static void loopback_callbacks_are_for_demos(void)
{
    CU_ASSERT_TRUE(refused("[callbacks]\nallow_loopback = yes\n",
                           ":2: [callbacks] allow_loopback: is for the sandbox and tests"));
    CU_ASSERT_TRUE(accepted("[callbacks]\nallow_loopback = yes\n[service]\nallow_http = yes\n"));
}

/* ---- short codes ---- */

static void a_short_code_has_defaults(void)
{
    const struct config_short_code *code;

    CU_ASSERT_TRUE_FATAL(accepted("[shortcode 600111]\n"));
    CU_ASSERT_EQUAL_FATAL(config->short_code_count, 1);
    code = &config->short_codes[0];
    CU_ASSERT_STRING_EQUAL(code->number, "600111");
    CU_ASSERT_STRING_EQUAL(code->store_number, "600111");
    CU_ASSERT_EQUAL(code->type, SHORT_CODE_PAYBILL);
    CU_ASSERT_TRUE(code->is_default);
    CU_ASSERT_EQUAL(code->amount_min.cents, 100);
    CU_ASSERT_EQUAL(code->amount_max.cents, 25000000);
    CU_ASSERT_STRING_EQUAL(code->account_pattern, "");
    CU_ASSERT_FALSE(code->reject_on_timeout);
}

static void a_short_code_has_keys_of_its_own(void)
{
    const struct config_short_code *code;

    CU_ASSERT_TRUE_FATAL(accepted(TILL "passkey = p\ndefault = yes\namount_min = 10\n"
                                       "amount_max = 500\naccount_pattern = [A-Z]{3}\n"
                                       "response_type = Cancelled\n"));
    code = &config->short_codes[0];
    CU_ASSERT_EQUAL(code->type, SHORT_CODE_TILL);
    CU_ASSERT_STRING_EQUAL(code->number, "5123456");
    CU_ASSERT_STRING_EQUAL(code->store_number, "600999");
    CU_ASSERT_STRING_EQUAL(code->passkey.text, "p");
    CU_ASSERT_EQUAL(code->amount_min.cents, 1000);
    CU_ASSERT_EQUAL(code->amount_max.cents, 50000);
    CU_ASSERT_TRUE(code->reject_on_timeout);
}

static void short_code_numbers_have_5_to_7_digits_and_are_unique(void)
{
    static const char *const wrong[] = {"6001", "60011122", "60011a", "", "600 111", "-60011"};
    char ini[100];

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        (void)snprintf(ini, sizeof(ini), "[shortcode %s]\ntype = till\n", wrong[i]);
        CU_ASSERT_TRUE(refused(ini, ":1: a short code's section is [shortcode NUMBER]"));
    }
    CU_ASSERT_TRUE(accepted("[shortcode 60011]\n"));
    CU_ASSERT_TRUE(accepted("[ shortcode  6001112 ]\n"));
    CU_ASSERT_TRUE(refused("[shortcode 600111]\n[log]\n[shortcode 600111]\ntype = till\n",
                           ":3: [shortcode 600111] is there twice\n"));
}

static void short_code_errors_name_line_section_and_key(void)
{
    CU_ASSERT_TRUE(refused("[shortcode 600111]\ntyp = till\n",
                           ":2: [shortcode 600111] typ: there is no such key\n"));
    CU_ASSERT_TRUE(refused("[shortcode 600111]\ntype = bank\n",
                           ":2: [shortcode 600111] type: must be one of paybill|till\n"));
    CU_ASSERT_TRUE(refused("[shortcode 600111]\namount_min = 0\n",
                           ":2: [shortcode 600111] amount_min: must be a whole number from 1"));
    CU_ASSERT_TRUE(refused("[shortcode 600111]\namount_max = 10.50\n",
                           ":2: [shortcode 600111] amount_max: must be a whole number from 1"));
    CU_ASSERT_TRUE(refused("[shortcode 600111]\namount_min = 20\namount_max = 10\n",
                           ":2: [shortcode 600111] amount_min: must not be above amount_max\n"));
    CU_ASSERT_TRUE(refused("[shortcode 600111]\ndefault = yes\ndefault = yes\n",
                           ":3: [shortcode 600111] default: is given twice, first in line 2\n"));
    CU_ASSERT_TRUE(refused("[shortcode 600111]\nresponse_type = Canceled\n",
                           ":2: [shortcode 600111] response_type: must be one of"));
}

static void tills_and_only_tills_have_a_store_number(void)
{
    CU_ASSERT_TRUE(refused("[log]\n[shortcode 5123456]\ntype = till\n",
                           ":2: [shortcode 5123456] store_number: a till needs its store"));
    CU_ASSERT_TRUE(refused("[shortcode 5123456]\ntype = till\nstore_number = 1234\n",
                           ":3: [shortcode 5123456] store_number: a till needs its store"));
    CU_ASSERT_TRUE(refused("[shortcode 5123456]\ntype = till\nstore_number = 12345x\n",
                           ":3: [shortcode 5123456] store_number: a till needs its store"));
    CU_ASSERT_EQUAL(load("[shortcode 5123456]\ntype = till\nstore_number = 12345678\n"),
                    ERR_CONFIG);
    CU_ASSERT_TRUE(
        found(&findings.errors, ":3: [shortcode 5123456] store_number: is longer than 7 bytes\n"));
    CU_ASSERT_TRUE(refused("[shortcode 600111]\nstore_number = 600999\n",
                           ":2: [shortcode 600111] store_number: is for tills only\n"));
    CU_ASSERT_TRUE(accepted("[shortcode 600111]\nstore_number = 600111\n"));
}

static void of_several_short_codes_exactly_one_is_the_default(void)
{
    CU_ASSERT_TRUE(accepted("[shortcode 600111]\ndefault = no\n"));
    CU_ASSERT_TRUE(config->short_codes[0].is_default);
    CU_ASSERT_TRUE(accepted("[shortcode 600111]\n[shortcode 600222]\ndefault = yes\n"));
    CU_ASSERT_TRUE(refused("[shortcode 600111]\n[shortcode 600222]\n",
                           ":1: [shortcode 600111] default: one of the short codes must be"));
    CU_ASSERT_TRUE(refused("[shortcode 600111]\ndefault = yes\n[shortcode 600222]\ndefault = 1\n",
                           ":4: [shortcode 600222] default: another short code is the default"));
}

static void short_codes_have_a_maximum(void)
{
    char ini[8000] = "";
    size_t length = 0;

    for (unsigned i = 0; i < CONFIG_SHORT_CODES_MAX; i++)
        length += (size_t)snprintf(ini + length, sizeof(ini) - length,
                                   "[shortcode 60%04u]\ndefault = %s\n", i, i == 7 ? "yes" : "no");
    CU_ASSERT_TRUE(accepted(ini));
    (void)snprintf(ini + length, sizeof(ini) - length, "[shortcode 700000]\ntype = x\n");
    CU_ASSERT_TRUE(refused(ini, ":129: more than 64 short codes\n"));
}

static void short_codes_are_found_by_either_number(void)
{
    const struct config_short_code *code;

    CU_ASSERT_TRUE_FATAL(accepted("[shortcode 600111]\n" TILL "default = yes\n"));
    code = config_short_code_find(config, STR("600111"));
    CU_ASSERT_PTR_EQUAL(code, &config->short_codes[0]);
    code = config_short_code_find(config, STR("5123456"));
    CU_ASSERT_PTR_EQUAL(code, &config->short_codes[1]);
    code = config_short_code_find(config, STR("600999"));
    CU_ASSERT_PTR_EQUAL(code, &config->short_codes[1]);
    code = config_short_code_find(config, STR_EMPTY);
    CU_ASSERT_PTR_EQUAL(code, &config->short_codes[1]);
    CU_ASSERT_PTR_NULL(config_short_code_find(config, STR("60011")));
    CU_ASSERT_PTR_NULL(config_short_code_find(config, STR("6001111")));
    CU_ASSERT_TRUE_FATAL(accepted(""));
    CU_ASSERT_PTR_NULL(config_short_code_find(config, STR_EMPTY));
}

static void account_patterns_match_the_whole_reference(void)
{
    const struct config_short_code *code;

    CU_ASSERT_TRUE(refused("[shortcode 600111]\naccount_pattern = [A-Z\n",
                           ":2: [shortcode 600111] account_pattern: is no POSIX extended"));
    CU_ASSERT_TRUE_FATAL(accepted("[shortcode 600111]\naccount_pattern = A|AB[0-9]+\n"));
    code = &config->short_codes[0];
    CU_ASSERT_TRUE(config_short_code_accepts(code, STR("A")));
    CU_ASSERT_TRUE(config_short_code_accepts(code, STR("AB12")));
    CU_ASSERT_FALSE(config_short_code_accepts(code, STR("AB")));
    CU_ASSERT_FALSE(config_short_code_accepts(code, STR("xA")));
    CU_ASSERT_FALSE(config_short_code_accepts(code, STR("AB12x")));
    CU_ASSERT_FALSE(config_short_code_accepts(code, STR("")));
    CU_ASSERT_FALSE(config_short_code_accepts(code, STR("A\0x")));
    CU_ASSERT_TRUE_FATAL(accepted("[shortcode 600111]\n"));
    CU_ASSERT_TRUE(config_short_code_accepts(&config->short_codes[0], STR("anything")));
}

static const struct tap_test tests[] = {
    TAP_TEST(a_base_path_is_a_clean_prefix),
    TAP_TEST(a_public_url_is_https),
    TAP_TEST(a_public_url_is_host_and_path_only),
    TAP_TEST(words_that_daraja_refuses_are_found_in_any_case),
    TAP_TEST(daraja_is_spoken_to_over_https),
    TAP_TEST(a_socket_path_fits_its_address),
    TAP_TEST(listening_is_on_a_path_or_a_port),
    TAP_TEST(the_log_goes_to_one_of_three_places),
    TAP_TEST(a_database_elsewhere_without_tls_is_a_warning),
    TAP_TEST(limits_are_in_order),
    TAP_TEST(a_call_to_daraja_ends_before_its_worker_is_killed),
    TAP_TEST(a_call_that_leaves_little_of_its_request_is_a_warning),
    TAP_TEST(credentials_come_together),
    TAP_TEST(the_secret_key_is_64_hex_digits),
    TAP_TEST(what_keeps_pushes_from_working_is_a_warning),
    TAP_TEST(callbacks_never_come_from_loopback_by_address),
    TAP_TEST(loopback_callbacks_are_for_demos),
    TAP_TEST(a_short_code_has_defaults),
    TAP_TEST(a_short_code_has_keys_of_its_own),
    TAP_TEST(short_code_numbers_have_5_to_7_digits_and_are_unique),
    TAP_TEST(short_code_errors_name_line_section_and_key),
    TAP_TEST(tills_and_only_tills_have_a_store_number),
    TAP_TEST(of_several_short_codes_exactly_one_is_the_default),
    TAP_TEST(short_codes_have_a_maximum),
    TAP_TEST(short_codes_are_found_by_either_number),
    TAP_TEST(account_patterns_match_the_whole_reference),
};
CONFIG_FIXTURE_MAIN("config rules", tests)
