/* The fields of requests: every kind with good and bad values, and every wrong field at once. */
#include "risiti/base/base.h"

#include "risiti/api/fields.h"

#include "risiti/base/clock.h"
#include "risiti/base/receipt.h"
#include "tap.h"

#define ARENA_BYTES ((size_t)4 << 20)
#define BODY_SIZE 8192
#define FIELDS_MAX 8

static struct arena *arena;
static struct service service;
static struct request request;
static struct response response;
static struct call call;
static struct field_value values[FIELDS_MAX];

static void call_clear(void)
{
    arena_reset(arena);
    service = (struct service){.arena = arena};
    request = (struct request){.arena = arena};
    call = (struct call){.service = &service, .request = &request, .response = &response};
}

static enum err read_body(const char *body, const struct field *fields, size_t count)
{
    call_clear();
    request.body = str_from(body);
    return fields_read_body(&call, fields, count, values);
}

static enum err read_query(const char *query, const struct field *fields, size_t count)
{
    struct str field = STR_EMPTY;
    const char *why = NULL;

    call_clear();
    CU_ASSERT_EQUAL_FATAL(query_parse(arena, str_from(query), &call.query, &field, &why), ERR_OK);
    return fields_read_query(&call, fields, count, values);
}

/* Reads {"x":<json>} as one field of this kind. */
static enum err read_one(enum field_kind kind, const char *json)
{
    const struct field field = {"x", kind, true};
    char body[BODY_SIZE];
    int length = snprintf(body, sizeof(body), "{\"x\":%s}", json);

    CU_ASSERT_TRUE_FATAL(length > 0 && (size_t)length < sizeof(body));
    return read_body(body, &field, 1);
}

/* Whether this field, and no other, was named as wrong. */
static bool only_wrong(const char *name)
{
    return call.problem.field_count == 1 &&
           str_equal(call.problem.fields[0].name, str_from(name)) &&
           call.problem.fields[0].message != NULL;
}

static bool takes(enum field_kind kind, const char *json)
{
    bool taken = read_one(kind, json) == ERR_OK && call.problem.field_count == 0;

    if (!taken)
        printf("# not taken: %s\n", json);
    return taken && values[0].given;
}

/* Refused as a wrong field, or as no JSON at all. */
static bool refuses(enum field_kind kind, const char *json)
{
    enum err err = read_one(kind, json);
    bool refused = (err == ERR_INVALID && only_wrong("x")) || err == ERR_SYNTAX;

    if (!refused)
        printf("# not refused: %s\n", json);
    return refused;
}

static void a_whole_amount_is_taken_in_every_form(void)
{
    static const char *const forms[] = {"10", "10.0", "10.00", "\"10\"", "\"10.00\""};

    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
        CU_ASSERT_TRUE(takes(FIELD_SHILLINGS, forms[i]));
        CU_ASSERT_EQUAL(values[0].money.cents, 1000);
        CU_ASSERT_TRUE(takes(FIELD_AMOUNT, forms[i]));
        CU_ASSERT_EQUAL(values[0].money.cents, 1000);
    }
}

static const char *const never_amounts[] = {
    "0",
    "0.00",
    "-1",
    "-0",
    "1e3",
    "1E3",
    "10.999",
    "1.",
    "99999999999999999999",
    "NaN",
    "Infinity",
    "\"ten\"",
    "true",
    "false",
    "null",
    "[10]",
    "{}",
    "\"\"",
    "\" 10\"",
    "\"10 \"",
    "\"+10\"",
    "\"1e3\"",
    "\"10,00\"",
    "\"0x10\"",
    "\"10.\"",
    "\".5\"",
    "\"-1\"",
    "\"10\\u0000\"",
    "10000000000",
    "1e-2",
    "010",
};

static void what_is_no_amount_is_refused(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(never_amounts); i++) {
        CU_ASSERT_TRUE(refuses(FIELD_SHILLINGS, never_amounts[i]));
        CU_ASSERT_TRUE(refuses(FIELD_AMOUNT, never_amounts[i]));
    }
}

