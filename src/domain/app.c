/* Tenants and their keys: see app.h. */
#include "risiti/base/base.h"

#include "risiti/domain/app.h"

#include "risiti/base/clock.h"
#include "risiti/base/log.h"
#include "risiti/domain/key.h"

static bool name_is_fine(struct str name)
{
    return name.length > 0 && name.length <= APP_NAME_BYTES_MAX && str_is_printable(name) &&
           str_equal(name, str_trim(name));
}

/* Both rows of a new app; one unit, so that no app is left without a key. */
struct app_creation {
    struct app app;
    struct api_key key;
    struct sha256 key_hash;
};

static enum err app_create_work(struct db *db, void *context)
{
    const struct app_creation *creation = context;
    enum err err = app_store_insert(db, &creation->app);

    return err == ERR_OK ? key_store_insert(db, &creation->key, &creation->key_hash) : err;
}

enum err app_create(struct service *service, struct str name, enum claim_requires claim_requires,
                    struct app *ret_app, struct app_new_key *ret_key)
{
    struct app_creation creation = {.app = {.name = name,
                                            .active = true,
                                            .claim_requires = claim_requires,
                                            .created_at_us = clock_now_us()}};
    struct app_new_key key;
    enum err err = name_is_fine(name) ? uuid_new(&creation.app.id) : ERR_INVALID;

    if (err == ERR_OK)
        err = key_make(&creation.app, 0, &creation.key, &creation.key_hash, &key);
    if (err == ERR_OK)
        err = db_run_unit(service->db,
                          &(struct db_unit){.work = app_create_work, .context = &creation});
    if (err == ERR_OK) {
        *ret_app = creation.app;
        *ret_key = key;
    }
    crypto_wipe(&key, sizeof(key));
    return err;
}

enum err app_find(struct service *service, struct str name_or_id, struct app *ret_app)
{
    struct apps apps;
    struct uuid id;
    enum err err;

    if (uuid_parse(name_or_id, &id) != ERR_OK)
        return app_store_by_name(service->db, service->arena, name_or_id, ret_app);
    err = app_list(service, &apps);
    for (size_t i = 0; err == ERR_OK && i < apps.count; i++)
        if (uuid_equal(&apps.items[i].id, &id)) {
            *ret_app = apps.items[i];
            return ERR_OK;
        }
    return err == ERR_OK ? ERR_NOT_FOUND : err;
}

enum err app_list(struct service *service, struct apps *ret_apps)
{
    return app_store_list(service->db, service->arena, APP_LIST_MAX, ret_apps);
}

enum err app_set_active(struct service *service, const struct app *app, bool active)
{
    if (uuid_equal(&app->id, &admin_shop_id))
        return ERR_STATE;
    return app_store_set_active(service->db, &app->id, active);
}

enum err app_set_claim_requires(struct service *service, const struct app *app,
                                enum claim_requires claim_requires)
{
    if (uuid_equal(&app->id, &admin_shop_id))
        return ERR_STATE;
    return app_store_set_claim_requires(service->db, &app->id, claim_requires);
}

enum err app_key_create(struct service *service, const struct app *app, int64_t expires_at_us,
                        struct app_new_key *ret_key)
{
    struct api_key row;
    struct sha256 hash;
    struct app_new_key key;
    enum err err;

    if (uuid_equal(&app->id, &admin_shop_id))
        return ERR_STATE;
    err = key_make(app, expires_at_us, &row, &hash, &key);
    if (err == ERR_OK)
        err = key_store_insert(service->db, &row, &hash);
    if (err == ERR_OK)
        *ret_key = key;
    crypto_wipe(&key, sizeof(key));
    return err;
}

enum err app_key_list(struct service *service, const struct app *app, struct api_keys *ret_keys)
{
    return key_store_list(service->db, service->arena, app != NULL ? &app->id : NULL, APP_LIST_MAX,
                          ret_keys);
}

enum err app_key_revoke(struct service *service, const struct uuid *key_id)
{
    return key_store_revoke(service->db, service->arena, key_id, clock_now_us());
}

/* How long answers slow down for each miss above the free ones, and at most. */
#define MISS_DELAY_MS 20
#define MISS_DELAY_MS_MAX 500

enum err app_lookup_admit(struct service *service, const struct tenant *tenant,
                          unsigned *ret_retry_after_seconds)
{
    const struct config *config = service->config;
    int64_t left_us = tenant->miss_window_start_us +
                      config->limits_lookup_window * CLOCK_US_PER_SECOND - clock_now_us();
    int64_t delay_ms = (tenant->misses - config->limits_lookup_misses_free) * MISS_DELAY_MS;

    if (left_us <= 0)
        return ERR_OK;
    if (tenant->misses >= config->limits_lookup_misses_max) {
        *ret_retry_after_seconds = (unsigned)(left_us / CLOCK_US_PER_SECOND) + 1;
        return ERR_THROTTLED;
    }
    if (delay_ms > 0)
        clock_sleep_ms(delay_ms < MISS_DELAY_MS_MAX ? delay_ms : MISS_DELAY_MS_MAX);
    return ERR_OK;
}

void app_lookup_missed(struct service *service, struct tenant *tenant)
{
    enum err err = miss_store_count(service->db, service->arena, &tenant->app.id, clock_now_us(),
                                    service->config->limits_lookup_window * CLOCK_US_PER_SECOND,
                                    &tenant->misses, &tenant->miss_window_start_us);

    /* A count that cannot be written must not turn the look-up's answer into a failure. */
    if (err != ERR_OK)
        log_write(LOG_LEVEL_WARNING, "lookup_miss_not_counted",
                  LOG_FIELDS(LOG_STR("app", tenant->app.name), LOG_ERROR_NAME("error", err)));
}
