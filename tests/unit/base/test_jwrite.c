/* JSON writing: commas and nesting, escaping, and what happens when the buffer is full. */
#include "risiti/base/base.h"

#include "risiti/base/jwrite.h"

#include "tap.h"

#define JSON_BYTES_MAX 4096

static struct buffer json;
static struct jwrite writer;

/* A fresh document; json_is ends it. */
static void json_begin(void)
{
    buffer_init(&json, JSON_BYTES_MAX);
    jwrite_init(&writer, &json);
}

static bool json_is(const char *expected)
{
    bool equal = json.err == ERR_OK && str_equal(buffer_str(&json), str_from(expected));

    if (!equal)
        printf("# got %s\n", json.data != NULL ? json.data : "nothing");
    buffer_release(&json);
    return equal;
}

static bool text_is_written(struct str text, const char *expected)
{
    json_begin();
    jwrite_str(&writer, NULL, text);
    return json_is(expected);
}

static void members_and_items_are_separated_by_commas(void)
{
    json_begin();
    jwrite_object_begin(&writer, NULL);
    jwrite_int(&writer, "a", 1);
    jwrite_array_begin(&writer, "b");
    jwrite_int(&writer, NULL, -2);
    jwrite_bool(&writer, NULL, true);
    jwrite_object_begin(&writer, NULL);
    jwrite_object_end(&writer);
    jwrite_array_end(&writer);
    jwrite_null(&writer, "c");
    jwrite_object_end(&writer);
    CU_ASSERT_TRUE(json_is("{\"a\":1,\"b\":[-2,true,{}],\"c\":null}"));
}

static void empty_containers_have_no_comma(void)
{
    json_begin();
    jwrite_array_begin(&writer, NULL);
    jwrite_array_begin(&writer, NULL);
    jwrite_array_end(&writer);
    jwrite_object_begin(&writer, NULL);
    jwrite_object_end(&writer);
    jwrite_array_end(&writer);
    CU_ASSERT_TRUE(json_is("[[],{}]"));
}

static void missing_text_is_null_and_empty_text_is_empty(void)
{
    json_begin();
    jwrite_array_begin(&writer, NULL);
    jwrite_str(&writer, NULL, STR_EMPTY);
    jwrite_text(&writer, NULL, NULL);
    jwrite_str(&writer, NULL, STR(""));
    jwrite_text(&writer, NULL, "x");
    jwrite_array_end(&writer);
    CU_ASSERT_TRUE(json_is("[null,null,\"\",\"x\"]"));
}

static void quotes_and_backslashes_are_escaped(void)
{
    CU_ASSERT_TRUE(text_is_written(STR("a\"b\\c/d"), "\"a\\\"b\\\\c/d\""));
}

static void control_characters_are_escaped(void)
{
    CU_ASSERT_TRUE(text_is_written(STR("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""));
    CU_ASSERT_TRUE(text_is_written(STR("\0\x1b\x1f\x7f"), "\"\\u0000\\u001b\\u001f\\u007f\""));
    CU_ASSERT_TRUE(text_is_written(STR("\xc2\x85"), "\"\\u0085\""));
}

static void separators_and_bidi_marks_are_escaped(void)
{
    CU_ASSERT_TRUE(
        text_is_written(STR("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xae"), "\"\\u2028\\u2029\\u202e\""));
}

static void valid_utf8_is_kept(void)
{
    CU_ASSERT_TRUE(
        text_is_written(STR("Mũthoni \xf0\x9f\x92\xb0"), "\"Mũthoni \xf0\x9f\x92\xb0\""));
}

static void each_byte_that_is_not_utf8_is_replaced(void)
{
    CU_ASSERT_TRUE(text_is_written(STR("a\xff\xc0z"), "\"a\xef\xbf\xbd\xef\xbf\xbdz\""));
    CU_ASSERT_TRUE(text_is_written(STR("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\""));
}

static void names_are_escaped_too(void)
{
    json_begin();
    jwrite_object_begin(&writer, NULL);
    jwrite_int(&writer, "a\"\n", 1);
    jwrite_object_end(&writer);
    CU_ASSERT_TRUE(json_is("{\"a\\\"\\n\":1}"));
}

static void integers_reach_both_ends(void)
{
    json_begin();
    jwrite_array_begin(&writer, NULL);
    jwrite_int(&writer, NULL, INT64_MAX);
    jwrite_int(&writer, NULL, INT64_MIN);
    jwrite_array_end(&writer);
    CU_ASSERT_TRUE(json_is("[9223372036854775807,-9223372036854775808]"));
}

static void money_is_a_number_with_two_decimals_at_most(void)
{
    json_begin();
    jwrite_array_begin(&writer, NULL);
    jwrite_money(&writer, NULL, (struct money){1000});
    jwrite_money(&writer, NULL, (struct money){1050});
    jwrite_money(&writer, NULL, (struct money){5});
    jwrite_array_end(&writer);
    CU_ASSERT_TRUE(json_is("[10,10.50,0.05]"));
}

static void identifiers_and_times_are_text(void)
{
    struct uuid uuid = {{0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}};

    json_begin();
    jwrite_array_begin(&writer, NULL);
    jwrite_uuid(&writer, NULL, &uuid);
    jwrite_time(&writer, NULL, 0);
    jwrite_time(&writer, NULL, 1);
    jwrite_array_end(&writer);
    CU_ASSERT_TRUE(json_is("[\"00000000-0000-7000-8000-000000000001\",\"1970-01-01T00:00:00Z\","
                           "\"1970-01-01T00:00:00.000001Z\"]"));
}

static void standing_json_is_pasted(void)
{
    json_begin();
    jwrite_object_begin(&writer, NULL);
    jwrite_raw(&writer, "a", STR("[1, 2]"));
    jwrite_raw(&writer, "b", STR("{}"));
    jwrite_object_end(&writer);
    CU_ASSERT_TRUE(json_is("{\"a\":[1, 2],\"b\":{}}"));
}

static void a_full_buffer_is_marked_once_and_for_all(void)
{
    struct buffer small;

    buffer_init(&small, 8);
    jwrite_init(&writer, &small);
    jwrite_array_begin(&writer, NULL);
    jwrite_text(&writer, NULL, "longer than that");
    jwrite_int(&writer, NULL, 1);
    jwrite_array_end(&writer);
    CU_ASSERT_EQUAL(small.err, ERR_TOO_LARGE);
    CU_ASSERT_TRUE(small.length <= 8);
    buffer_release(&small);
}

static const struct tap_test tests[] = {
    TAP_TEST(members_and_items_are_separated_by_commas),
    TAP_TEST(empty_containers_have_no_comma),
    TAP_TEST(missing_text_is_null_and_empty_text_is_empty),
    TAP_TEST(quotes_and_backslashes_are_escaped),
    TAP_TEST(control_characters_are_escaped),
    TAP_TEST(separators_and_bidi_marks_are_escaped),
    TAP_TEST(valid_utf8_is_kept),
    TAP_TEST(each_byte_that_is_not_utf8_is_replaced),
    TAP_TEST(names_are_escaped_too),
    TAP_TEST(integers_reach_both_ends),
    TAP_TEST(money_is_a_number_with_two_decimals_at_most),
    TAP_TEST(identifiers_and_times_are_text),
    TAP_TEST(standing_json_is_pasted),
    TAP_TEST(a_full_buffer_is_marked_once_and_for_all),
};
TAP_MAIN("jwrite", tests)
