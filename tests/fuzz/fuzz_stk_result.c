/*
 * Fuzz target: any bytes as an STK result. What is accepted must be fit to act on: ids and code
 * there, texts printable and short, a receipt only in its one form, an amount within its limits.
 */
#include "risiti/base/base.h"

#include "risiti/base/receipt.h"
#include "risiti/daraja/codes.h"
#include "risiti/daraja/payload.h"

#include "fuzz.h"

#define ARENA_BYTES_MAX (1024 * 1024)
/* No text of a result is kept longer than its description may be. */
#define TEXT_BYTES_MAX 255

static void text_check(struct str text)
{
    ASSERT(text.length <= TEXT_BYTES_MAX);
    ASSERT(str_is_printable(text));
}

static void result_check(struct arena *arena, const struct stk_result *result)
{
    text_check(result->merchant_request_id);
    text_check(result->checkout_request_id);
    text_check(result->result_code);
    text_check(result->result_description);
    text_check(result->raw_receipt);
    text_check(result->phone);
    ASSERT(result->checkout_request_id.length > 0);
    ASSERT(result->result_code.length > 0);
    ASSERT(result->amount.cents >= 0 && result->amount.cents <= MONEY_CENTS_MAX);
    ASSERT(result->has_amount || result->amount.cents == 0);
    ASSERT(result->receipt.data == NULL ||
           str_equal(receipt_normalise(arena, result->receipt), result->receipt));
    /* Paid is one code alone. */
    ASSERT((stk_code_verdict(result->result_code, STK_SOURCE_CALLBACK) == STK_VERDICT_PAID) ==
           str_equal(result->result_code, STR("0")));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct str body = {(const char *)bytes, size};
    struct stk_result result = {0};
    const char *why = NULL;
    enum err err;

    ASSERT(arena != NULL);
    err = stk_result_parse(arena, body, &result, &why);
    if (err == ERR_OK)
        result_check(arena, &result);
    else
        ASSERT(result.checkout_request_id.data == NULL);
    ASSERT((err == ERR_SYNTAX || err == ERR_INVALID) == (why != NULL));
    arena_free(arena);
    return 0;
}
