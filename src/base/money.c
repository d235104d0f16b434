/* Shillings as whole cents: see money.h. */
#include "risiti/base/base.h"

#include "risiti/base/money.h"

#include "risiti/base/number.h"

#define CENTS_PER_SHILLING 100
#define FRACTION_DIGITS_MAX 2

/* "5" is 50 cents, "50" too; no text is none. */
static enum err fraction_parse(struct str text, uint64_t *ret_cents)
{
    uint64_t value;

    if (text.length > FRACTION_DIGITS_MAX ||
        number_parse(text, 0, CENTS_PER_SHILLING - 1, &value) != ERR_OK)
        return ERR_INVALID;
    *ret_cents = text.length == 1 ? value * 10 : value;
    return ERR_OK;
}

enum err money_parse(struct str text, enum money_fraction fraction, struct money *ret_money)
{
    size_t point = str_find(text, '.');
    uint64_t shillings, cents = 0;

    if (number_parse(str_first(text, point), 0, (uint64_t)MONEY_CENTS_MAX / CENTS_PER_SHILLING,
                     &shillings) != ERR_OK)
        return ERR_INVALID;
    if (point < text.length && fraction_parse(str_skip(text, point + 1), &cents) != ERR_OK)
        return ERR_INVALID;
    if (fraction == MONEY_WHOLE && cents != 0)
        return ERR_INVALID;
    ret_money->cents = (int64_t)(shillings * CENTS_PER_SHILLING + cents);
    return ERR_OK;
}

/* Writes from the end of the buffer towards its start, then moves the text to the front. */
static const char *format(struct money money, bool with_cents, char buffer[MONEY_TEXT_SIZE])
{
    uint64_t cents = money.cents < 0 ? 0 - (uint64_t)money.cents : (uint64_t)money.cents;
    uint64_t rest = with_cents ? cents : cents / CENTS_PER_SHILLING;
    size_t at = MONEY_TEXT_SIZE - 1, digits = 0;
    const size_t digits_min = with_cents ? FRACTION_DIGITS_MAX + 1 : 1;

    buffer[at] = '\0';
    while (rest > 0 || digits < digits_min) {
        if (with_cents && digits == FRACTION_DIGITS_MAX)
            buffer[--at] = '.';
        buffer[--at] = (char)('0' + rest % 10);
        rest /= 10;
        digits++;
    }
    if (money.cents < 0)
        buffer[--at] = '-';
    memmove(buffer, buffer + at, MONEY_TEXT_SIZE - at);
    return buffer;
}

const char *money_format(struct money money, char buffer[MONEY_TEXT_SIZE])
{
    return format(money, money.cents % CENTS_PER_SHILLING != 0, buffer);
}

const char *money_format_decimal(struct money money, char buffer[MONEY_TEXT_SIZE])
{
    return format(money, true, buffer);
}

enum err money_shillings(struct money money, int64_t *ret_shillings)
{
    if (money.cents % CENTS_PER_SHILLING != 0)
        return ERR_INVALID;
    *ret_shillings = money.cents / CENTS_PER_SHILLING;
    return ERR_OK;
}

enum err money_add(struct money a, struct money b, struct money *ret_sum)
{
    int64_t cents;

    if (__builtin_add_overflow(a.cents, b.cents, &cents))
        return ERR_INVALID;
    ret_sum->cents = cents;
    return ERR_OK;
}

bool money_equal(struct money a, struct money b)
{
    return a.cents == b.cents;
}
