/* A C2B confirmation or validation as Daraja posts it: see payload.h. */
#include "risiti/base/base.h"

#include "risiti/daraja/payload.h"

#include "risiti/base/receipt.h"
#include "risiti/daraja/text.h"

#include "payload_field.h"

/* First, middle and last name, any of which may be missing or empty, joined by single spaces. */
static struct str payer_name_read(struct arena *arena, const struct jread *root)
{
    static const char *const keys[] = {"FirstName", "MiddleName", "LastName"};
    struct str name = STR_EMPTY;

    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        struct str part = field_text(arena, jread_member(root, keys[i]), NAME_BYTES_MAX);

        if (part.length == 0)
            continue;
        name = name.length == 0 ? part
                                : arena_format(arena, "%.*s %.*s", STR_ARG(name), STR_ARG(part));
    }
    return text_clean(arena, name, NAME_BYTES_MAX);
}

static void details_read(struct arena *arena, const struct jread *root, struct c2b_payment *payment)
{
    payment->transaction_type =
        field_text(arena, jread_member(root, "TransactionType"), FIELD_BYTES_MAX);
    payment->account_reference =
        field_text(arena, jread_member(root, "BillRefNumber"), ACCOUNT_REFERENCE_BYTES_MAX);
    payment->phone = field_text(arena, jread_member(root, "MSISDN"), PAYER_BYTES_MAX);
    payment->payer_name = payer_name_read(arena, root);
    payment->paid_at_us = field_time(jread_member(root, "TransTime"));
}

/* NULL, or what is missing or wrong. */
static const char *payment_read(struct arena *arena, const struct jread *root, bool is_validation,
                                struct c2b_payment *payment)
{
    struct str receipt = jread_scalar(jread_member(root, "TransID"));
    struct str amount = str_trim(jread_scalar(jread_member(root, "TransAmount")));

    payment->raw_receipt = text_clean(arena, receipt, FIELD_BYTES_MAX);
    payment->receipt = receipt_normalise(arena, receipt);
    if (payment->receipt.data == NULL && !is_validation)
        return "TransID is missing or no receipt";
    if (money_parse(amount, MONEY_CENTS, &payment->amount) != ERR_OK)
        return "TransAmount is missing or no amount";
    if (payment->amount.cents == 0 && !is_validation)
        return "TransAmount is zero";
    payment->short_code =
        field_text(arena, jread_member(root, "BusinessShortCode"), FIELD_BYTES_MAX);
    if (payment->short_code.length == 0)
        return "BusinessShortCode is missing";
    details_read(arena, root, payment);
    return NULL;
}

enum err c2b_payment_parse(struct arena *arena, struct str body, bool is_validation,
                           struct c2b_payment *ret_payment, const char **ret_why)
{
    struct c2b_payment payment = {0};
    const struct jread *root;
    const char *why;
    enum err err = field_root(arena, body, &root, ret_why);

    if (err != ERR_OK)
        return err;
    why = payment_read(arena, root, is_validation, &payment);
    if (!field_memory_sufficed(arena))
        return ERR_NOMEM;
    if (why != NULL) {
        *ret_why = why;
        return ERR_INVALID;
    }
    *ret_payment = payment;
    return ERR_OK;
}