static void cents_are_taken_by_claims_and_not_by_pushes(void)
{
    CU_ASSERT_TRUE(takes(FIELD_AMOUNT, "10.5"));
    CU_ASSERT_EQUAL(values[0].money.cents, 1050);
    CU_ASSERT_TRUE(takes(FIELD_AMOUNT, "\"0.01\""));
    CU_ASSERT_EQUAL(values[0].money.cents, 1);
    CU_ASSERT_TRUE(refuses(FIELD_SHILLINGS, "10.5"));
    CU_ASSERT_TRUE(refuses(FIELD_SHILLINGS, "\"10.50\""));
    CU_ASSERT_TRUE(refuses(FIELD_SHILLINGS, "0.01"));
}

static void the_largest_amount_is_taken_and_one_more_is_not(void)
{
    CU_ASSERT_TRUE(takes(FIELD_SHILLINGS, "9999999999"));
    CU_ASSERT_TRUE(takes(FIELD_AMOUNT, "9999999999.99"));
    CU_ASSERT_EQUAL(values[0].money.cents, MONEY_CENTS_MAX);
    CU_ASSERT_TRUE(refuses(FIELD_AMOUNT, "10000000000.00"));
}

static void a_phone_is_taken_as_text_or_whole_number(void)
{
    static const char *const forms[] = {"\"0712345678\"",   "\"712345678\"", "\"+254712345678\"",
                                        "\"254712345678\"", "254712345678",  "712345678"};

    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
        CU_ASSERT_TRUE(takes(FIELD_PHONE, forms[i]));
        ASSERT_STR(str_from(values[0].phone.digits), "254712345678");
    }
    CU_ASSERT_TRUE(takes(FIELD_PHONE, "\"0112345678\""));
    ASSERT_STR(str_from(values[0].phone.digits), "254112345678");
}

