/* What keeps pushes apart: see push_store.h. */
#include "risiti/base/base.h"

#include "risiti/db/push_store.h"

#include "risiti/base/clock.h"

#define SECONDS_PER_MINUTE 60
/* Slots that were not used are kept for this long: so many queries may go out at once. */
#define SLOT_BURST_S 2

static enum err mark_read(struct db *db, struct arena *arena, const struct db_statement *statement,
                          const struct db_value *values, size_t value_count,
                          struct push_mark *ret_mark)
{
    const struct db_rows *rows;
    enum err err = db_query(db, statement, values, value_count, arena, 1, &rows);

    if (err != ERR_OK)
        return err;
    if (db_row_count(rows) == 0)
        return ERR_NOT_FOUND;
    *ret_mark = (struct push_mark){.payment_id = db_uuid(rows, 0, 0),
                                   .age_us = db_int(rows, 0, 1),
                                   .is_open = db_int(rows, 0, 2) != 0};
    return ERR_OK;
}

enum err push_store_lock_read(struct db *db, struct arena *arena, const struct push_key *key,
                              struct push_mark *ret_mark)
{
    static const struct db_statement statement = {
        "push_lock_read", "SELECT payment_id, GREATEST(0, TIMESTAMPDIFF(MICROSECOND, taken_at, "
                          "UTC_TIMESTAMP(6))), is_open "
                          "FROM push_lock WHERE short_code = ? AND phone = ? FOR UPDATE"};

    ASSERT(db_in_unit(db));
    return mark_read(db, arena, &statement,
                     DB_VALUES(DB_TEXT(key->short_code), DB_TEXT(key->phone)), ret_mark);
}

enum err push_store_recent_read(struct db *db, struct arena *arena, const struct push_key *key,
                                struct push_mark *ret_mark)
{
    static const struct db_statement statement = {
        "push_recent_read",
        "SELECT payment_id, GREATEST(0, TIMESTAMPDIFF(MICROSECOND, taken_at, UTC_TIMESTAMP(6))), 0 "
        "FROM push_recent WHERE short_code = ? AND phone = ? AND amount = ?"};

    ASSERT(db_in_unit(db));
    return mark_read(
        db, arena, &statement,
        DB_VALUES(DB_TEXT(key->short_code), DB_TEXT(key->phone), DB_MONEY(key->amount)), ret_mark);
}

static enum err lock_make(struct db *db, const struct push_key *key, const struct uuid *payment_id)
{
    static const struct db_statement statement = {
        "push_lock_make", "INSERT INTO push_lock (short_code, phone, payment_id, taken_at, is_open)"
                          " VALUES (?, ?, ?, UTC_TIMESTAMP(6), 1)"};
    enum err err = db_execute(
        db, &statement,
        DB_VALUES(DB_TEXT(key->short_code), DB_TEXT(key->phone), DB_UUID(payment_id)), NULL);

    return err == ERR_DUPLICATE ? ERR_DB_CONFLICT : err;
}

static enum err lock_move(struct db *db, const struct push_key *key,
                          const struct push_mark *previous, const struct uuid *payment_id)
{
    static const struct db_statement statement = {
        "push_lock_move",
        "UPDATE push_lock SET payment_id = ?, taken_at = UTC_TIMESTAMP(6), is_open = 1 "
        "WHERE short_code = ? AND phone = ? AND payment_id = ? AND is_open = ?"};
    uint64_t affected;
    enum err err =
        db_execute(db, &statement,
                   DB_VALUES(DB_UUID(payment_id), DB_TEXT(key->short_code), DB_TEXT(key->phone),
                             DB_UUID(&previous->payment_id), DB_INT(previous->is_open)),
                   &affected);

    return err == ERR_OK && affected != 1 ? ERR_DB_CONFLICT : err;
}

enum err push_store_lock_take(struct db *db, const struct push_key *key,
                              const struct push_mark *previous, const struct uuid *payment_id)
{
    static const struct db_statement note = {
        "push_recent_note",
        "INSERT INTO push_recent (short_code, phone, amount, payment_id, taken_at) "
        "VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6)) "
        "ON DUPLICATE KEY UPDATE payment_id = VALUES(payment_id), taken_at = VALUES(taken_at)"};
    enum err err;

    ASSERT(db_in_unit(db));
    err = previous != NULL ? lock_move(db, key, previous, payment_id)
                           : lock_make(db, key, payment_id);
    return err == ERR_OK ? db_execute(db, &note,
                                      DB_VALUES(DB_TEXT(key->short_code), DB_TEXT(key->phone),
                                                DB_MONEY(key->amount), DB_UUID(payment_id)),
                                      NULL)
                         : err;
}

enum err push_store_lock_free(struct db *db, const struct uuid *payment_id)
{
    static const struct db_statement statement = {
        "push_lock_free", "UPDATE push_lock SET is_open = 0 WHERE payment_id = ? AND is_open = 1"};

    ASSERT(db_in_unit(db));
    return db_execute(db, &statement, DB_VALUES(DB_UUID(payment_id)), NULL);
}

enum err push_store_forget(struct db *db, const struct uuid *payment_id)
{
    static const struct db_statement statement = {"push_recent_forget",
                                                  "DELETE FROM push_recent WHERE payment_id = ?"};

    ASSERT(db_in_unit(db));
    return db_execute(db, &statement, DB_VALUES(DB_UUID(payment_id)), NULL);
}

enum err push_store_prune(struct db *db, unsigned older_than_s, unsigned rows_max)
{
    static const struct db_statement statements[] = {
        {"push_lock_prune",
         "DELETE FROM push_lock WHERE taken_at < UTC_TIMESTAMP(6) - INTERVAL ? SECOND LIMIT ?"},
        {"push_recent_prune",
         "DELETE FROM push_recent WHERE taken_at < UTC_TIMESTAMP(6) - INTERVAL ? SECOND LIMIT ?"},
    };
    enum err err = ERR_OK;

    for (size_t i = 0; err == ERR_OK && i < ARRAY_LENGTH(statements); i++)
        err =
            db_execute(db, &statements[i], DB_VALUES(DB_INT(older_than_s), DB_INT(rows_max)), NULL);
    return err;
}

enum err push_store_query_slot(struct db *db, unsigned per_minute, bool *ret_taken)
{
    static const struct db_statement statement = {
        "daraja_pace_take",
        "UPDATE daraja_pace SET next_at = "
        "GREATEST(next_at, UTC_TIMESTAMP(6) - INTERVAL ? SECOND) + INTERVAL ? MICROSECOND "
        "WHERE kind = 'stk_query' AND next_at <= UTC_TIMESTAMP(6)"};
    uint64_t affected;
    int64_t spacing_us = SECONDS_PER_MINUTE * CLOCK_US_PER_SECOND / per_minute;
    enum err err =
        db_execute(db, &statement, DB_VALUES(DB_INT(SLOT_BURST_S), DB_INT(spacing_us)), &affected);

    if (err == ERR_OK)
        *ret_taken = affected == 1;
    /* On another node, at the same instant: theirs. */
    if (err != ERR_DB_CONFLICT)
        return err;
    *ret_taken = false;
    return ERR_OK;
}
