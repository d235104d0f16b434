/* Account references: see account.h. */
#include "risiti/base/base.h"

#include "risiti/domain/account.h"

#include "risiti/base/crypto.h"

#define CODE_FIRST 'R'
/* 32 characters without I, L, O and U. */
static const struct str code_alphabet = STR_INIT("0123456789ABCDEFGHJKMNPQRSTVWXYZ");

bool account_is_sendable(const struct config_short_code *short_code, struct str reference)
{
    static const struct str safe =
        STR_INIT("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ._-");

    return reference.length <= ACCOUNT_LENGTH_MAX && str_trim(reference).length > 0 &&
           str_consists_of(reference, safe) && config_short_code_accepts(short_code, reference);
}

/* The check digit over the ten random characters: their places weigh differently. */
static char code_check(const char *code)
{
    size_t sum = 0;

    for (size_t i = 1; i < ACCOUNT_LENGTH_MAX - 1; i++)
        sum = (sum * 3 + str_find(code_alphabet, code[i]) + 1) % code_alphabet.length;
    return code_alphabet.data[sum];
}

enum err account_code_make(char ret_code[ACCOUNT_SIZE])
{
    unsigned char random_bytes[ACCOUNT_LENGTH_MAX];
    enum err err = crypto_random(random_bytes, sizeof(random_bytes));

    if (err != ERR_OK)
        return err;
    ret_code[0] = CODE_FIRST;
    for (size_t i = 1; i < ACCOUNT_LENGTH_MAX - 1; i++)
        ret_code[i] = code_alphabet.data[random_bytes[i] % code_alphabet.length];
    ret_code[ACCOUNT_LENGTH_MAX - 1] = code_check(ret_code);
    ret_code[ACCOUNT_LENGTH_MAX] = '\0';
    return ERR_OK;
}

static bool is_code(struct str account)
{
    return account.length == ACCOUNT_LENGTH_MAX && account.data[0] == CODE_FIRST &&
           str_consists_of(account, code_alphabet) &&
           account.data[ACCOUNT_LENGTH_MAX - 1] == code_check(account.data);
}

bool account_is_accepted(const struct config_short_code *short_code, struct str account)
{
    return config_short_code_accepts(short_code, account) || is_code(account);
}

struct str account_fold(struct arena *arena, struct str reference)
{
    struct str trimmed = str_trim(reference);
    char *folded = arena_copy(arena, trimmed);

    if (folded == NULL)
        return STR_EMPTY;
    for (size_t i = 0; i < trimmed.length; i++)
        if (folded[i] >= 'a' && folded[i] <= 'z')
            folded[i] = (char)(folded[i] - ('a' - 'A'));
    return (struct str){folded, trimmed.length};
}
