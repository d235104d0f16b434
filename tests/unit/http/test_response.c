/* Answers: their CGI form, what cannot get into a header, and what is kept between two of them. */
#include "risiti/base/base.h"

#include "risiti/http/response.h"
#include "tap.h"

#define OUTPUT_BYTES_MAX (RESPONSE_BODY_BYTES_MAX + 4096)

static struct response response;
static struct buffer output;

static void begin(void)
{
    response_init(&response);
    buffer_init(&output, OUTPUT_BYTES_MAX);
}

static void end(void)
{
    response_release(&response);
    buffer_release(&output);
}

static void an_answer_has_status_headers_and_body(void)
{
    begin();
    response.status = 404;
    response_header_add(&response, "X-Request-Id", STR("abc"));
    jwrite_object_begin(&response.json, NULL);
    jwrite_bool(&response.json, "paid", false);
    jwrite_object_end(&response.json);
    CU_ASSERT_EQUAL(response_serialize(&response, &output), ERR_OK);
    ASSERT_STR(buffer_str(&output), "Status: 404 Not Found\r\n"
                                    "Content-Type: application/json\r\n"
                                    "X-Request-Id: abc\r\n"
                                    "Content-Length: 14\r\n"
                                    "Cache-Control: no-store\r\n"
                                    "X-Content-Type-Options: nosniff\r\n"
                                    "\r\n"
                                    "{\"paid\":false}");
    end();
}

static void a_new_answer_is_an_empty_200(void)
{
    begin();
    CU_ASSERT_EQUAL(response_serialize(&response, &output), ERR_OK);
    CU_ASSERT_TRUE(str_starts_with(buffer_str(&output), STR("Status: 200 OK\r\n")));
    CU_ASSERT_TRUE(str_ends_with(buffer_str(&output), STR("nosniff\r\n\r\n")));
    CU_ASSERT_PTR_NOT_NULL(strstr(output.data, "Content-Length: 0\r\n"));
    end();
}

static void another_content_type_is_sent(void)
{
    begin();
    response.content_type = "text/plain; version=0.0.4";
    buffer_append(&response.body, STR("up 1\n"));
    CU_ASSERT_EQUAL(response_serialize(&response, &output), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(output.data, "Content-Type: text/plain; version=0.0.4\r\n"));
    CU_ASSERT_TRUE(str_ends_with(buffer_str(&output), STR("\r\n\r\nup 1\n")));
    end();
}

static void values_with_control_characters_are_dropped(void)
{
    begin();
    response_header_add(&response, "A", STR("x\r\nSet-Cookie: y"));
    response_header_add(&response, "B", STR("x\ny"));
    response_header_add(&response, "C", STR("x\0y"));
    response_header_add(&response, "D", STR("x\ty"));
    response_header_add(&response, "E", STR("x\x7f"));
    CU_ASSERT_EQUAL(response.header_count, 0);
    response_header_add(&response, "F", STR("M\xc5\xa9thoni"));
    CU_ASSERT_EQUAL(response.header_count, 1);
    end();
}

static void there_is_room_for_all_headers(void)
{
    begin();
    for (int i = 0; i < RESPONSE_HEADERS_MAX; i++)
        response_header_add(&response, "A", STR("x"));
    CU_ASSERT_EQUAL(response.header_count, RESPONSE_HEADERS_MAX);
    CU_ASSERT_EQUAL(response_serialize(&response, &output), ERR_OK);
    end();
}

static void clearing_forgets_all_but_the_memory(void)
{
    const char *memory;

    begin();
    jwrite_array_begin(&response.json, NULL);
    jwrite_int(&response.json, NULL, 7);
    memory = response.body.data;
    response.status = 500;
    response.content_type = "text/plain";
    response_retry_after(&response, 9);
    response_clear(&response);
    CU_ASSERT_EQUAL(response.status, 200);
    CU_ASSERT_STRING_EQUAL(response.content_type, "application/json");
    CU_ASSERT_EQUAL(response.header_count, 0);
    CU_ASSERT_EQUAL(response.body.length, 0);
    CU_ASSERT_PTR_EQUAL(response.body.data, memory);
    jwrite_int(&response.json, NULL, 8);
    ASSERT_STR(buffer_str(&response.body), "8");
    end();
}

static void retry_after_is_a_number_of_seconds(void)
{
    begin();
    response_retry_after(&response, UINT32_MAX);
    CU_ASSERT_EQUAL(response_serialize(&response, &output), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(output.data, "\r\nRetry-After: 4294967295\r\n"));
    end();
}

/* Fills the body with this many bytes. */
static void fill(size_t count)
{
    static char bytes[4096];

    memset(bytes, 'x', sizeof(bytes));
    while (count > 0) {
        size_t piece = count < sizeof(bytes) ? count : sizeof(bytes);

        buffer_append(&response.body, (struct str){bytes, piece});
        count -= piece;
    }
}

static void a_body_beyond_the_maximum_is_reported_and_nothing_written(void)
{
    begin();
    fill(RESPONSE_BODY_BYTES_MAX);
    CU_ASSERT_EQUAL(response_serialize(&response, &output), ERR_OK);
    buffer_clear(&output);
    fill(1);
    CU_ASSERT_EQUAL(response_serialize(&response, &output), ERR_TOO_LARGE);
    CU_ASSERT_EQUAL(output.length, 0);
    end();
}

static void an_output_without_room_is_reported(void)
{
    struct buffer small;

    begin();
    buffer_init(&small, 64);
    CU_ASSERT_EQUAL(response_serialize(&response, &small), ERR_TOO_LARGE);
    buffer_release(&small);
    end();
}

/* The first line of an answer with this status. */
static struct str status_line(unsigned status)
{
    struct str text;

    buffer_clear(&output);
    response.status = status;
    CU_ASSERT_EQUAL(response_serialize(&response, &output), ERR_OK);
    text = buffer_str(&output);
    return str_first(text, str_find(text, '\r'));
}

static void every_status_that_an_error_has_is_named(void)
{
    begin();
    for (int i = 0; i < ERR_COUNT; i++)
        CU_ASSERT_FALSE(str_ends_with(status_line(err_info((enum err)i)->status), STR(" Unknown")));
    ASSERT_STR(status_line(404), "Status: 404 Not Found");
    ASSERT_STR(status_line(299), "Status: 299 Unknown");
    end();
}

static const struct tap_test tests[] = {
    TAP_TEST(an_answer_has_status_headers_and_body),
    TAP_TEST(a_new_answer_is_an_empty_200),
    TAP_TEST(another_content_type_is_sent),
    TAP_TEST(values_with_control_characters_are_dropped),
    TAP_TEST(there_is_room_for_all_headers),
    TAP_TEST(clearing_forgets_all_but_the_memory),
    TAP_TEST(retry_after_is_a_number_of_seconds),
    TAP_TEST(a_body_beyond_the_maximum_is_reported_and_nothing_written),
    TAP_TEST(an_output_without_room_is_reported),
    TAP_TEST(every_status_that_an_error_has_is_named),
};
TAP_MAIN("response", tests)
