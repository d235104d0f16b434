/* Rows of `app`, `api_key` and `lookup_miss`: see app_store.h. */
#include "risiti/base/base.h"

#include "risiti/db/app_store.h"

static const struct str requires_names[] = {STR_INIT("none"), STR_INIT("amount"),
                                            STR_INIT("phone")};

struct str claim_requires_name(enum claim_requires requires_)
{
    return requires_names[requires_];
}

enum err claim_requires_parse(struct str text, enum claim_requires *ret_requires)
{
    for (size_t i = 0; i < ARRAY_LENGTH(requires_names); i++)
        if (str_equal(text, requires_names[i])) {
            *ret_requires = (enum claim_requires)i;
            return ERR_OK;
        }
    return ERR_INVALID;
}

enum err app_store_insert(struct db *db, const struct app *app)
{
    static const struct db_statement statement = {
        "app_insert",
        "INSERT INTO app (id, name, active, claim_requires, created_at) VALUES (?, ?, ?, ?, ?)"};

    return db_execute(db, &statement,
                      DB_VALUES(DB_UUID(&app->id), DB_TEXT(app->name), DB_INT(app->active),
                                DB_TEXT(claim_requires_name(app->claim_requires)),
                                DB_TIME(app->created_at_us)),
                      NULL);
}

/* Columns `first` and on: id, name, active, claim_requires, created_at. */
static enum err app_read(const struct db_rows *rows, size_t row, size_t first, struct app *ret_app)
{
    struct app app = {
        .id = db_uuid(rows, row, first),
        .name = db_text(rows, row, first + 1),
        .active = db_int(rows, row, first + 2) != 0,
        .created_at_us = db_time(rows, row, first + 4),
    };

    if (claim_requires_parse(db_text(rows, row, first + 3), &app.claim_requires) != ERR_OK)
        return ERR_DB_QUERY;
    *ret_app = app;
    return ERR_OK;
}

#define APP_COLUMNS "app.id, app.name, app.active, app.claim_requires, app.created_at"

enum err app_store_by_name(struct db *db, struct arena *arena, struct str name, struct app *ret_app)
{
    static const struct db_statement statement = {"app_by_name",
                                                  "SELECT " APP_COLUMNS " FROM app WHERE name = ?"};
    const struct db_rows *rows;
    enum err err = db_query(db, &statement, DB_VALUES(DB_TEXT(name)), arena, 1, &rows);

    if (err != ERR_OK)
        return err;
    return db_row_count(rows) > 0 ? app_read(rows, 0, 0, ret_app) : ERR_NOT_FOUND;
}

enum err app_store_list(struct db *db, struct arena *arena, size_t rows_max, struct apps *ret_apps)
{
    static const struct db_statement statement = {"app_list", "SELECT " APP_COLUMNS
                                                              " FROM app ORDER BY name LIMIT ?"};
    struct apps apps;
    const struct db_rows *rows;
    enum err err = db_query(db, &statement, DB_VALUES(DB_INT(rows_max)), arena, rows_max, &rows);

    if (err != ERR_OK)
        return err;
    apps.count = db_row_count(rows);
    apps.items = arena_alloc(arena, apps.count, sizeof(*apps.items));
    if (apps.items == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < apps.count && err == ERR_OK; i++)
        err = app_read(rows, i, 0, &apps.items[i]);
    if (err == ERR_OK)
        *ret_apps = apps;
    return err;
}

enum err app_store_set_active(struct db *db, const struct uuid *app_id, bool active)
{
    static const struct db_statement statement = {"app_set_active",
                                                  "UPDATE app SET active = ? WHERE id = ?"};

    return db_execute(db, &statement, DB_VALUES(DB_INT(active), DB_UUID(app_id)), NULL);
}

enum err app_store_set_claim_requires(struct db *db, const struct uuid *app_id,
                                      enum claim_requires requires_)
{
    static const struct db_statement statement = {"app_set_claim_requires",
                                                  "UPDATE app SET claim_requires = ? WHERE id = ?"};

    return db_execute(db, &statement,
                      DB_VALUES(DB_TEXT(claim_requires_name(requires_)), DB_UUID(app_id)), NULL);
}

enum err key_store_insert(struct db *db, const struct api_key *key, const struct sha256 *key_hash)
{
    static const struct db_statement statement = {
        "key_insert", "INSERT INTO api_key (id, app_id, key_hash, hint, created_at, expires_at) "
                      "VALUES (?, ?, ?, ?, ?, ?)"};
    struct db_value expires = {.kind = key->expires_at_us != 0 ? DB_KIND_TIME : DB_KIND_NULL,
                               .integer = key->expires_at_us};

    return db_execute(db, &statement,
                      DB_VALUES(DB_UUID(&key->id), DB_UUID(&key->app_id), DB_HASH(key_hash),
                                DB_TEXT(str_from(key->hint)), DB_TIME(key->created_at_us), expires),
                      NULL);
}

