/* Kenyan mobile numbers: see phone.h. */
#include "risiti/base/base.h"

#include "risiti/base/phone.h"

#include "risiti/base/crypto.h"

#define NATIONAL_DIGITS 9 /* 7XXXXXXXX or 1XXXXXXXX */
#define MASK_FRONT 4
#define MASK_STARS 5
#define MASK_BACK 3
/* Shorter texts would be readable through their mask. */
#define MASK_TEXT_MIN 10
#define COUNTRY STR("254")
#define DIGITS STR("0123456789")
#define HEX_DIGITS STR("0123456789abcdefABCDEF")
/* The longest payer text that is compared (the column's width), and international numbers. */
#define PAYER_BYTES_MAX 100
#define NUMBER_DIGITS_MAX 15

enum err phone_parse(struct str text, struct phone *ret_phone)
{
    struct str rest = text;

    if (str_starts_with(text, STR("+254")))
        rest = str_skip(text, 4);
    else if (str_starts_with(text, COUNTRY))
        rest = str_skip(text, 3);
    else if (str_starts_with(text, STR("0")))
        rest = str_skip(text, 1);
    if (rest.length != NATIONAL_DIGITS || !str_consists_of(rest, DIGITS) ||
        (rest.data[0] != '7' && rest.data[0] != '1'))
        return ERR_INVALID;
    memcpy(ret_phone->digits, "254", 3);
    memcpy(ret_phone->digits + 3, rest.data, NATIONAL_DIGITS);
    ret_phone->digits[PHONE_DIGITS] = '\0';
    return ERR_OK;
}

/* The text without its spaces, in `buffer`; empty for text that is too long to be a payer. */
static struct str squeeze(struct str payer, char buffer[PAYER_BYTES_MAX])
{
    size_t length = 0;

    if (payer.length > PAYER_BYTES_MAX)
        return STR_EMPTY;
    for (size_t i = 0; i < payer.length; i++)
        if (payer.data[i] != ' ')
            buffer[length++] = payer.data[i];
    return (struct str){buffer, length};
}

/* Copies what may be shown; a byte that is not printable ASCII becomes a star. */
static char *mask_copy(struct str from, char *to)
{
    for (size_t i = 0; i < from.length; i++)
        *to++ = from.data[i] > ' ' && from.data[i] < 0x7f ? from.data[i] : '*';
    return to;
}

const char *phone_mask(struct str payer, char buffer[PHONE_MASK_SIZE])
{
    char squeezed[PAYER_BYTES_MAX];
    struct str text = squeeze(payer, squeezed);
    struct phone phone;
    char *to = buffer;

    if (text.length == 0)
        text = str_trim(payer);
    if (phone_parse(text, &phone) == ERR_OK)
        text = str_from(phone.digits);
    if (text.length >= MASK_TEXT_MIN)
        to = mask_copy(str_first(text, MASK_FRONT), to);
    if (text.length > 0) {
        memset(to, '*', MASK_STARS);
        to += MASK_STARS;
    }
    if (text.length >= MASK_TEXT_MIN)
        to = mask_copy(str_skip(text, text.length - MASK_BACK), to);
    *to = '\0';
    return buffer;
}

static enum phone_match compare_hash(const struct phone *phone, struct str hash)
{
    struct sha256 ours, theirs;

    if (crypto_sha256(str_from(phone->digits), &ours) != ERR_OK ||
        crypto_unhex(hash, theirs.bytes, SHA256_BYTES) != ERR_OK)
        return PHONE_UNPROVEN;
    return crypto_equal(ours.bytes, theirs.bytes, SHA256_BYTES) ? PHONE_SAME : PHONE_DIFFERENT;
}

/* A whole number that is not a Kenyan mobile's in a form we know: perhaps a form we do not know. */
static enum phone_match compare_number(const struct phone *phone, struct str number)
{
    struct str national = str_skip(str_from(phone->digits), PHONE_DIGITS - NATIONAL_DIGITS);

    if (number.length < NATIONAL_DIGITS || number.length > NUMBER_DIGITS_MAX)
        return PHONE_UNPROVEN;
    return str_ends_with(number, national) ? PHONE_UNPROVEN : PHONE_DIFFERENT;
}

/* Whether `whole`, with something hidden in its middle, could look like front…back. */
static bool mask_fits(struct str whole, struct str front, struct str back)
{
    return front.length + back.length <= whole.length &&
           str_equal_nocase(str_first(whole, front.length), front) &&
           str_equal_nocase(str_skip(whole, whole.length - back.length), back);
}

/* Digits, or so many hex digits that they can only be a hash's: "A*** B" is somebody's name. */
static bool is_mask_of_digits(struct str front, struct str back)
{
    struct str allowed = front.length + back.length < MASK_FRONT + MASK_BACK ? DIGITS : HEX_DIGITS;

    return str_consists_of(front, allowed) && str_consists_of(back, allowed);
}

/*
 * `front` and `back` are what a mask leaves to see: of the number in one of its forms, or of its
 * hash. It contradicts when it can be none of them; that it fits proves nothing.
 */
static enum phone_match compare_mask(const struct phone *phone, struct str front, struct str back)
{
    struct str number = str_from(phone->digits);
    struct str national = str_skip(number, PHONE_DIGITS - NATIONAL_DIGITS);
    char local[NATIONAL_DIGITS + 1], hex[SHA256_HEX_SIZE];
    struct sha256 digest;

    if (str_starts_with(front, STR("+")))
        front = str_skip(front, 1);
    if (!is_mask_of_digits(front, back) || crypto_sha256(number, &digest) != ERR_OK)
        return PHONE_UNPROVEN;
    local[0] = '0';
    memcpy(local + 1, national.data, NATIONAL_DIGITS);
    (void)crypto_hex(digest.bytes, SHA256_BYTES, hex);
    if (mask_fits(number, front, back) || mask_fits(national, front, back) ||
        mask_fits((struct str){local, sizeof(local)}, front, back) ||
        mask_fits(str_from(hex), front, back))
        return PHONE_UNPROVEN;
    return PHONE_DIFFERENT;
}

enum phone_match phone_compare(const struct phone *phone, struct str payer)
{
    char squeezed[PAYER_BYTES_MAX];
    struct str text = squeeze(payer, squeezed);
    size_t star = str_find(text, '*');
    struct phone other;

    if (phone_parse(text, &other) == ERR_OK)
        return strcmp(phone->digits, other.digits) == 0 ? PHONE_SAME : PHONE_DIFFERENT;
    if (star < text.length) {
        size_t last = text.length;

        while (text.data[last - 1] != '*')
            last--;
        return compare_mask(phone, str_first(text, star), str_skip(text, last));
    }
    if (text.length == 2 * (size_t)SHA256_BYTES && str_consists_of(text, HEX_DIGITS))
        return compare_hash(phone, text);
    if (str_starts_with(text, STR("+")))
        text = str_skip(text, 1);
    return str_consists_of(text, DIGITS) ? compare_number(phone, text) : PHONE_UNPROVEN;
}
