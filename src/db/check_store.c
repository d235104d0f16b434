/* Pushes that are to be looked at: see check_store.h. */
#include "risiti/base/base.h"

#include "risiti/db/check_store.h"

enum err check_store_due(struct db *db, struct arena *arena, unsigned rows_max,
                         struct checks *ret_checks)
{
    static const struct db_statement statement = {
        "check_due", "SELECT id, checkout_request_id, short_code, "
                     "GREATEST(0, TIMESTAMPDIFF(SECOND, created_at, UTC_TIMESTAMP(6))), "
                     "next_check_at, unknown_at IS NOT NULL FROM payment "
                     "WHERE next_check_at <= UTC_TIMESTAMP(6) ORDER BY next_check_at LIMIT ?"};
    struct checks checks;
    const struct db_rows *rows;
    enum err err = db_query(db, &statement, DB_VALUES(DB_INT(rows_max)), arena, rows_max, &rows);

    if (err != ERR_OK)
        return err;
    checks.count = db_row_count(rows);
    checks.items = arena_alloc(arena, checks.count, sizeof(*checks.items));
    if (checks.items == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < checks.count; i++)
        checks.items[i] = (struct check){.id = db_uuid(rows, i, 0),
                                         .checkout_request_id = db_text(rows, i, 1),
                                         .short_code = db_text(rows, i, 2),
                                         .age_s = db_int(rows, i, 3),
                                         .due_us = db_time(rows, i, 4),
                                         .is_unknown = db_int(rows, i, 5) != 0};
    *ret_checks = checks;
    return ERR_OK;
}

enum err check_store_take(struct db *db, const struct check *check, unsigned pause_s,
                          bool *ret_taken)
{
    static const struct db_statement statement = {
        "check_take",
        "UPDATE payment SET next_check_at = IF(status = 'PENDING' AND merged_into IS NULL, "
        "UTC_TIMESTAMP(6) + INTERVAL ? SECOND, NULL), checks = checks + 1 "
        "WHERE id = ? AND next_check_at = ?"};
    struct db_value pause = {.kind = pause_s != 0 ? DB_KIND_INT : DB_KIND_NULL, .integer = pause_s};
    uint64_t affected;
    enum err err = db_execute(
        db, &statement, DB_VALUES(pause, DB_UUID(&check->id), DB_TIME(check->due_us)), &affected);

    if (err == ERR_OK)
        *ret_taken = affected == 1;
    /* On another node, at the same instant: theirs. */
    if (err != ERR_DB_CONFLICT)
        return err;
    *ret_taken = false;
    return ERR_OK;
}

enum err check_store_now(struct db *db, const struct uuid *id)
{
    static const struct db_statement statement = {
        "check_now", "UPDATE payment SET next_check_at = UTC_TIMESTAMP(6) "
                     "WHERE id = ? AND status = 'PENDING' AND merged_into IS NULL "
                     "AND (next_check_at IS NULL OR next_check_at > UTC_TIMESTAMP(6))"};

    ASSERT(db_in_unit(db));
    return db_execute(db, &statement, DB_VALUES(DB_UUID(id)), NULL);
}

/* A conditional update that must change exactly one row; anything else means: read again. */
static enum err execute_one(struct db *db, const struct db_statement *statement,
                            const struct payment *push)
{
    uint64_t affected;
    enum err err;

    ASSERT(db_in_unit(db));
    err =
        db_execute(db, statement, DB_VALUES(DB_UUID(&push->id), DB_INT(push->version)), &affected);
    return err == ERR_OK && affected != 1 ? ERR_DB_CONFLICT : err;
}

enum err check_store_mark_unknown(struct db *db, const struct payment *push)
{
    static const struct db_statement statement = {
        "check_mark_unknown",
        "UPDATE payment SET unknown_at = UTC_TIMESTAMP(6), version = version + 1 "
        "WHERE id = ? AND version = ? AND status = 'PENDING' AND unknown_at IS NULL "
        "AND merged_into IS NULL"};

    return execute_one(db, &statement, push);
}

enum err check_store_unsettled(struct db *db, struct arena *arena, unsigned days, unsigned rows_max,
                               struct check_ids *ret_ids)
{
    static const struct db_statement statement = {
        "check_unsettled", "SELECT id FROM payment "
                           "WHERE unsettled_since < UTC_TIMESTAMP(6) - INTERVAL ? DAY "
                           "ORDER BY unsettled_since LIMIT ?"};
    struct check_ids ids;
    const struct db_rows *rows;
    enum err err =
        db_query(db, &statement, DB_VALUES(DB_INT(days), DB_INT(rows_max)), arena, rows_max, &rows);

    if (err != ERR_OK)
        return err;
    ids.count = db_row_count(rows);
    ids.items = arena_alloc(arena, ids.count, sizeof(*ids.items));
    if (ids.items == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < ids.count; i++)
        ids.items[i] = db_uuid(rows, i, 0);
    *ret_ids = ids;
    return ERR_OK;
}

enum err check_store_end_proof(struct db *db, const struct payment *push)
{
    static const struct db_statement statement = {
        "check_end_proof",
        "UPDATE payment SET open_reference = NULL, next_check_at = NULL, version = version + 1 "
        "WHERE id = ? AND version = ? AND open_reference IS NOT NULL AND merged_into IS NULL"};

    return execute_one(db, &statement, push);
}
