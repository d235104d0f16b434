/* The secrets in C2B URLs, looked up: see c2b_token.h. */
#include "risiti/base/base.h"

#include "risiti/domain/c2b_token.h"

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/base/mem.h"
#include "risiti/db/token_store.h"

#define SHORT_CODE_SIZE 11

struct c2b_token_entry {
    struct sha256 hash;
    char short_code[SHORT_CODE_SIZE]; /* empty: nothing is remembered here */
    int64_t read_at_ms;               /* monotonic */
    int64_t used_noted_ms;            /* monotonic; 0: not by this worker */
};

struct c2b_token_cache {
    struct c2b_token_entry entries[C2B_TOKEN_CACHE_ENTRIES];
};

struct c2b_token_cache *c2b_token_cache_new(void)
{
    return mem_alloc(1, sizeof(struct c2b_token_cache));
}

void c2b_token_cache_free(struct c2b_token_cache *cache)
{
    mem_free(cache);
}

/* Reads the secret's row into its place. */
static enum err entry_fill(struct service *service, struct c2b_token_entry *entry,
                           const struct sha256 *hash)
{
    struct c2b_token token;
    enum err err = c2b_token_store_by_hash(service->db, service->arena, hash, &token);

    if (err != ERR_OK)
        return err;
    if (!str_copy(token.short_code, entry->short_code, sizeof(entry->short_code)))
        return ERR_DB_QUERY;
    if (!crypto_equal(entry->hash.bytes, hash->bytes, SHA256_BYTES))
        entry->used_noted_ms = 0;
    entry->hash = *hash;
    entry->read_at_ms = clock_monotonic_ms();
    return ERR_OK;
}

enum err c2b_token_find(struct service *service, const struct sha256 *hash,
                        struct str *ret_short_code)
{
    struct c2b_token_entry *entry =
        &service->c2b_tokens->entries[hash->bytes[0] % C2B_TOKEN_CACHE_ENTRIES];
    bool is_known =
        entry->short_code[0] != '\0' && crypto_equal(entry->hash.bytes, hash->bytes, SHA256_BYTES);
    enum err err = ERR_OK;

    if (!is_known || clock_monotonic_ms() - entry->read_at_ms >= C2B_TOKEN_CACHE_MS)
        err = entry_fill(service, entry, hash);
    if (err == ERR_NOT_FOUND && is_known)
        entry->short_code[0] = '\0';
    if (err != ERR_OK && (err == ERR_NOT_FOUND || !is_known))
        return err;
    *ret_short_code = str_from(entry->short_code);
    return ERR_OK;
}

void c2b_token_used(struct service *service, const struct sha256 *hash)
{
    struct c2b_token_entry *entry =
        &service->c2b_tokens->entries[hash->bytes[0] % C2B_TOKEN_CACHE_ENTRIES];
    bool is_known =
        entry->short_code[0] != '\0' && crypto_equal(entry->hash.bytes, hash->bytes, SHA256_BYTES);
    int64_t now_ms = clock_monotonic_ms();
    enum err err;

    if (is_known && entry->used_noted_ms != 0 &&
        now_ms - entry->used_noted_ms < C2B_TOKEN_USE_NOTE_S * INT64_C(1000))
        return;
    err = c2b_token_store_used(service->db, hash);
    if (err == ERR_OK && is_known)
        entry->used_noted_ms = now_ms;
    if (err != ERR_OK)
        log_write(LOG_LEVEL_WARNING, "c2b_use_not_noted", LOG_FIELDS(LOG_ERROR_NAME("error", err)));
}
