/*
 * Fuzz target: any bytes as a C2B confirmation and as a validation. What is accepted must be fit
 * to act on, and a body that is a confirmation is a validation too.
 */
#include "risiti/base/base.h"

#include "risiti/base/receipt.h"
#include "risiti/daraja/payload.h"

#include "fuzz.h"

#define ARENA_BYTES_MAX (1024 * 1024)
/* No text of a payment is kept longer than its payer's name may be. */
#define TEXT_BYTES_MAX 191

static void text_check(struct str text)
{
    ASSERT(text.length <= TEXT_BYTES_MAX);
    ASSERT(str_is_printable(text));
}

static void payment_check(struct arena *arena, const struct c2b_payment *payment)
{
    text_check(payment->transaction_type);
    text_check(payment->raw_receipt);
    text_check(payment->short_code);
    text_check(payment->account_reference);
    text_check(payment->phone);
    text_check(payment->payer_name);
    ASSERT(payment->short_code.length > 0);
    ASSERT(payment->amount.cents >= 0 && payment->amount.cents <= MONEY_CENTS_MAX);
    ASSERT(payment->receipt.data == NULL ||
           str_equal(receipt_normalise(arena, payment->receipt), payment->receipt));
}

static enum err parse(struct arena *arena, struct str body, bool is_validation)
{
    struct c2b_payment payment = {0};
    const char *why = NULL;
    enum err err = c2b_payment_parse(arena, body, is_validation, &payment, &why);

    ASSERT((err == ERR_SYNTAX || err == ERR_INVALID) == (why != NULL));
    if (err == ERR_OK)
        payment_check(arena, &payment);
    else
        ASSERT(payment.short_code.data == NULL);
    ASSERT(err != ERR_OK || is_validation || payment.receipt.data != NULL);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct str body = {(const char *)bytes, size};
    enum err confirmation, validation;

    ASSERT(arena != NULL);
    confirmation = parse(arena, body, false);
    arena_reset(arena);
    validation = parse(arena, body, true);
    ASSERT(confirmation != ERR_OK || validation == ERR_OK);
    arena_free(arena);
    return 0;
}
