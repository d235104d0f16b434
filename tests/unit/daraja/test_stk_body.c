/* The bodies of STK calls, byte by byte, and what may not stand in one. */
#include "risiti/base/base.h"

#include "tap.h"

#include "risiti/base/arena.h"
#include "risiti/base/buffer.h"

#include "stk_body.h"

#define ARENA_BYTES_MAX 65536
/* 2026-11-23 14:15:02 in Nairobi. */
#define INSTANT_US (INT64_C(1795432502) * 1000000)

static const struct config_short_code paybill = {.number = "600111",
                                                 .store_number = "600111",
                                                 .type = SHORT_CODE_PAYBILL,
                                                 .passkey = {"demo-passkey"}};
static const struct config_short_code till = {.number = "600222",
                                              .store_number = "600333",
                                              .type = SHORT_CODE_TILL,
                                              .passkey = {"till-passkey"}};

static struct stk_push push_make(const struct config_short_code *short_code)
{
    return (struct stk_push){.short_code = short_code,
                             .phone = {"254712345678"},
                             .amount_shillings = 150,
                             .account_reference = STR("A7Q2M9"),
                             .description = STR("Order A7Q2M9"),
                             .callback_url = STR("https://pay.example.co.ke/h/k3v9/stk")};
}

/* The body, or "" with the error in `ret_err`. */
static struct str body_of(const struct stk_push *push, char *memory, size_t memory_size,
                          enum err *ret_err)
{
    RISITI_CLEANUP(arena_free_at) struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct buffer buffer;

    buffer_init_over(&buffer, memory, memory_size);
    *ret_err = stk_push_body(push, INSTANT_US, arena, &buffer);
    return *ret_err == ERR_OK ? buffer_str(&buffer) : STR_EMPTY;
}

static enum err body_err(const struct stk_push *push)
{
    char memory[4096];
    enum err err;

    (void)body_of(push, memory, sizeof(memory), &err);
    return err;
}

static void a_paybill_push_is_written_as_documented(void)
{
    struct stk_push push = push_make(&paybill);
    char memory[4096];
    enum err err;

    ASSERT_STR(body_of(&push, memory, sizeof(memory), &err),
               "{\"BusinessShortCode\":600111,"
               "\"Password\":\"NjAwMTExZGVtby1wYXNza2V5MjAyNjExMjMxNDE1MDI=\","
               "\"Timestamp\":\"20261123141502\",\"TransactionType\":\"CustomerPayBillOnline\","
               "\"Amount\":150,\"PartyA\":254712345678,\"PartyB\":600111,"
               "\"PhoneNumber\":254712345678,"
               "\"CallBackURL\":\"https://pay.example.co.ke/h/k3v9/stk\","
               "\"AccountReference\":\"A7Q2M9\",\"TransactionDesc\":\"Order A7Q2M9\"}");
    CU_ASSERT_EQUAL(err, ERR_OK);
}

static void a_till_push_names_the_store_and_pays_the_till(void)
{
    struct stk_push push = push_make(&till);
    char memory[4096];
    enum err err;

    ASSERT_STR(body_of(&push, memory, sizeof(memory), &err),
               "{\"BusinessShortCode\":600333,"
               "\"Password\":\"NjAwMzMzdGlsbC1wYXNza2V5MjAyNjExMjMxNDE1MDI=\","
               "\"Timestamp\":\"20261123141502\",\"TransactionType\":\"CustomerBuyGoodsOnline\","
               "\"Amount\":150,\"PartyA\":254712345678,\"PartyB\":600222,"
               "\"PhoneNumber\":254712345678,"
               "\"CallBackURL\":\"https://pay.example.co.ke/h/k3v9/stk\","
               "\"AccountReference\":\"A7Q2M9\",\"TransactionDesc\":\"Order A7Q2M9\"}");
    CU_ASSERT_EQUAL(err, ERR_OK);
}

