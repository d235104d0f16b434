/* Strict JSON: what is refused and why, what is read, and that nothing is converted silently. */
#include "risiti/base/base.h"

#include "risiti/base/jread.h"

#include "risiti/base/buffer.h"
#include "risiti/base/clock.h"

#include "tap.h"

#define ARENA_BYTES_MAX 65536
#define REQUEST_BYTES_MAX 65536

static struct arena *arena;
static const char *why;

/* Parses into a fresh arena; NULL when the text is refused. */
static const struct jread *parse(struct str text)
{
    const struct jread *root = NULL;
    enum err err;

    arena_free(arena);
    arena = arena_new(ARENA_BYTES_MAX);
    CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
    why = NULL;
    err = jread_parse(arena, text, &root, &why);
    CU_ASSERT_TRUE((err == ERR_OK) == (root != NULL));
    CU_ASSERT_TRUE((err == ERR_SYNTAX) == (why != NULL));
    if (err == ERR_SYNTAX)
        CU_ASSERT_TRUE(why[0] != '\0');
    return root;
}

static const struct jread *parse_text(const char *text)
{
    return parse(str_from(text));
}

/* Whether the text is refused with a sentence that has this in it. */
static bool refused(struct str text, const char *part)
{
    bool is_so = parse(text) == NULL && why != NULL && strstr(why, part) != NULL;

    if (!is_so)
        printf("# %.*s: %s\n", STR_ARG(str_first(text, 60)), why != NULL ? why : "accepted");
    return is_so;
}

static bool number_is(const char *text, const char *digits)
{
    return str_equal(jread_number(parse_text(text)), str_from(digits));
}

static void values_of_every_type_are_read(void)
{
    CU_ASSERT_EQUAL(jread_type(parse_text("null")), JREAD_NULL);
    CU_ASSERT_EQUAL(jread_type(parse_text("true")), JREAD_BOOLEAN);
    CU_ASSERT_EQUAL(jread_type(parse_text("12")), JREAD_NUMBER);
    CU_ASSERT_EQUAL(jread_type(parse_text("1.5")), JREAD_NUMBER);
    CU_ASSERT_EQUAL(jread_type(parse_text("\"\"")), JREAD_STRING);
    CU_ASSERT_EQUAL(jread_type(parse_text("[]")), JREAD_ARRAY);
    CU_ASSERT_EQUAL(jread_type(parse_text("{}")), JREAD_OBJECT);
    CU_ASSERT_EQUAL(jread_type(NULL), JREAD_ABSENT);
}

static void space_around_a_value_is_fine(void)
{
    CU_ASSERT_PTR_NOT_NULL(parse_text(" \t\r\n{ \"a\" : [ 1 , 2 ] } \r\n\t "));
    CU_ASSERT_PTR_NOT_NULL(parse_text(" 12 "));
    CU_ASSERT_PTR_NOT_NULL(parse_text("\n\"a\"\n"));
    CU_ASSERT_TRUE(refused(STR("\v{}"), "A value is expected"));
    CU_ASSERT_TRUE(refused(STR("\xc2\xa0{}"), "A value is expected"));
}

static void empty_text_is_refused(void)
{
    CU_ASSERT_TRUE(refused(STR_EMPTY, "empty"));
    CU_ASSERT_TRUE(refused(STR(""), "empty"));
    CU_ASSERT_TRUE(refused(STR(" \n"), "empty"));
}

static void a_byte_order_mark_is_refused_by_name(void)
{
    CU_ASSERT_TRUE(refused(STR("\xef\xbb\xbf{}"), "byte order mark"));
}

static void text_behind_the_value_is_refused(void)
{
    CU_ASSERT_TRUE(refused(STR("{} x"), "follows"));
    CU_ASSERT_TRUE(refused(STR("{}{}"), "follows"));
    CU_ASSERT_TRUE(refused(STR("1 2"), "follows"));
    CU_ASSERT_TRUE(refused(STR("{}\0"), "follows"));
    CU_ASSERT_TRUE(refused(STR("nullx"), "follows"));
}

