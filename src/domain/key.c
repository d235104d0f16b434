/* API keys: how they are written, and whose they are. See key.h and app.h. */
#include "risiti/base/base.h"

#include "risiti/domain/key.h"

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/base/mem.h"

#define KEY_PREFIX "rst_live_"
#define KEY_PREFIX_LENGTH (sizeof(KEY_PREFIX) - 1)
#define KEY_RANDOM_BYTES 32
#define KEY_RANDOM_LENGTH 43
#define KEY_CHECKSUM_LENGTH 6

_Static_assert(KEY_PREFIX_LENGTH + KEY_RANDOM_LENGTH + KEY_CHECKSUM_LENGTH == APP_KEY_LENGTH,
               "the parts of a key make up its length");

static const struct str base62 =
    STR_INIT("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

/* A big-endian number in base 62, `length` digits; the number is used up. */
static void base62_write(unsigned char *number, size_t count, char *digits, size_t length)
{
    while (length > 0) {
        unsigned rest = 0;

        for (size_t i = 0; i < count; i++) {
            rest = rest << 8 | number[i];
            number[i] = (unsigned char)(rest / 62);
            rest %= 62;
        }
        digits[--length] = base62.data[rest];
    }
}

/* The checksum over everything that stands before it. */
static void key_checksum(const char *key, char checksum[KEY_CHECKSUM_LENGTH])
{
    uint32_t crc = crypto_crc32((struct str){key, KEY_PREFIX_LENGTH + KEY_RANDOM_LENGTH});
    unsigned char number[] = {(unsigned char)(crc >> 24), (unsigned char)(crc >> 16),
                              (unsigned char)(crc >> 8), (unsigned char)crc};

    base62_write(number, sizeof(number), checksum, KEY_CHECKSUM_LENGTH);
}

enum err key_make(const struct app *app, int64_t expires_at_us, struct api_key *ret_row,
                  struct sha256 *ret_hash, struct app_new_key *ret_key)
{
    unsigned char random_bytes[KEY_RANDOM_BYTES];
    struct app_new_key key = {.text = KEY_PREFIX};
    struct api_key row = {.app_id = app->id,
                          .app_name = app->name,
                          .created_at_us = clock_now_us(),
                          .expires_at_us = expires_at_us};
    struct sha256 hash;
    enum err err = crypto_random(random_bytes, sizeof(random_bytes));

    if (err == ERR_OK)
        err = uuid_new(&key.id);
    if (err != ERR_OK)
        return err;
    base62_write(random_bytes, sizeof(random_bytes), key.text + KEY_PREFIX_LENGTH,
                 KEY_RANDOM_LENGTH);
    key_checksum(key.text, key.text + KEY_PREFIX_LENGTH + KEY_RANDOM_LENGTH);
    key.text[APP_KEY_LENGTH] = '\0';
    row.id = key.id;
    memcpy(row.hint, key.text + KEY_PREFIX_LENGTH, KEY_HINT_SIZE - 1);
    err = crypto_sha256(str_from(key.text), &hash);
    if (err == ERR_OK) {
        *ret_row = row;
        *ret_hash = hash;
        *ret_key = key;
    }
    crypto_wipe(&key, sizeof(key));
    return err;
}

enum err app_key_check_form(struct str key)
{
    char checksum[KEY_CHECKSUM_LENGTH];

    if (key.length != APP_KEY_LENGTH || !str_starts_with(key, STR(KEY_PREFIX)) ||
        !str_consists_of(str_skip(key, KEY_PREFIX_LENGTH), base62))
        return ERR_KEY_MISTYPED;
    key_checksum(key.data, checksum);
    return str_equal(str_skip(key, KEY_PREFIX_LENGTH + KEY_RANDOM_LENGTH),
                     (struct str){checksum, KEY_CHECKSUM_LENGTH})
               ? ERR_OK
               : ERR_KEY_MISTYPED;
}

/* More keys than this in use at once only cost the worker a query each. */
#define CACHE_ENTRIES 64
#define TOUCH_INTERVAL_US (60 * CLOCK_US_PER_SECOND)

struct app_cache_entry {
    struct sha256 key_hash;
    int64_t read_at_ms; /* monotonic; 0: empty */
    int64_t expires_at_us;
    char name[APP_NAME_BYTES_MAX + 1];
    struct tenant tenant;
};

struct app_cache {
    struct app_cache_entry entries[CACHE_ENTRIES];
};

struct app_cache *app_cache_new(void)
{
    return mem_alloc(1, sizeof(struct app_cache));
}

void app_cache_free(struct app_cache *cache)
{
    mem_free(cache);
}

/* Only a note for the operator: that it could not be written does not stop the request. */
static void key_touch(struct service *service, const struct uuid *key_id, int64_t now_us)
{
    enum err err = key_store_touch(service->db, key_id, now_us);

    if (err != ERR_OK)
        log_write(LOG_LEVEL_WARNING, "key_use_not_noted",
                  LOG_FIELDS(LOG_UUID("key", key_id), LOG_ERROR_NAME("error", err)));
}

/* Reads the key's owner into its place in the cache. Unknown keys are not kept. */
static enum err cache_fill(struct service *service, struct app_cache_entry *entry,
                           const struct sha256 *key_hash)
{
    struct key_owner owner;
    int64_t now_us = clock_now_us();
    enum err err = key_store_owner(service->db, service->arena, key_hash, &owner);

    entry->read_at_ms = 0;
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_KEY_UNKNOWN : err;
    if (!str_copy(owner.app.name, entry->name, sizeof(entry->name)))
        return ERR_DB_QUERY;
    if (owner.last_used_at_us < now_us - TOUCH_INTERVAL_US)
        key_touch(service, &owner.key_id, now_us);
    entry->key_hash = *key_hash;
    entry->expires_at_us = owner.expires_at_us;
    entry->tenant = (struct tenant){.app = owner.app,
                                    .misses = owner.misses,
                                    .miss_window_start_us = owner.miss_window_start_us};
    entry->tenant.app.name = str_from(entry->name);
    entry->read_at_ms = clock_monotonic_ms();
    return ERR_OK;
}

enum err app_authenticate(struct service *service, struct app_cache *cache, struct str key,
                          struct tenant **ret_tenant)
{
    struct app_cache_entry *entry;
    struct sha256 hash;
    enum err err;

    if (key.length == 0)
        return ERR_KEY_MISSING;
    err = app_key_check_form(key);
    if (err == ERR_OK)
        err = crypto_sha256(key, &hash);
    if (err != ERR_OK)
        return err;
    entry = &cache->entries[hash.bytes[0] % CACHE_ENTRIES];
    if (entry->read_at_ms == 0 || clock_monotonic_ms() - entry->read_at_ms >= APP_CACHE_MS ||
        !crypto_equal(entry->key_hash.bytes, hash.bytes, SHA256_BYTES))
        err = cache_fill(service, entry, &hash);
    if (err != ERR_OK)
        return err;
    if (entry->expires_at_us != 0 && entry->expires_at_us <= clock_now_us())
        return ERR_KEY_UNKNOWN;
    if (!entry->tenant.app.active)
        return ERR_APP_DISABLED;
    *ret_tenant = &entry->tenant;
    return ERR_OK;
}