static void what_is_no_kenyan_mobile_is_refused(void)
{
    static const char *const wrong[] = {
        "\"\"",
        "\"07123456\"",
        "\"07123456789\"",
        "\"0212345678\"",
        "\"255712345678\"",
        "\"+1712345678\"",
        "\"0712 345 678\"",
        "\"0712-345-678\"",
        "\"254 712345678\"",
        "\" 0712345678\"",
        "\"0712345678 \"",
        "\"07l2345678\"",
        "\"2540712345678\"",
        "\"00254712345678\"",
        "\"++254712345678\"",
        "\"254812345678\"",
        "\"2547 ***** 678\"",
        "254712345678.0",
        "2.54712345678e11",
        "-254712345678",
        "true",
        "null",
        "[\"0712345678\"]",
        "{}",
        "71234567",
        "99999999999999999999",
        "\"\\uff10712345678\"",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        CU_ASSERT_TRUE(refuses(FIELD_PHONE, wrong[i]));
}

static void a_text_has_1_to_64_printable_characters(void)
{
    char json[BODY_SIZE] = "\"";

    CU_ASSERT_TRUE(takes(FIELD_TEXT, "\"a\""));
    CU_ASSERT_TRUE(takes(FIELD_TEXT, "\" INV 7 \""));
    ASSERT_STR(values[0].text, " INV 7 ");
    for (int i = 0; i < 64; i++)
        memcpy(json + 1 + 2 * i, "\xc3\xa9", 2);
    memcpy(json + 1 + 128, "\"", 2);
    CU_ASSERT_TRUE(takes(FIELD_TEXT, json));
    memcpy(json + 1 + 128, "x\"", 3);
    CU_ASSERT_TRUE(refuses(FIELD_TEXT, json));
}

static void a_text_that_is_empty_blank_or_not_printable_is_refused(void)
{
    static const char *const wrong[] = {"\"\"",
                                        "\"  \"",
                                        "\"a\\nb\"",
                                        "\"\\u0007\"",
                                        "\"\\u202e\"",
                                        "\"a\\u2028b\"",
                                        "\"\\u007f\"",
                                        "\"a\\u0000b\"",
                                        "\"\\ud800\"",
                                        "\"\xff\"",
                                        "7",
                                        "true",
                                        "null",
                                        "[]",
                                        "{\"a\":\"b\"}"};

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        CU_ASSERT_TRUE(refuses(FIELD_TEXT, wrong[i]));
}

static void a_long_text_has_at_most_255_bytes(void)
{
    char json[BODY_SIZE];

    CU_ASSERT_TRUE(takes(FIELD_LONG_TEXT, "\"\""));
    memset(json, 'x', sizeof(json));
    json[0] = '"';
    memcpy(json + 256, "\"", 2);
    CU_ASSERT_TRUE(takes(FIELD_LONG_TEXT, json));
    CU_ASSERT_EQUAL(values[0].text.length, 255);
    memcpy(json + 256, "x\"", 3);
    CU_ASSERT_TRUE(refuses(FIELD_LONG_TEXT, json));
    CU_ASSERT_TRUE(refuses(FIELD_LONG_TEXT, "\"a\\tb\""));
    CU_ASSERT_TRUE(refuses(FIELD_LONG_TEXT, "1"));
}

static void a_receipt_is_trimmed_and_in_capitals(void)
{
    CU_ASSERT_TRUE(takes(FIELD_RECEIPT, "\" ukn4x7q2lb \""));
    ASSERT_STR(values[0].text, "UKN4X7Q2LB");
}

/* It must be answered like any receipt that nobody has. */
static void a_text_that_is_no_receipt_is_one_that_nobody_has(void)
{
    static const char *const odd[] = {"\"x\"", "\"UKN4-7Q2LB\"", "\"' OR 1=1\"",
                                      "\"AAAAAAAAAAAAAAAAAAAAA\""};

    for (size_t i = 0; i < ARRAY_LENGTH(odd); i++) {
        CU_ASSERT_TRUE(takes(FIELD_RECEIPT, odd[i]));
        CU_ASSERT_PTR_NOT_NULL(values[0].text.data);
        CU_ASSERT_PTR_NULL(receipt_normalise(arena, values[0].text).data);
    }
    CU_ASSERT_TRUE(refuses(FIELD_RECEIPT, "\"\""));
    CU_ASSERT_TRUE(refuses(FIELD_RECEIPT, "1234567890"));
}

static void an_identifier_is_a_uuid(void)
{
    CU_ASSERT_TRUE(takes(FIELD_UUID, "\"0192F0C1-0000-7000-8000-000000000001\""));
    CU_ASSERT_EQUAL(values[0].uuid.bytes[0], 0x01);
    CU_ASSERT_TRUE(refuses(FIELD_UUID, "\"0192f0c1000070008000000000000001\""));
    CU_ASSERT_TRUE(refuses(FIELD_UUID, "\"\""));
    CU_ASSERT_TRUE(refuses(FIELD_UUID, "7"));
}

static void every_wrong_field_is_named_at_once(void)
{
    static const struct field fields[] = {
        {"phone_number", FIELD_PHONE, true},
        {"amount", FIELD_SHILLINGS, true},
        {"reference", FIELD_TEXT, true},
        {"description", FIELD_LONG_TEXT, false},
    };
    static const char *const named[] = {"amount", "ammount", "description", "phone_number",
                                        "reference"};

    CU_ASSERT_EQUAL(
        read_body("{\"amount\":0,\"ammount\":5,\"description\":7}", fields, ARRAY_LENGTH(fields)),
        ERR_INVALID);
    CU_ASSERT_EQUAL_FATAL(call.problem.field_count, ARRAY_LENGTH(named));
    for (size_t i = 0; i < ARRAY_LENGTH(named); i++)
        ASSERT_STR(call.problem.fields[i].name, named[i]);
    CU_ASSERT_EQUAL(read_body("{\"phone_number\":254712345678,\"amount\":10,\"reference\":\"A\"}",
                              fields, ARRAY_LENGTH(fields)),
                    ERR_OK);
    CU_ASSERT_FALSE(values[3].given);
}

static void a_field_that_comes_twice_is_refused(void)
{
    static const struct field fields[] = {{"amount", FIELD_AMOUNT, false}};

    CU_ASSERT_EQUAL(read_body("{\"amount\":10,\"amount\":20}", fields, 1), ERR_SYNTAX);
    CU_ASSERT_EQUAL(read_body("{\"amount\":10,\"amoun\\u0074\":20}", fields, 1), ERR_SYNTAX);
}

static void a_body_that_is_no_object_is_refused(void)
{
    static const char *const bodies[] = {
        "",    "[]",  "\"x\"",     "7",      "null",          "{",
        "{}x", "{,}", "amount=10", "<html>", "{'amount':10}", "{\"amount\":10,}"};
    static const struct field fields[] = {{"amount", FIELD_AMOUNT, false}};

    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
        CU_ASSERT_EQUAL(read_body(bodies[i], fields, 1), ERR_SYNTAX);
        CU_ASSERT_TRUE(call.problem.detail.length > 0);
    }
}