static void every_early_end_is_refused(void)
{
    static const struct str whole =
        STR_INIT("{\"a\":[1,-2.5e+3,true,null,\"\\u00e9\\n\\ud83d\\udcb0\xc3\xa9\"],\"b\":{}}");

    CU_ASSERT_PTR_NOT_NULL(parse(whole));
    for (size_t length = 0; length < whole.length; length++) {
        /* Exactly as long as it is, for the address sanitizer. */
        struct buffer part;

        buffer_init(&part, whole.length);
        buffer_append(&part, str_first(whole, length));
        CU_ASSERT_PTR_NULL(parse(buffer_str(&part)));
        buffer_release(&part);
    }
}

static void duplicate_keys_are_refused(void)
{
    CU_ASSERT_TRUE(refused(STR("{\"a\":1,\"a\":1}"), "twice"));
    CU_ASSERT_TRUE(refused(STR("{\"\":1,\"b\":2,\"\":3}"), "twice"));
    CU_ASSERT_TRUE(refused(STR("[{\"x\":{\"a\":1,\"b\":{\"a\":1},\"a\":2}}]"), "twice"));
}

static void keys_are_compared_unescaped(void)
{
    CU_ASSERT_TRUE(refused(STR("{\"a\":1,\"\\u0061\":1}"), "twice"));
    CU_ASSERT_TRUE(refused(STR("{\"/\":1,\"\\/\":1}"), "twice"));
    CU_ASSERT_TRUE(refused(STR("{\"\xc3\xa9\":1,\"\\u00E9\":1}"), "twice"));
    CU_ASSERT_TRUE(refused(STR("{\"\xf0\x9f\x92\xb0\":1,\"\\ud83d\\udcb0\":1}"), "twice"));
    CU_ASSERT_TRUE(refused(STR("{\"\\n\":1,\"\\u000a\":1}"), "twice"));
}

static void like_keys_of_different_objects_are_fine(void)
{
    CU_ASSERT_PTR_NOT_NULL(
        parse_text("{\"a\":{\"a\":{\"a\":1},\"b\":2},\"b\":[{\"a\":1},{\"a\":2}]}"));
    CU_ASSERT_PTR_NOT_NULL(parse_text("{\"a\":1,\"A\":1,\"a \":1,\"aa\":1,\"\":1}"));
}

static void keys_whose_hashes_collide_are_told_apart(void)
{
    /* Both have the FNV-1a hash 0x5e4daa9d. */
    const struct jread *root = parse_text("{\"costarring\":1,\"liquid\":2}");

    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    ASSERT_STR(jread_number(jread_member(root, "costarring")), "1");
    ASSERT_STR(jread_number(jread_member(root, "liquid")), "2");
}

static void nan_and_infinity_are_refused(void)
{
    static const char *const texts[] = {
        "NaN",         "Infinity", "-Infinity",         "[NaN]",     "[-NaN]",
        "{\"a\":nan}", "[inf]",    "{\"a\":-Infinity}", "[Infinity]"};

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        CU_ASSERT_TRUE(refused(str_from(texts[i]), texts[i][0] == '-' ? "digit" : ""));
}

static void single_quotes_are_refused(void)
{
    CU_ASSERT_TRUE(refused(STR("'a'"), "double quotes"));
    CU_ASSERT_TRUE(refused(STR("{'a':1}"), "double quotes"));
    CU_ASSERT_TRUE(refused(STR("{\"a\":'b'}"), "double quotes"));
}

static void comments_and_loose_commas_are_refused(void)
{
    static const char *const texts[] = {
        "{} // x",    "/* x */ {}", "[1,]",     "[,1]",      "[1,,2]",
        "{\"a\":1,}", "{,}",        "[1 2]",    "{\"a\" 1}", "{\"a\":1 \"b\":2}",
        "{a:1}",      "{\"a\"}",    "{\"a\":}", "{1:2}",     "[1}",
        "{\"a\":1]",  "]",          "[:]"};

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        CU_ASSERT_TRUE(refused(str_from(texts[i]), ""));
}

