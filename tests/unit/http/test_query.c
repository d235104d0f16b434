/* Query strings and percent-encoding: what is read, and what is refused under which name. */
#include "risiti/base/base.h"

#include "risiti/http/query.h"
#include "tap.h"

#define ARENA_BYTES 65536

static struct arena *arena;
static struct query query;
static struct str field;
static const char *why;

static enum err parse(struct str raw)
{
    arena_free(arena);
    arena = arena_new(ARENA_BYTES);
    query = (struct query){.count = 77};
    field = STR_EMPTY;
    why = NULL;
    return query_parse(arena, raw, &query, &field, &why);
}

/* That the query is refused under this name, and that nothing else was written. */
static bool refused(struct str raw, const char *name)
{
    return parse(raw) == ERR_INVALID && str_equal(field, str_from(name)) && why != NULL &&
           query.count == 77;
}

/* The value of a parameter; data is NULL when it is absent. */
static struct str value_of(const char *name)
{
    for (size_t i = 0; i < query.count; i++)
        if (str_equal(query.items[i].name, str_from(name)))
            return query.items[i].value;
    return STR_EMPTY;
}

static void parameters_are_decoded(void)
{
    CU_ASSERT_EQUAL(parse(STR("receipt=SGR7%20x&reference=a+b%2Bc&q=M%C5%A9thoni")), ERR_OK);
    CU_ASSERT_EQUAL(query.count, 3);
    ASSERT_STR(value_of("receipt"), "SGR7 x");
    ASSERT_STR(value_of("reference"), "a b+c");
    ASSERT_STR(value_of("q"), "M\xc5\xa9thoni");
}

static void an_absent_parameter_differs_from_an_empty_one(void)
{
    CU_ASSERT_EQUAL(parse(STR("a=&b")), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL(value_of("a").data);
    CU_ASSERT_EQUAL(value_of("a").length, 0);
    CU_ASSERT_PTR_NOT_NULL(value_of("b").data);
    CU_ASSERT_PTR_NULL(value_of("c").data);
}

static void an_empty_query_has_no_parameters(void)
{
    CU_ASSERT_EQUAL(parse(STR_EMPTY), ERR_OK);
    CU_ASSERT_EQUAL(query.count, 0);
    CU_ASSERT_EQUAL(parse(STR("&&")), ERR_OK);
    CU_ASSERT_EQUAL(query.count, 0);
}

static void only_the_first_equals_sign_divides(void)
{
    CU_ASSERT_EQUAL(parse(STR("cursor=YWI=&x==")), ERR_OK);
    ASSERT_STR(value_of("cursor"), "YWI=");
    ASSERT_STR(value_of("x"), "=");
}

static void a_parameter_given_twice_is_refused_by_its_decoded_name(void)
{
    CU_ASSERT_TRUE(refused(STR("receipt=A&amount=1&receip%74=B"), "receipt"));
    CU_ASSERT_STRING_EQUAL(why, "is given twice");
}

static void a_broken_escape_is_refused(void)
{
    CU_ASSERT_TRUE(refused(STR("a=1&b=%"), "b"));
    CU_ASSERT_TRUE(refused(STR("b=%4"), "b"));
    CU_ASSERT_TRUE(refused(STR("b=%4g"), "b"));
    CU_ASSERT_TRUE(refused(STR("b=%%41"), "b"));
    CU_ASSERT_TRUE(refused(STR("%zz=1"), "%zz"));
}

static void a_zero_byte_is_refused(void)
{
    CU_ASSERT_TRUE(refused(STR("a=x%00y"), "a"));
    CU_ASSERT_TRUE(refused(STR("a=x\0y"), "a"));
}

static void invalid_utf8_is_refused(void)
{
    CU_ASSERT_TRUE(refused(STR("a=%ff"), "a"));
    CU_ASSERT_TRUE(refused(STR("a=%C0%80"), "a"));
    CU_ASSERT_TRUE(refused(STR("%ff=a"), "\xff"));
}

/* "p0=&p1=&…" with `count` names. */
static struct str many(char *text, size_t size, int count)
{
    size_t length = 0;

    for (int i = 0; i < count; i++)
        length += (size_t)snprintf(text + length, size - length, "p%d=&", i);
    return (struct str){text, length};
}

static void there_is_a_maximum_of_parameters(void)
{
    char text[512];

    CU_ASSERT_EQUAL(parse(many(text, sizeof(text), QUERY_PARAMETERS_MAX)), ERR_OK);
    CU_ASSERT_EQUAL(query.count, QUERY_PARAMETERS_MAX);
    CU_ASSERT_TRUE(refused(many(text, sizeof(text), QUERY_PARAMETERS_MAX + 1), "p32"));
}

static void want_of_memory_is_reported(void)
{
    struct arena *small = arena_new(16);
    struct query untouched = {.count = 5};
    struct str name = STR_EMPTY, text = STR("kept");
    const char *sentence = NULL;

    CU_ASSERT_EQUAL(query_parse(small, STR("a=0123456789"), &untouched, &name, &sentence),
                    ERR_NOMEM);
    CU_ASSERT_EQUAL(untouched.count, 5);
    CU_ASSERT_EQUAL(percent_decode(small, STR("0123456789abcdef"), &text), ERR_NOMEM);
    ASSERT_STR(text, "kept");
    arena_free(small);
}

static void percent_decoding_leaves_plus_and_foreign_bytes(void)
{
    struct str text = STR_EMPTY;

    arena_free(arena);
    arena = arena_new(ARENA_BYTES);
    CU_ASSERT_EQUAL(percent_decode(arena, STR("/a+b%2fc%FF%25"), &text), ERR_OK);
    ASSERT_STR(text, "/a+b/c\xff%");
    CU_ASSERT_EQUAL(percent_decode(arena, STR("%0"), &text), ERR_INVALID);
    CU_ASSERT_EQUAL(percent_decode(arena, STR("a%00"), &text), ERR_INVALID);
    ASSERT_STR(text, "/a+b/c\xff%");
    arena_free(arena);
    arena = NULL;
}

static const struct tap_test tests[] = {
    TAP_TEST(parameters_are_decoded),
    TAP_TEST(an_absent_parameter_differs_from_an_empty_one),
    TAP_TEST(an_empty_query_has_no_parameters),
    TAP_TEST(only_the_first_equals_sign_divides),
    TAP_TEST(a_parameter_given_twice_is_refused_by_its_decoded_name),
    TAP_TEST(a_broken_escape_is_refused),
    TAP_TEST(a_zero_byte_is_refused),
    TAP_TEST(invalid_utf8_is_refused),
    TAP_TEST(there_is_a_maximum_of_parameters),
    TAP_TEST(want_of_memory_is_reported),
    TAP_TEST(percent_decoding_leaves_plus_and_foreign_bytes),
};
TAP_MAIN("query", tests)