static void a_body_does_not_come_with_a_query_string(void)
{
    static const struct field fields[] = {{"amount", FIELD_AMOUNT, false}};
    struct str field;
    const char *why;

    call_clear();
    request.body = STR("{\"amount\":10}");
    CU_ASSERT_EQUAL(query_parse(arena, STR("amount=20"), &call.query, &field, &why), ERR_OK);
    CU_ASSERT_EQUAL(fields_read_body(&call, fields, 1, values), ERR_INVALID);
    CU_ASSERT_TRUE(only_wrong("amount"));
}

static void a_query_is_read_by_the_same_kinds(void)
{
    static const struct field fields[] = {
        {"limit", FIELD_COUNT, false}, {"claimed", FIELD_FLAG, false},
        {"from", FIELD_TIME, false},   {"status", FIELD_STATUS, false},
        {"type", FIELD_TYPE, false},   {"amount", FIELD_AMOUNT, false},
        {"phone", FIELD_PHONE, false}, {"receipt", FIELD_RECEIPT, true},
    };

    CU_ASSERT_EQUAL(read_query("limit=100&claimed=true&from=2026-11-23&status=FAILED&type=C2B"
                               "&amount=10.5&phone=%2B254712345678&receipt=ukn4x7q2lb",
                               fields, ARRAY_LENGTH(fields)),
                    ERR_OK);
    CU_ASSERT_EQUAL(values[0].integer, 100);
    CU_ASSERT_EQUAL(values[1].integer, 1);
    /* Midnight in East Africa. */
    CU_ASSERT_EQUAL(values[2].integer, INT64_C(1795381200) * CLOCK_US_PER_SECOND);
    CU_ASSERT_EQUAL(values[5].money.cents, 1050);
    ASSERT_STR(str_from(values[6].phone.digits), "254712345678");
    ASSERT_STR(values[7].text, "UKN4X7Q2LB");
}

/* "name=value" with one kind. */
static bool query_refuses(enum field_kind kind, const char *query)
{
    const struct field field = {"x", kind, false};

    return read_query(query, &field, 1) == ERR_INVALID && only_wrong("x");
}