enum err key_store_list(struct db *db, struct arena *arena, const struct uuid *app_id,
                        size_t rows_max, struct api_keys *ret_keys)
{
    static const struct db_statement statement = {
        "key_list",
        "SELECT api_key.id, app_id, name, hint, api_key.created_at, expires_at, revoked_at, "
        "last_used_at FROM api_key JOIN app ON app.id = app_id "
        "WHERE ? IS NULL OR app_id = ? ORDER BY name, api_key.created_at LIMIT ?"};
    struct api_keys keys;
    const struct db_rows *rows;
    enum err err =
        db_query(db, &statement, DB_VALUES(DB_UUID(app_id), DB_UUID(app_id), DB_INT(rows_max)),
                 arena, rows_max, &rows);

    if (err != ERR_OK)
        return err;
    keys.count = db_row_count(rows);
    keys.items = arena_alloc(arena, keys.count, sizeof(*keys.items));
    if (keys.items == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < keys.count; i++) {
        keys.items[i] = (struct api_key){
            .id = db_uuid(rows, i, 0),
            .app_id = db_uuid(rows, i, 1),
            .app_name = db_text(rows, i, 2),
            .created_at_us = db_time(rows, i, 4),
            .expires_at_us = db_time(rows, i, 5),
            .revoked_at_us = db_time(rows, i, 6),
            .last_used_at_us = db_time(rows, i, 7),
        };
        if (!str_copy(db_text(rows, i, 3), keys.items[i].hint, KEY_HINT_SIZE))
            return ERR_DB_QUERY;
    }
    *ret_keys = keys;
    return ERR_OK;
}

enum err key_store_revoke(struct db *db, struct arena *arena, const struct uuid *key_id,
                          int64_t now_us)
{
    static const struct db_statement revoke = {
        "key_revoke", "UPDATE api_key SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL"};
    static const struct db_statement find = {"key_by_id", "SELECT 1 FROM api_key WHERE id = ?"};
    const struct db_rows *rows;
    enum err err = db_execute(db, &revoke, DB_VALUES(DB_TIME(now_us), DB_UUID(key_id)), NULL);

    if (err == ERR_OK)
        err = db_query(db, &find, DB_VALUES(DB_UUID(key_id)), arena, 1, &rows);
    if (err == ERR_OK && db_row_count(rows) == 0)
        return ERR_NOT_FOUND;
    return err;
}

enum err key_store_owner(struct db *db, struct arena *arena, const struct sha256 *key_hash,
                         struct key_owner *ret_owner)
{
    static const struct db_statement statement = {
        "key_owner",
        "SELECT " APP_COLUMNS ", api_key.id, expires_at, last_used_at, window_start, misses "
        "FROM api_key JOIN app ON app.id = api_key.app_id "
        "LEFT JOIN lookup_miss ON lookup_miss.app_id = app.id "
        "WHERE key_hash = ? AND revoked_at IS NULL"};
    struct key_owner owner = {.misses = 0};
    const struct db_rows *rows;
    enum err err = db_query(db, &statement, DB_VALUES(DB_HASH(key_hash)), arena, 1, &rows);

    if (err != ERR_OK)
        return err;
    if (db_row_count(rows) == 0)
        return ERR_NOT_FOUND;
    owner.key_id = db_uuid(rows, 0, 5);
    owner.expires_at_us = db_time(rows, 0, 6);
    owner.last_used_at_us = db_time(rows, 0, 7);
    owner.miss_window_start_us = db_time(rows, 0, 8);
    owner.misses = (unsigned)db_int(rows, 0, 9);
    err = app_read(rows, 0, 0, &owner.app);
    if (err == ERR_OK)
        *ret_owner = owner;
    return err;
}

enum err key_store_touch(struct db *db, const struct uuid *key_id, int64_t now_us)
{
    static const struct db_statement statement = {
        "key_touch", "UPDATE api_key SET last_used_at = ? WHERE id = ?"};

    return db_execute(db, &statement, DB_VALUES(DB_TIME(now_us), DB_UUID(key_id)), NULL);
}

enum err miss_store_count(struct db *db, struct arena *arena, const struct uuid *app_id,
                          int64_t now_us, int64_t window_us, unsigned *ret_misses,
                          int64_t *ret_window_start_us)
{
    /* `misses` is set before `window_start`: assignments run from left to right. */
    static const struct db_statement count = {
        "miss_count", "INSERT INTO lookup_miss (app_id, window_start, misses) VALUES (?, ?, 1) "
                      "ON DUPLICATE KEY UPDATE misses = IF(window_start < ?, 1, misses + 1), "
                      "window_start = IF(window_start < ?, VALUES(window_start), window_start)"};
    static const struct db_statement read = {
        "miss_read", "SELECT misses, window_start FROM lookup_miss WHERE app_id = ?"};
    const struct db_rows *rows;
    int64_t oldest_us = now_us - window_us;
    enum err err = db_execute(
        db, &count,
        DB_VALUES(DB_UUID(app_id), DB_TIME(now_us), DB_TIME(oldest_us), DB_TIME(oldest_us)), NULL);

    if (err == ERR_OK)
        err = db_query(db, &read, DB_VALUES(DB_UUID(app_id)), arena, 1, &rows);
    if (err != ERR_OK)
        return err;
    if (db_row_count(rows) == 0)
        return ERR_DB_QUERY;
    *ret_misses = (unsigned)db_int(rows, 0, 0);
    *ret_window_start_us = db_time(rows, 0, 1);
    return ERR_OK;
}