static void words_are_lower_case_and_whole(void)
{
    static const char *const texts[] = {"TRUE", "True",   "NULL",       "tru",
                                        "nul",  "falsey", "[truefalse]"};

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        CU_ASSERT_TRUE(refused(str_from(texts[i]), ""));
}

static void raw_control_characters_are_refused(void)
{
    for (char byte = 0; byte < ' '; byte++) {
        char text[] = "\"ax\"";

        text[2] = byte;
        CU_ASSERT_TRUE(refused((struct str){text, 4}, "control character"));
    }
    CU_ASSERT_PTR_NOT_NULL(parse_text("\"a\x7f\""));
}

static void u0000_is_refused_everywhere(void)
{
    CU_ASSERT_TRUE(refused(STR("\"a\\u0000b\""), "U+0000"));
    CU_ASSERT_TRUE(refused(STR("{\"a\\u0000b\":1}"), "U+0000"));
    CU_ASSERT_TRUE(refused(STR("[\0]"), ""));
    CU_ASSERT_TRUE(refused(STR("\0"), ""));
}

static void escapes_are_read_and_others_refused(void)
{
    ASSERT_STR(jread_string(parse_text("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\"")),
               "\"\\/\b\f\n\r\tA\xc3\xa9");
    CU_ASSERT_TRUE(refused(STR("\"\\x41\""), "escape"));
    CU_ASSERT_TRUE(refused(STR("\"\\'\""), "escape"));
    CU_ASSERT_TRUE(refused(STR("\"\\u00g1\""), "four hexadecimal"));
    CU_ASSERT_TRUE(refused(STR("\"\\u12\""), "four hexadecimal"));
    CU_ASSERT_TRUE(refused(STR("\"\\U0041\""), "escape"));
    CU_ASSERT_TRUE(refused(STR("\"\\u+041\""), "four hexadecimal"));
}

static void surrogates_come_in_pairs(void)
{
    ASSERT_STR(jread_string(parse_text("\"\\ud83d\\udcb0\"")), "\xf0\x9f\x92\xb0");
    ASSERT_STR(jread_string(parse_text("\"\\uDBFF\\uDFFF\"")), "\xf4\x8f\xbf\xbf");
    CU_ASSERT_TRUE(refused(STR("\"\\ud800\""), "surrogate"));
    CU_ASSERT_TRUE(refused(STR("\"\\udc00\""), "surrogate"));
    CU_ASSERT_TRUE(refused(STR("\"\\udcb0\\ud83d\""), "surrogate"));
    CU_ASSERT_TRUE(refused(STR("\"\\ud83dx\""), "surrogate"));
    CU_ASSERT_TRUE(refused(STR("\"\\ud83d\\u0041\""), "surrogate"));
    CU_ASSERT_TRUE(refused(STR("\"\\ud83d\\ud83d\""), "surrogate"));
    CU_ASSERT_TRUE(refused(STR("\"\\ud83d\\ue000\""), "surrogate"));
}

static void invalid_utf8_is_refused(void)
{
    CU_ASSERT_TRUE(refused(STR("\"\xff\""), "UTF-8"));
    CU_ASSERT_TRUE(refused(STR("\"\xc0\x80\""), "UTF-8"));
    CU_ASSERT_TRUE(refused(STR("\"\xed\xa0\x80\""), "UTF-8"));
    CU_ASSERT_TRUE(refused(STR("\"\xf4\x90\x80\x80\""), "UTF-8"));
    CU_ASSERT_TRUE(refused(STR("\"\xe2\x82\""), "UTF-8"));
    CU_ASSERT_TRUE(refused(STR("{\"\xff\":1}"), "UTF-8"));
}