static void wrong_parameters_are_refused(void)
{
    static const struct {
        enum field_kind kind;
        const char *query;
    } rows[] = {
        {FIELD_COUNT, "x=0"},
        {FIELD_COUNT, "x=101"},
        {FIELD_COUNT, "x=-1"},
        {FIELD_COUNT, "x="},
        {FIELD_COUNT, "x=1.0"},
        {FIELD_COUNT, "x=99999999999999999999"},
        {FIELD_COUNT, "x=%201"},
        {FIELD_FLAG, "x=1"},
        {FIELD_FLAG, "x=TRUE"},
        {FIELD_FLAG, "x"},
        {FIELD_TIME, "x=yesterday"},
        {FIELD_TIME, "x=2026-02-30"},
        {FIELD_TIME, "x=2026-11-23T10:00:00"},
        {FIELD_TIME, "x=20261123"},
        {FIELD_STATUS, "x=success"},
        {FIELD_STATUS, "x=CLAIMED"},
        {FIELD_TYPE, "x=stk"},
        {FIELD_TYPE, "x=B2C"},
        {FIELD_AMOUNT, "x=1e3"},
        {FIELD_PHONE, "x=+254712345678"},
        {FIELD_TEXT, "x="},
        {FIELD_RECEIPT, "x="},
        {FIELD_UUID, "x=1"},
        {FIELD_TEXT, "x=%07"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (!query_refuses(rows[i].kind, rows[i].query)) {
            CU_ASSERT_TRUE(false);
            printf("# not refused: %s\n", rows[i].query);
        }
}

static void a_parameter_that_comes_twice_is_refused_by_name(void)
{
    struct str field = STR_EMPTY;
    const char *why = NULL;

    call_clear();
    CU_ASSERT_EQUAL(query_parse(arena, STR("receipt=UKN4X7Q2LB&receip%74=UKN4X7Q2LC"), &call.query,
                                &field, &why),
                    ERR_INVALID);
    ASSERT_STR(field, "receipt");
}

static void an_unknown_parameter_and_a_missing_one_are_both_named(void)
{
    static const struct field fields[] = {{"receipt", FIELD_RECEIPT, true}};

    CU_ASSERT_EQUAL(read_query("reciept=UKN4X7Q2LB", fields, 1), ERR_INVALID);
    CU_ASSERT_EQUAL(call.problem.field_count, 2);
    ASSERT_STR(call.problem.fields[0].name, "reciept");
    ASSERT_STR(call.problem.fields[1].name, "receipt");
}

static void a_request_without_parameters_may_have_no_table(void)
{
    CU_ASSERT_EQUAL(read_query("", NULL, 0), ERR_OK);
    CU_ASSERT_EQUAL(read_query("x=1", NULL, 0), ERR_INVALID);
    CU_ASSERT_TRUE(only_wrong("x"));
}

static const struct tap_test tests[] = {
    TAP_TEST(a_whole_amount_is_taken_in_every_form),
    TAP_TEST(what_is_no_amount_is_refused),
    TAP_TEST(cents_are_taken_by_claims_and_not_by_pushes),
    TAP_TEST(the_largest_amount_is_taken_and_one_more_is_not),
    TAP_TEST(a_phone_is_taken_as_text_or_whole_number),
    TAP_TEST(what_is_no_kenyan_mobile_is_refused),
    TAP_TEST(a_text_has_1_to_64_printable_characters),
    TAP_TEST(a_text_that_is_empty_blank_or_not_printable_is_refused),
    TAP_TEST(a_long_text_has_at_most_255_bytes),
    TAP_TEST(a_receipt_is_trimmed_and_in_capitals),
    TAP_TEST(a_text_that_is_no_receipt_is_one_that_nobody_has),
    TAP_TEST(an_identifier_is_a_uuid),
    TAP_TEST(every_wrong_field_is_named_at_once),
    TAP_TEST(a_field_that_comes_twice_is_refused),
    TAP_TEST(a_body_that_is_no_object_is_refused),
    TAP_TEST(a_body_does_not_come_with_a_query_string),
    TAP_TEST(a_query_is_read_by_the_same_kinds),
    TAP_TEST(wrong_parameters_are_refused),
    TAP_TEST(a_parameter_that_comes_twice_is_refused_by_name),
    TAP_TEST(an_unknown_parameter_and_a_missing_one_are_both_named),
    TAP_TEST(a_request_without_parameters_may_have_no_table),
};

int main(void)
{
    int result;

    arena = arena_new(ARENA_BYTES);
    if (arena == NULL)
        return EXIT_FAILURE;
    result = tap_run("fields", tests, ARRAY_LENGTH(tests));
    arena_free(arena);
    return result;
}
