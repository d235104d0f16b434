/* Rows of `c2b_token` and `daraja_token`: see token_store.h. */
#include "risiti/base/base.h"

#include "risiti/db/token_store.h"

enum err c2b_token_store_insert(struct db *db, const struct sha256 *token_hash,
                                const struct c2b_token *token, int64_t now_us)
{
    static const struct db_statement statement = {
        "c2b_token_insert", "INSERT INTO c2b_token (token_hash, short_code, token_sealed, "
                            "created_at) VALUES (?, ?, ?, ?)"};

    return db_execute(db, &statement,
                      DB_VALUES(DB_HASH(token_hash), DB_TEXT(token->short_code),
                                DB_BYTES(token->sealed), DB_TIME(now_us)),
                      NULL);
}

static enum err c2b_token_read(struct db *db, struct arena *arena,
                               const struct db_statement *statement, struct db_value key,
                               struct c2b_token *ret_token)
{
    const struct db_rows *rows;
    enum err err = db_query(db, statement, &key, 1, arena, 1, &rows);

    if (err != ERR_OK)
        return err;
    if (db_row_count(rows) == 0)
        return ERR_NOT_FOUND;
    *ret_token =
        (struct c2b_token){.short_code = db_text(rows, 0, 0), .sealed = db_text(rows, 0, 1)};
    return ERR_OK;
}

enum err c2b_token_store_by_hash(struct db *db, struct arena *arena,
                                 const struct sha256 *token_hash, struct c2b_token *ret_token)
{
    static const struct db_statement statement = {"c2b_token_by_hash",
                                                  "SELECT short_code, token_sealed FROM c2b_token "
                                                  "WHERE token_hash = ? AND ended_at IS NULL"};

    return c2b_token_read(db, arena, &statement, (struct db_value)DB_HASH(token_hash), ret_token);
}

enum err c2b_token_store_newest(struct db *db, struct arena *arena, struct str short_code,
                                struct c2b_token *ret_token)
{
    static const struct db_statement statement = {
        "c2b_token_newest",
        "SELECT short_code, token_sealed FROM c2b_token WHERE short_code = ? AND ended_at IS NULL "
        "ORDER BY created_at DESC LIMIT 1"};

    return c2b_token_read(db, arena, &statement, (struct db_value)DB_TEXT(short_code), ret_token);
}

#define TOKEN_ROWS \
    "SELECT token_hash, short_code, created_at, last_used_at, ended_at FROM c2b_token "

static enum err token_rows_read(const struct db_rows *rows, struct arena *arena,
                                struct c2b_token_rows *ret_rows)
{
    struct c2b_token_rows list = {.count = db_row_count(rows)};

    list.items = arena_alloc(arena, list.count, sizeof(*list.items));
    if (list.items == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < list.count; i++) {
        struct str hash = db_text(rows, i, 0);

        if (hash.length != SHA256_BYTES)
            return ERR_DB_QUERY;
        list.items[i] = (struct c2b_token_row){
            .short_code = db_text(rows, i, 1),
            .created_at_us = db_time(rows, i, 2),
            .last_used_at_us = db_time(rows, i, 3),
            .ended_at_us = db_time(rows, i, 4),
        };
        memcpy(list.items[i].hash.bytes, hash.data, SHA256_BYTES);
    }
    *ret_rows = list;
    return ERR_OK;
}

enum err c2b_token_store_list(struct db *db, struct arena *arena, unsigned rows_max,
                              struct c2b_token_rows *ret_rows)
{
    static const struct db_statement statement = {"c2b_token_list", TOKEN_ROWS
                                                  "ORDER BY short_code, created_at LIMIT ?"};
    const struct db_rows *rows;
    enum err err = db_query(db, &statement, DB_VALUES(DB_INT(rows_max)), arena, rows_max, &rows);

    return err == ERR_OK ? token_rows_read(rows, arena, ret_rows) : err;
}

enum err c2b_token_store_lock(struct db *db, struct arena *arena, struct str short_code,
                              unsigned rows_max, struct c2b_token_rows *ret_rows)
{
    static const struct db_statement statement = {
        "c2b_token_lock", TOKEN_ROWS "WHERE short_code = ? ORDER BY created_at LIMIT ? FOR UPDATE"};
    const struct db_rows *rows;
    enum err err;

    ASSERT(db_in_unit(db));
    err = db_query(db, &statement, DB_VALUES(DB_TEXT(short_code), DB_INT(rows_max)), arena,
                   rows_max, &rows);
    return err == ERR_OK ? token_rows_read(rows, arena, ret_rows) : err;
}

enum err c2b_token_store_used(struct db *db, const struct sha256 *token_hash)
{
    static const struct db_statement statement = {
        "c2b_token_used",
        "UPDATE c2b_token SET last_used_at = UTC_TIMESTAMP(6) WHERE token_hash = ? AND "
        "(last_used_at IS NULL OR last_used_at < UTC_TIMESTAMP(6) - INTERVAL ? SECOND)"};

