/* The short codes: see merchant.h. */
#include "risiti/base/base.h"

#include "risiti/sandbox/merchant.h"

#define SHORT_CODE_DIGITS_MIN 5
#define SHORT_CODE_DIGITS_MAX 7
#define BALANCE_FIRST_CENTS INT64_C(4821000)

static bool is_short_code(struct str text)
{
    return text.length >= SHORT_CODE_DIGITS_MIN && text.length <= SHORT_CODE_DIGITS_MAX &&
           str_consists_of(text, STR("0123456789"));
}

static enum err merchant_parse(struct str spec, struct merchant *ret_merchant)
{
    struct merchant merchant = {.balance = {BALANCE_FIRST_CENTS}};
    struct str rest = spec;
    struct str number = str_cut(&rest, ':');
    struct str kind = str_cut(&rest, ':');
    struct str business_code = number;

    merchant.is_till = str_equal(kind, STR("till"));
    if (!merchant.is_till && !str_equal(kind, STR("paybill")))
        return ERR_INVALID;
    if (merchant.is_till)
        business_code = str_cut(&rest, ':');
    if (!is_short_code(number) || !is_short_code(business_code) || rest.length == 0)
        return ERR_INVALID;
    if (!str_copy(number, merchant.number, sizeof(merchant.number)) ||
        !str_copy(business_code, merchant.business_code, sizeof(merchant.business_code)) ||
        !str_copy(rest, merchant.passkey, sizeof(merchant.passkey)))
        return ERR_INVALID;
    *ret_merchant = merchant;
    return ERR_OK;
}

enum err merchants_add(struct merchants *merchants, struct str spec)
{
    struct merchant merchant;
    enum err err = merchant_parse(spec, &merchant);

    if (err != ERR_OK)
        return err;
    if (merchants_by_any_code(merchants, str_from(merchant.number)) != NULL ||
        merchants_by_any_code(merchants, str_from(merchant.business_code)) != NULL)
        return ERR_DUPLICATE;
    if (merchants->count == MERCHANTS_MAX)
        return ERR_TOO_LARGE;
    merchants->list[merchants->count++] = merchant;
    return ERR_OK;
}

void merchants_add_defaults(struct merchants *merchants)
{
    enum err paybill = merchants_add(merchants, STR("600111:paybill:" MERCHANT_DEFAULT_PASSKEY));
    enum err till = merchants_add(merchants, STR("600222:till:600333:" MERCHANT_DEFAULT_PASSKEY));

    ASSERT(paybill == ERR_OK && till == ERR_OK);
}

struct merchant *merchants_by_business_code(struct merchants *merchants, struct str code)
{
    for (size_t i = 0; i < merchants->count; i++)
        if (str_equal(code, str_from(merchants->list[i].business_code)))
            return &merchants->list[i];
    return NULL;
}

struct merchant *merchants_by_any_code(struct merchants *merchants, struct str code)
{
    for (size_t i = 0; i < merchants->count; i++)
        if (str_equal(code, str_from(merchants->list[i].number)))
            return &merchants->list[i];
    return merchants_by_business_code(merchants, code);
}

void merchant_receive(struct merchant *merchant, struct money amount)
{
    struct money balance;

    if (money_add(merchant->balance, amount, &balance) == ERR_OK &&
        balance.cents <= MONEY_CENTS_MAX)
        merchant->balance = balance;
}