static void numbers_keep_to_the_grammar(void)
{
    static const char *const texts[] = {"01",  "-01", "00",   "1.",    ".5",  "-",     "+1",  "1e",
                                        "1e+", "0x1", "1.e1", "1e1.5", "--1", "1_000", "-.5", "0e"};

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        CU_ASSERT_TRUE(refused(str_from(texts[i]), ""));
    CU_ASSERT_TRUE(refused(STR("[007]"), "zero"));
}

static void numbers_give_their_digits(void)
{
    CU_ASSERT_TRUE(number_is("0", "0"));
    CU_ASSERT_TRUE(number_is("10", "10"));
    CU_ASSERT_TRUE(number_is("-7", "-7"));
    CU_ASSERT_TRUE(number_is("10.50", "10.50"));
    CU_ASSERT_TRUE(number_is("10.00", "10.00"));
    CU_ASSERT_TRUE(number_is("1e3", "1e3"));
    CU_ASSERT_TRUE(number_is("1E+3", "1E+3"));
    CU_ASSERT_TRUE(number_is("-0", "0"));
    CU_ASSERT_TRUE(number_is("-0.0", "-0.0"));
    CU_ASSERT_TRUE(number_is("20261123141527", "20261123141527"));
    CU_ASSERT_TRUE(
        number_is("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"));
}

static void whole_numbers_beyond_64_bits_saturate(void)
{
    CU_ASSERT_TRUE(number_is("5000000000", "5000000000"));
    CU_ASSERT_TRUE(number_is("9223372036854775807", "9223372036854775807"));
    CU_ASSERT_TRUE(number_is("18446744073709551615", "18446744073709551615"));
    CU_ASSERT_TRUE(number_is("99999999999999999999999", "18446744073709551615"));
    CU_ASSERT_TRUE(number_is("-99999999999999999999999", "-9223372036854775808"));
}

static void huge_exponents_stay_text(void)
{
    CU_ASSERT_TRUE(number_is("1e400", "1e400"));
    CU_ASSERT_TRUE(number_is("-1e400", "-1e400"));
    CU_ASSERT_TRUE(number_is("1e-400", "1e-400"));
}

static void nothing_is_converted_to_another_type(void)
{
    bool value = true;

    CU_ASSERT_PTR_NULL(jread_number(parse_text("\"12abc\"")).data);
    CU_ASSERT_PTR_NULL(jread_number(parse_text("true")).data);
    CU_ASSERT_PTR_NULL(jread_number(parse_text("null")).data);
    CU_ASSERT_PTR_NULL(jread_string(parse_text("12")).data);
    CU_ASSERT_PTR_NULL(jread_string(parse_text("[\"a\"]")).data);
    CU_ASSERT_PTR_NULL(jread_string(parse_text("null")).data);
    CU_ASSERT_FALSE(jread_boolean(parse_text("\"false\""), &value));
    CU_ASSERT_FALSE(jread_boolean(parse_text("0"), &value));
    CU_ASSERT_FALSE(jread_boolean(parse_text("null"), &value));
    CU_ASSERT_TRUE(value);
}

static void absent_values_read_as_nothing(void)
{
    bool value = true;

    CU_ASSERT_PTR_NULL(jread_member(NULL, "a"));
    CU_ASSERT_PTR_NULL(jread_array_item(NULL, 0));
    CU_ASSERT_EQUAL(jread_array_length(NULL), 0);
    CU_ASSERT_PTR_NULL(jread_string(NULL).data);
    CU_ASSERT_PTR_NULL(jread_number(NULL).data);
    CU_ASSERT_PTR_NULL(jread_scalar(NULL).data);
    CU_ASSERT_FALSE(jread_boolean(NULL, &value));
    jread_each_member(NULL, NULL, NULL);
    CU_ASSERT_TRUE(value);
}

