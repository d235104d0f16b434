/* The URLs that Daraja is given for C2B payments: see c2b_urls.h. */
#include "risiti/base/base.h"

#include "risiti/domain/c2b_urls.h"

#include "risiti/base/clock.h"
#include "risiti/base/crypto.h"
#include "risiti/base/log.h"
#include "risiti/db/token_store.h"
#include "risiti/domain/path_token.h"

/* Makes a secret and stores it sealed before anybody is told. */
static enum err secret_make(struct service *service, const struct config_short_code *short_code,
                            const unsigned char seal_key[SEAL_KEY_BYTES], struct str *ret_secret)
{
    struct c2b_token token = {.short_code = str_from(short_code->number)};
    struct sha256 hash;
    struct str secret;
    enum err err = path_token_make(service->arena, &secret, &hash);

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

enum err c2b_secrets_list(struct service *service, struct c2b_token_rows *ret_rows)
{
    return c2b_token_store_list(service->db, service->arena, C2B_SECRETS_MAX, ret_rows);
}

/* One secret that shall end. */
struct ending {
    struct service *service;
    struct str short_code;
    struct sha256 hash;
    enum c2b_end end;
};

/* The one whose hash begins with the name. */
static enum err secret_named(struct service *service, struct str name, struct ending *ending)
{
    struct c2b_token_rows rows;
    size_t found = 0;
    enum err err = c2b_secrets_list(service, &rows);

    for (size_t i = 0; err == ERR_OK && i < rows.count; i++) {
        char text[2 * SHA256_BYTES + 1];

        if (!str_starts_with(str_from(crypto_hex(rows.items[i].hash.bytes, SHA256_BYTES, text)),
                             name))
            continue;
        ending->short_code = rows.items[i].short_code;
        ending->hash = rows.items[i].hash;
        found++;
    }
    if (err != ERR_OK)
        return err;
    return found == 1 ? ERR_OK : found == 0 ? ERR_NOT_FOUND : ERR_AMBIGUOUS;
}

/* All secrets of the short code are locked: two that end at once do not leave it without any. */
static enum err ending_work(struct db *db, void *context)
{
    struct ending *ending = context;
    int64_t idle_s = ending->service->config->callbacks_secret_idle * INT64_C(3600);
    const struct c2b_token_row *own = NULL;
    struct c2b_token_rows rows;
    size_t others = 0;
    bool ended = false;
    enum err err = c2b_token_store_lock(db, ending->service->arena, ending->short_code,
                                        C2B_SECRETS_MAX, &rows);

    for (size_t i = 0; err == ERR_OK && i < rows.count; i++) {
        if (crypto_equal(rows.items[i].hash.bytes, ending->hash.bytes, SHA256_BYTES))
            own = &rows.items[i];
        else
            others += rows.items[i].ended_at_us == 0;
    }
    if (err == ERR_OK && own == NULL)
        err = ERR_NOT_FOUND;
    if (err != ERR_OK)
        return err;
    ending->end = C2B_END_BEFORE;
    if (own->ended_at_us != 0)
        return ERR_OK;
    ending->end = C2B_END_LAST_ONE;
    if (others == 0)
        return ERR_OK;
    err = c2b_token_store_end(db, &ending->hash, idle_s, &ended);
    ending->end = ended ? C2B_END_DONE : C2B_END_IN_USE;
    return err;
}

enum err c2b_secret_end(struct service *service, struct str name, enum c2b_end *ret_end)
{
    struct ending ending = {.service = service};
    char text[2 * SHA256_BYTES + 1];
    enum err err = name.length >= C2B_SECRET_NAME_LENGTH ? secret_named(service, name, &ending)
                                                         : ERR_NOT_FOUND;

    if (err == ERR_OK)
        err = db_run_unit(service->db, &(struct db_unit){.work = ending_work, .context = &ending});
    if (err != ERR_OK)
        return err;
    if (ending.end == C2B_END_DONE)
        log_write(LOG_LEVEL_INFO, "c2b_secret_ended",
                  LOG_FIELDS(LOG_STR("secret", str_first(str_from(crypto_hex(ending.hash.bytes,
                                                                             SHA256_BYTES, text)),
                                                         C2B_SECRET_NAME_LENGTH)),
                             LOG_STR("short_code", ending.short_code)));
    *ret_end = ending.end;
    return ERR_OK;
}
