/* The URLs that Daraja is given for C2B payments: see c2b_urls.h. */
#include "risiti/base/base.h"

#include "risiti/domain/c2b_urls.h"

#include "risiti/base/clock.h"
#include "risiti/base/crypto.h"
#include "risiti/db/token_store.h"

/* 128 random bits as lower-case hex: no alphabet that could spell a word that Daraja refuses. */
#define SECRET_BYTES 16
#define SECRET_TEXT_SIZE (2 * SECRET_BYTES + 1)

/* Makes a secret and stores it sealed before anybody is told. */
static enum err secret_make(struct service *service, const struct config_short_code *short_code,
                            const unsigned char seal_key[SEAL_KEY_BYTES], struct str *ret_secret)
{
    struct c2b_token token = {.short_code = str_from(short_code->number)};
    unsigned char bytes[SECRET_BYTES];
    char text[SECRET_TEXT_SIZE];
    struct sha256 hash;
    struct str secret;
    enum err err = crypto_random(bytes, sizeof(bytes));

    if (err != ERR_OK)
        return err;
    secret = arena_str(service->arena, str_from(crypto_hex(bytes, sizeof(bytes), text)));
    crypto_wipe(bytes, sizeof(bytes));
    crypto_wipe(text, sizeof(text));
    if (secret.data == NULL)
        return ERR_NOMEM;
    err = crypto_sha256(secret, &hash);
    if (err == ERR_OK)
        err = crypto_seal(seal_key, secret, service->arena, &token.sealed);
    if (err == ERR_OK)
        err = c2b_token_store_insert(service->db, &hash, &token, clock_now_us());
    if (err == ERR_OK)
        *ret_secret = secret;
    return err;
}

/* The secret that the URLs shall carry. */
static enum err secret_get(struct service *service, const struct config_short_code *short_code,
                           bool new_secret, struct str *ret_secret)
{
    unsigned char seal_key[SEAL_KEY_BYTES];
    struct c2b_token token;
    enum err err =
        crypto_unhex(str_from(service->config->service_secret_key.text), seal_key, SEAL_KEY_BYTES);

    if (err != ERR_OK)
        return ERR_CONFIG;
    err = new_secret ? ERR_NOT_FOUND
                     : c2b_token_store_newest(service->db, service->arena,
                                              str_from(short_code->number), &token);
    if (err == ERR_OK)
        err = crypto_open(seal_key, token.sealed, service->arena, ret_secret);
    else if (err == ERR_NOT_FOUND)
        err = secret_make(service, short_code, seal_key, ret_secret);
    crypto_wipe(seal_key, sizeof(seal_key));
    return err;
}

enum err c2b_urls_get(struct service *service, const struct config_short_code *short_code,
                      bool new_secret, struct c2b_urls *ret_urls)
{
    const char *base = service->config->service_public_url;
    struct c2b_urls urls;
    struct str secret;
    enum err err =
        base[0] != '\0' ? secret_get(service, short_code, new_secret, &secret) : ERR_CONFIG;

    if (err != ERR_OK)
        return err;
    urls.confirmation =
        arena_format(service->arena, "%s/hooks/c2b/%.*s/confirmation/", base, STR_ARG(secret));
    urls.validation =
        arena_format(service->arena, "%s/hooks/c2b/%.*s/validation/", base, STR_ARG(secret));
    if (urls.confirmation.data == NULL || urls.validation.data == NULL)
        return ERR_NOMEM;
    *ret_urls = urls;
    return ERR_OK;
}