static void scalars_are_text_or_digits(void)
{
    ASSERT_STR(jread_scalar(parse_text("\"254712345678\"")), "254712345678");
    ASSERT_STR(jread_scalar(parse_text("254712345678")), "254712345678");
    ASSERT_STR(jread_scalar(parse_text("10.50")), "10.50");
    CU_ASSERT_PTR_NULL(jread_scalar(parse_text("true")).data);
    CU_ASSERT_PTR_NULL(jread_scalar(parse_text("{}")).data);
    CU_ASSERT_PTR_NULL(jread_scalar(parse_text("null")).data);
}

static void booleans_are_read(void)
{
    bool value = false;

    CU_ASSERT_TRUE(jread_boolean(parse_text("true"), &value));
    CU_ASSERT_TRUE(value);
    CU_ASSERT_TRUE(jread_boolean(parse_text("false"), &value));
    CU_ASSERT_FALSE(value);
}

static void members_are_found_by_exact_name(void)
{
    const struct jread *root = parse_text("{\"a\":\"x\",\"n\":null,\"\\u00e9\":1,\"\":2}");

    ASSERT_STR(jread_string(jread_member(root, "a")), "x");
    CU_ASSERT_PTR_NULL(jread_member(root, "A"));
    CU_ASSERT_EQUAL(jread_type(jread_member(root, "n")), JREAD_NULL);
    CU_ASSERT_EQUAL(jread_type(jread_member(root, "absent")), JREAD_ABSENT);
    ASSERT_STR(jread_number(jread_member(root, "\xc3\xa9")), "1");
    ASSERT_STR(jread_number(jread_member(root, "")), "2");
    CU_ASSERT_PTR_NULL(jread_member(parse_text("[1]"), "0"));
    CU_ASSERT_PTR_NULL(jread_member(parse_text("null"), "a"));
}

static void paths_lead_through_objects(void)
{
    static const char *const code[] = {"Body", "stkCallback", "ResultCode", NULL};
    static const char *const beyond[] = {"Body", "x", "y", NULL};
    static const char *const here[] = {NULL};
    const struct jread *root =
        parse_text("{\"Body\":{\"stkCallback\":{\"ResultCode\":0},\"x\":7}}");

    ASSERT_STR(jread_number(jread_path(root, code)), "0");
    CU_ASSERT_PTR_NULL(jread_path(root, beyond));
    CU_ASSERT_PTR_EQUAL(jread_path(root, here), root);
    CU_ASSERT_PTR_NULL(jread_path(NULL, code));
}

static bool name_note(struct str name, const struct jread *value, void *context)
{
    struct buffer *names = context;

    buffer_append(names, name);
    buffer_format(names, "%d", (int)jread_type(value));
    return !str_equal(name, STR("stop"));
}

static void members_come_in_document_order_until_told_to_stop(void)
{
    struct buffer names;

    buffer_init(&names, 64);
    jread_each_member(parse_text("{\"z\":1,\"a\":null,\"m\":[],\"stop\":\"\",\"q\":1}"), name_note,
                      &names);
    ASSERT_STR(buffer_str(&names), "z3a1m5stop4");
    jread_each_member(parse_text("[1]"), name_note, &names);
    jread_each_member(parse_text("{}"), name_note, &names);
    jread_each_member(parse_text("null"), name_note, &names);
    ASSERT_STR(buffer_str(&names), "z3a1m5stop4");
    buffer_release(&names);
}

static void arrays_have_items_up_to_their_length(void)
{
    const struct jread *root = parse_text("[1,null,\"x\"]");

    CU_ASSERT_EQUAL(jread_array_length(root), 3);
    ASSERT_STR(jread_number(jread_array_item(root, 0)), "1");
    CU_ASSERT_EQUAL(jread_type(jread_array_item(root, 1)), JREAD_NULL);
    ASSERT_STR(jread_string(jread_array_item(root, 2)), "x");
    CU_ASSERT_PTR_NULL(jread_array_item(root, 3));
    CU_ASSERT_PTR_NULL(jread_array_item(root, SIZE_MAX));
    CU_ASSERT_EQUAL(jread_array_length(parse_text("{}")), 0);
    CU_ASSERT_PTR_NULL(jread_array_item(parse_text("\"abc\""), 0));
}