static void a_query_names_the_same_store(void)
{
    RISITI_CLEANUP(arena_free_at) struct arena *arena = arena_new(ARENA_BYTES_MAX);
    char memory[4096];
    struct buffer buffer;

    buffer_init_over(&buffer, memory, sizeof(memory));
    CU_ASSERT_EQUAL(stk_query_body(&till, STR("ws_CO_1"), INSTANT_US, arena, &buffer), ERR_OK);
    ASSERT_STR(buffer_str(&buffer),
               "{\"BusinessShortCode\":600333,"
               "\"Password\":\"NjAwMzMzdGlsbC1wYXNza2V5MjAyNjExMjMxNDE1MDI=\","
               "\"Timestamp\":\"20261123141502\",\"CheckoutRequestID\":\"ws_CO_1\"}");
    CU_ASSERT_EQUAL(stk_query_body(&till, STR(""), INSTANT_US, arena, &buffer), ERR_INVALID);
}

static void descriptions_are_cut_to_thirteen_safe_characters(void)
{
    static const struct {
        const char *text, *description;
    } cases[] = {
        {"Order A7Q2M9", "Order A7Q2M9"},
        {"Thirteen char", "Thirteen char"},
        {"Fourteen chars", "Fourteen char"},
        {"Twelve chars and more", "Twelve chars"},
        {"Order #7 & @home", "Order 7  home"},
        {"  padded", "padded"},
        {"M\xc5\xa9thoni", "Mthoni"},
        {"a\r\nb\"c", "abc"},
        {"", "Payment"},
        {" ### ", "Payment"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char buffer[DESCRIPTION_SIZE];

        CU_ASSERT_STRING_EQUAL(stk_description(str_from(cases[i].text), buffer),
                               cases[i].description);
    }
}

static void impossible_pushes_are_refused(void)
{
    struct stk_push push = push_make(&paybill);

    push.amount_shillings = 0;
    CU_ASSERT_EQUAL(body_err(&push), ERR_INVALID);
    push = push_make(&paybill);
    push.account_reference = STR("THIRTEENCHARS");
    CU_ASSERT_EQUAL(body_err(&push), ERR_INVALID);
    push.account_reference = STR("A&B");
    CU_ASSERT_EQUAL(body_err(&push), ERR_INVALID);
    push.account_reference = STR_EMPTY;
    CU_ASSERT_EQUAL(body_err(&push), ERR_INVALID);
    push.account_reference = STR("TWELVECHARS.");
    CU_ASSERT_EQUAL(body_err(&push), ERR_OK);
    push.callback_url = STR("https://pay.example.co.ke/ stk");
    CU_ASSERT_EQUAL(body_err(&push), ERR_INVALID);
    push.callback_url = STR_EMPTY;
    CU_ASSERT_EQUAL(body_err(&push), ERR_INVALID);
    push = push_make(&paybill);
    push.phone = (struct phone){"2547x"};
    CU_ASSERT_EQUAL(body_err(&push), ERR_INVALID);
}

static void a_body_that_does_not_fit_is_refused(void)
{
    struct stk_push push = push_make(&paybill);
    char memory[200];
    enum err err;

    (void)body_of(&push, memory, sizeof(memory), &err);
    CU_ASSERT_EQUAL(err, ERR_INVALID);
}

static void a_short_code_that_is_no_number_is_a_wrong_configuration(void)
{
    struct config_short_code wrong = paybill;
    struct stk_push push = push_make(&wrong);

    wrong.store_number[0] = 'x';
    CU_ASSERT_EQUAL(body_err(&push), ERR_CONFIG);
    wrong = paybill;
    wrong.number[0] = 'x';
    CU_ASSERT_EQUAL(body_err(&push), ERR_CONFIG);
}

static const struct tap_test tests[] = {
    TAP_TEST(a_paybill_push_is_written_as_documented),
    TAP_TEST(a_till_push_names_the_store_and_pays_the_till),
    TAP_TEST(a_query_names_the_same_store),
    TAP_TEST(descriptions_are_cut_to_thirteen_safe_characters),
    TAP_TEST(impossible_pushes_are_refused),
    TAP_TEST(a_body_that_does_not_fit_is_refused),
    TAP_TEST(a_short_code_that_is_no_number_is_a_wrong_configuration),
};
TAP_MAIN("stk body", tests)