    return db_execute(db, &statement, DB_VALUES(DB_HASH(token_hash), DB_INT(C2B_TOKEN_USE_NOTE_S)),
                      NULL);
}

enum err c2b_token_store_end(struct db *db, const struct sha256 *token_hash, int64_t idle_s,
                             bool *ret_ended)
{
    static const struct db_statement statement = {
        "c2b_token_end",
        "UPDATE c2b_token SET ended_at = UTC_TIMESTAMP(6) WHERE token_hash = ? AND ended_at IS "
        "NULL "
        "AND (last_used_at IS NULL OR last_used_at < UTC_TIMESTAMP(6) - INTERVAL ? SECOND)"};
    uint64_t affected;
    enum err err =
        db_execute(db, &statement, DB_VALUES(DB_HASH(token_hash), DB_INT(idle_s)), &affected);

    if (err == ERR_OK)
        *ret_ended = affected == 1;
    return err;
}

enum err oauth_store_read(struct db *db, struct arena *arena, const struct sha256 *consumer_hash,
                          struct oauth_row *ret_row)
{
    static const struct db_statement statement = {
        "oauth_read", "SELECT generation, token_sealed, "
                      "COALESCE(TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(6), expires_at), 0) "
                      "FROM daraja_token WHERE consumer_hash = ?"};
    const struct db_rows *rows;
    enum err err = db_query(db, &statement, DB_VALUES(DB_HASH(consumer_hash)), arena, 1, &rows);

    if (err != ERR_OK)
        return err;
    if (db_row_count(rows) == 0)
        return ERR_NOT_FOUND;
    *ret_row = (struct oauth_row){.generation = (uint64_t)db_int(rows, 0, 0),
                                  .sealed = db_text(rows, 0, 1),
                                  .seconds_left = db_int(rows, 0, 2)};
    return ERR_OK;
}

enum err oauth_store_lease(struct db *db, const struct sha256 *consumer_hash, uint64_t generation,
                           const struct uuid *owner, unsigned lease_seconds, bool *ret_taken)
{
    static const struct db_statement make = {
        "oauth_make", "INSERT IGNORE INTO daraja_token (consumer_hash) VALUES (?)"};
    static const struct db_statement lease = {
        "oauth_lease",
        "UPDATE daraja_token SET lease_owner = ?, "
        "lease_until = UTC_TIMESTAMP(6) + INTERVAL ? SECOND WHERE consumer_hash = ? "
        "AND generation = ? AND (lease_until IS NULL OR lease_until < UTC_TIMESTAMP(6) "
        "OR lease_owner = ?)"};
    const struct db_value values[] = {DB_UUID(owner), DB_INT(lease_seconds), DB_HASH(consumer_hash),
                                      DB_INT(generation), DB_UUID(owner)};
    uint64_t affected;
    enum err err = ERR_OK;

    if (generation == 0)
        err = db_execute(db, &make, DB_VALUES(DB_HASH(consumer_hash)), NULL);
    if (err == ERR_OK)
        err = db_execute(db, &lease, values, ARRAY_LENGTH(values), &affected);
    if (err == ERR_DB_COMMIT_UNKNOWN)
        err = db_execute(db, &lease, values, ARRAY_LENGTH(values), &affected);
    if (err == ERR_OK)
        *ret_taken = affected == 1;
    return err;
}

enum err oauth_store_write(struct db *db, const struct sha256 *consumer_hash, uint64_t generation,
                           const struct uuid *owner, struct str sealed, int64_t lifetime_seconds,
                           bool *ret_written)
{
    static const struct db_statement statement = {
        "oauth_write",
        "UPDATE daraja_token SET generation = generation + 1, token_sealed = ?, "
        "expires_at = UTC_TIMESTAMP(6) + INTERVAL ? SECOND, lease_owner = NULL, lease_until = NULL "
        "WHERE consumer_hash = ? AND generation = ? AND lease_owner = ?"};
    uint64_t affected;
    enum err err = db_execute(db, &statement,
                              DB_VALUES(DB_BYTES(sealed), DB_INT(lifetime_seconds),
                                        DB_HASH(consumer_hash), DB_INT(generation), DB_UUID(owner)),
                              &affected);

    if (err == ERR_OK)
        *ret_written = affected == 1;
    return err;
}

enum err oauth_store_release(struct db *db, const struct sha256 *consumer_hash,
                             const struct uuid *owner)
{
    static const struct db_statement statement = {
        "oauth_release", "UPDATE daraja_token SET lease_owner = NULL, lease_until = NULL "
                         "WHERE consumer_hash = ? AND lease_owner = ?"};

    return db_execute(db, &statement, DB_VALUES(DB_HASH(consumer_hash), DB_UUID(owner)), NULL);
}