/* `count` times the first text, then the second, then `count` times the third. */
static const struct jread *parse_nested(size_t count, const char *open, const char *inner,
                                        const char *close)
{
    struct buffer text;
    const struct jread *root;

    buffer_init(&text, JREAD_BYTES_MAX + 1);
    for (size_t i = 0; i < count; i++)
        buffer_append(&text, str_from(open));
    buffer_append(&text, str_from(inner));
    for (size_t i = 0; i < count; i++)
        buffer_append(&text, str_from(close));
    CU_ASSERT_EQUAL_FATAL(text.err, ERR_OK);
    root = parse(buffer_str(&text));
    buffer_release(&text);
    return root;
}

static void depth_ends_at_its_maximum(void)
{
    CU_ASSERT_PTR_NOT_NULL(parse_nested(JREAD_DEPTH_MAX, "[", "", "]"));
    CU_ASSERT_PTR_NOT_NULL(parse_nested(JREAD_DEPTH_MAX, "[", "1", "]"));
    CU_ASSERT_PTR_NOT_NULL(parse_nested(JREAD_DEPTH_MAX, "{\"a\":", "\"b\"", "}"));
    CU_ASSERT_PTR_NULL(parse_nested(JREAD_DEPTH_MAX + 1, "[", "", "]"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(why);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "too deep"));
    CU_ASSERT_PTR_NULL(parse_nested(JREAD_DEPTH_MAX + 1, "{\"a\":", "1", "}"));
    CU_ASSERT_PTR_NULL(parse_nested(100000, "[", "", "]"));
}

static void values_end_at_their_maximum(void)
{
    /* The array itself is a value too. */
    for (size_t extra = 0; extra < 2; extra++) {
        struct buffer text;

        buffer_init(&text, JREAD_BYTES_MAX);
        buffer_append(&text, STR("[0"));
        for (size_t count = 2; count < JREAD_VALUES_MAX + extra; count++)
            buffer_append(&text, STR(",0"));
        buffer_append(&text, STR("]"));
        CU_ASSERT_EQUAL(parse(buffer_str(&text)) != NULL, extra == 0);
        buffer_release(&text);
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(why);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "too many values"));
}

static void containers_end_at_their_maximum(void)
{
    for (size_t extra = 0; extra < 2; extra++) {
        struct buffer text;

        buffer_init(&text, JREAD_BYTES_MAX);
        buffer_append(&text, STR("[{}"));
        for (size_t count = 2; count < JREAD_CONTAINERS_MAX + extra; count++)
            buffer_append(&text, STR(",{}"));
        buffer_append(&text, STR("]"));
        CU_ASSERT_EQUAL(parse(buffer_str(&text)) != NULL, extra == 0);
        buffer_release(&text);
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(why);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "too many objects"));
}

/* An object with `count` keys, the last like `last` when given. */
static void object_append(struct buffer *text, size_t count, const char *last)
{
    buffer_append(text, STR("{"));
    for (size_t i = 1; i < count; i++)
        buffer_format(text, "\"%zu\":0,", i);
    buffer_format(text, "\"%s\":0}", last);
}

static void keys_end_at_their_maximum(void)
{
    struct buffer text;

    buffer_init(&text, REQUEST_BYTES_MAX);
    object_append(&text, JREAD_KEYS_MAX, "x");
    CU_ASSERT_PTR_NOT_NULL(parse(buffer_str(&text)));
    buffer_clear(&text);
    object_append(&text, JREAD_KEYS_MAX + 1, "x");
    CU_ASSERT_TRUE(refused(buffer_str(&text), "too many keys"));
    buffer_clear(&text);
    object_append(&text, JREAD_KEYS_MAX, "1");
    CU_ASSERT_TRUE(refused(buffer_str(&text), "twice"));
    buffer_release(&text);
}

