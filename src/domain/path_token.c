/* Secrets in the paths of callbacks: see path_token.h. */
#include "risiti/base/base.h"

#include "risiti/domain/path_token.h"

#define TOKEN_BYTES 16

enum err path_token_make(struct arena *arena, struct str *ret_token, struct sha256 *ret_hash)
{
    unsigned char bytes[TOKEN_BYTES];
    char text[PATH_TOKEN_LENGTH + 1];
    struct sha256 hash;
    struct str token;
    enum err err = crypto_random(bytes, sizeof(bytes));

    if (err != ERR_OK)
        return err;
    token = arena_str(arena, str_from(crypto_hex(bytes, sizeof(bytes), text)));
    crypto_wipe(bytes, sizeof(bytes));
    crypto_wipe(text, sizeof(text));
    if (token.data == NULL)
        return ERR_NOMEM;
    err = crypto_sha256(token, &hash);
    if (err != ERR_OK)
        return err;
    *ret_token = token;
    *ret_hash = hash;
    return ERR_OK;
}