static void every_level_may_have_all_its_keys(void)
{
    struct buffer text;

    buffer_init(&text, REQUEST_BYTES_MAX);
    for (size_t depth = 0; depth < JREAD_DEPTH_MAX; depth++) {
        buffer_append(&text, STR("{"));
        for (size_t i = 1; i < JREAD_KEYS_MAX; i++)
            buffer_format(&text, "\"%zu\":0,", i);
        buffer_append(&text, STR("\"x\":"));
    }
    buffer_append(&text, STR("0"));
    for (size_t depth = 0; depth < JREAD_DEPTH_MAX; depth++)
        buffer_append(&text, STR("}"));
    CU_ASSERT_EQUAL(text.err, ERR_OK);
    CU_ASSERT_PTR_NOT_NULL(parse(buffer_str(&text)));
    buffer_release(&text);
}

static void the_worst_objects_in_a_request_are_checked_quickly(void)
{
    int64_t start_ms = clock_monotonic_ms();
    struct buffer text;

    buffer_init(&text, REQUEST_BYTES_MAX);
    buffer_append(&text, STR("["));
    while (text.length < REQUEST_BYTES_MAX - 3000) {
        object_append(&text, JREAD_KEYS_MAX, "x");
        buffer_append(&text, STR(","));
    }
    buffer_append(&text, STR("0]"));
    CU_ASSERT_EQUAL(text.err, ERR_OK);
    for (unsigned round = 0; round < 10; round++)
        CU_ASSERT_PTR_NOT_NULL(parse(buffer_str(&text)));
    CU_ASSERT_TRUE(clock_monotonic_ms() - start_ms < 2000);
    buffer_release(&text);
}

static void text_beyond_its_maximum_is_too_large(void)
{
    const struct jread *root = NULL;
    struct buffer text;

    buffer_init(&text, JREAD_BYTES_MAX + 1);
    buffer_append(&text, STR("\""));
    while (text.length < JREAD_BYTES_MAX - 1)
        buffer_append(&text, STR("x"));
    buffer_append(&text, STR("\""));
    CU_ASSERT_EQUAL(jread_string(parse(buffer_str(&text))).length, JREAD_BYTES_MAX - 2);
    buffer_append(&text, STR(" "));
    CU_ASSERT_EQUAL(jread_parse(arena, buffer_str(&text), &root, &why), ERR_TOO_LARGE);
    CU_ASSERT_PTR_NULL(root);
    buffer_release(&text);
}

static void refusal_leaves_the_results_untouched(void)
{
    const struct jread *before = parse_text("1");
    const struct jread *root = before;

    CU_ASSERT_EQUAL(jread_parse(arena, STR("{"), &root, &why), ERR_SYNTAX);
    CU_ASSERT_PTR_EQUAL(root, before);
}

static void an_arena_without_room_gives_no_tree(void)
{
    struct arena *small = arena_new(1);
    const struct jread *root = NULL;
    const char *reason = NULL;

    CU_ASSERT_PTR_NOT_NULL_FATAL(small);
    CU_ASSERT_EQUAL(jread_parse(small, STR("{\"a\":1}"), &root, &reason), ERR_NOMEM);
    CU_ASSERT_PTR_NULL(root);
    CU_ASSERT_PTR_NULL(reason);
    arena_free(small);
}

static void several_trees_live_in_one_arena(void)
{
    const struct jread *first = parse_text("{\"a\":\"one\"}");
    const struct jread *second = NULL;

    CU_ASSERT_EQUAL_FATAL(jread_parse(arena, STR("{\"a\":\"two\"}"), &second, &why), ERR_OK);
    ASSERT_STR(jread_string(jread_member(first, "a")), "one");
    ASSERT_STR(jread_string(jread_member(second, "a")), "two");
    arena_free(arena);
    arena = NULL;
}

static void a_wrong_text_names_the_member_in_which_it_goes_wrong(void)
{
    static const struct {
        const char *text, *member;
    } cases[] = {
        {"{\"a\":1,\"amount\":NaN}", "amount"},
        {"{\"a\":{\"b\":[1,2,x]}}", "a"},
        {"{\"a\":1,\"a\":2}", "a"},
        {"{\"a\":\"b\\u0000\"}", "a"},
        {"[1,x]", NULL},
        {"{x", NULL},
        {"{\"a\\n\":x}", NULL},
    };
    RISITI_CLEANUP(arena_free_at) struct arena *memory = arena_new(65536);

    CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct jread *root = NULL;
        const char *reason = NULL;
        struct str member = STR("untouched");

        CU_ASSERT_EQUAL(
            jread_parse_member(memory, str_from(cases[i].text), &root, &reason, &member),
            ERR_SYNTAX);
        CU_ASSERT_TRUE(str_equal(member, str_from(cases[i].member)));
        CU_ASSERT_EQUAL(member.data == NULL, cases[i].member == NULL);
    }
}

static const struct tap_test tests[] = {
    TAP_TEST(values_of_every_type_are_read),
    TAP_TEST(space_around_a_value_is_fine),
    TAP_TEST(empty_text_is_refused),
    TAP_TEST(a_byte_order_mark_is_refused_by_name),
    TAP_TEST(text_behind_the_value_is_refused),
    TAP_TEST(every_early_end_is_refused),
    TAP_TEST(duplicate_keys_are_refused),
    TAP_TEST(keys_are_compared_unescaped),
    TAP_TEST(like_keys_of_different_objects_are_fine),
    TAP_TEST(keys_whose_hashes_collide_are_told_apart),
    TAP_TEST(nan_and_infinity_are_refused),
    TAP_TEST(single_quotes_are_refused),
    TAP_TEST(comments_and_loose_commas_are_refused),
    TAP_TEST(words_are_lower_case_and_whole),
    TAP_TEST(raw_control_characters_are_refused),
    TAP_TEST(u0000_is_refused_everywhere),
    TAP_TEST(escapes_are_read_and_others_refused),
    TAP_TEST(surrogates_come_in_pairs),
    TAP_TEST(invalid_utf8_is_refused),
    TAP_TEST(numbers_keep_to_the_grammar),
    TAP_TEST(numbers_give_their_digits),
    TAP_TEST(whole_numbers_beyond_64_bits_saturate),
    TAP_TEST(huge_exponents_stay_text),
    TAP_TEST(nothing_is_converted_to_another_type),
    TAP_TEST(absent_values_read_as_nothing),
    TAP_TEST(scalars_are_text_or_digits),
    TAP_TEST(booleans_are_read),
    TAP_TEST(members_are_found_by_exact_name),
    TAP_TEST(paths_lead_through_objects),
    TAP_TEST(members_come_in_document_order_until_told_to_stop),
    TAP_TEST(arrays_have_items_up_to_their_length),
    TAP_TEST(depth_ends_at_its_maximum),
    TAP_TEST(values_end_at_their_maximum),
    TAP_TEST(containers_end_at_their_maximum),
    TAP_TEST(keys_end_at_their_maximum),
    TAP_TEST(every_level_may_have_all_its_keys),
    TAP_TEST(the_worst_objects_in_a_request_are_checked_quickly),
    TAP_TEST(text_beyond_its_maximum_is_too_large),
    TAP_TEST(refusal_leaves_the_results_untouched),
    TAP_TEST(an_arena_without_room_gives_no_tree),
    TAP_TEST(several_trees_live_in_one_arena),
    TAP_TEST(a_wrong_text_names_the_member_in_which_it_goes_wrong),
};
TAP_MAIN("jread", tests)
