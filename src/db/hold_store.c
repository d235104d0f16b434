/* Money held from every app: see hold_store.h. */
#include "risiti/base/base.h"

#include "risiti/db/hold_store.h"

enum err hold_store_insert(struct db *db, const struct uuid *payment_id, const struct uuid *push_id)
{
    static const struct db_statement statement = {
        "hold_insert", "INSERT INTO payment_hold (payment_id, push_id) VALUES (?, ?) "
                       "ON DUPLICATE KEY UPDATE push_id = push_id"};

    ASSERT(db_in_unit(db));
    return db_execute(db, &statement, DB_VALUES(DB_UUID(payment_id), DB_UUID(push_id)), NULL);
}

enum err hold_store_delete(struct db *db, const struct uuid *payment_id)
{
    static const struct db_statement statement = {"hold_delete",
                                                  "DELETE FROM payment_hold WHERE payment_id = ?"};

    ASSERT(db_in_unit(db));
    return db_execute(db, &statement, DB_VALUES(DB_UUID(payment_id)), NULL);
}

/* A conditional update that must change exactly one row; anything else means: read again. */
static enum err execute_one(struct db *db, const struct db_statement *statement,
                            const struct payment *payment)
{
    uint64_t affected;
    enum err err;

    ASSERT(db_in_unit(db));
    err = db_execute(db, statement, DB_VALUES(DB_UUID(&payment->id), DB_INT(payment->version)),
                     &affected);
    return err == ERR_OK && affected != 1 ? ERR_DB_CONFLICT : err;
}

enum err hold_store_touch_push(struct db *db, const struct payment *push)
{
    static const struct db_statement statement = {
        "hold_touch_push", "UPDATE payment SET version = version + 1 WHERE id = ? AND version = ? "
                           "AND open_reference IS NOT NULL AND merged_into IS NULL"};

    return execute_one(db, &statement, push);
}

enum err hold_store_release(struct db *db, const struct payment *payment)
{
    static const struct db_statement statement = {
        "hold_release",
        "UPDATE payment SET held = 0, held_until = NULL, version = version + 1 "
        "WHERE id = ? AND version = ? AND held = 1 AND conflict = 0 AND merged_into IS NULL"};

    return execute_one(db, &statement, payment);
}

enum err hold_store_dispute(struct db *db, const struct payment *payment)
{
    static const struct db_statement statement = {
        "hold_dispute",
        "UPDATE payment SET held = 1, held_until = NULL, conflict = 1, version = version + 1 "
        "WHERE id = ? AND version = ? AND claimed = 0 AND merged_into IS NULL"};

    return execute_one(db, &statement, payment);
}

enum err hold_store_due(struct db *db, struct arena *arena, bool may_expire, size_t rows_max,
                        struct holds_due *ret_due)
{
    static const struct db_statement statement = {
        "hold_due", "SELECT payment.id, MAX(push.open_reference IS NOT NULL) = 0 AS is_settled "
                    "FROM payment_hold JOIN payment ON payment.id = payment_hold.payment_id "
                    "JOIN payment AS push ON push.id = payment_hold.push_id "
                    "GROUP BY payment.id, payment.held_until "
                    "HAVING is_settled OR (? AND payment.held_until < UTC_TIMESTAMP(6)) "
                    "ORDER BY payment.id LIMIT ?"};
    struct holds_due due;
    const struct db_rows *rows;
    enum err err = db_query(db, &statement, DB_VALUES(DB_INT(may_expire), DB_INT(rows_max)), arena,
                            rows_max, &rows);

    if (err != ERR_OK)
        return err;
    due.count = db_row_count(rows);
    due.items = arena_alloc(arena, due.count, sizeof(*due.items));
    if (due.items == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < due.count; i++)
        due.items[i] = (struct hold_due){.payment_id = db_uuid(rows, i, 0),
                                         .is_settled = db_int(rows, i, 1) != 0};
    *ret_due = due;
    return ERR_OK;
}

enum err hold_store_awaiting(struct db *db, struct arena *arena, const struct uuid *payment_id,
                             struct uuid *ret_push_id)
{
    static const struct db_statement statement = {
        "hold_awaiting",
        "SELECT push.id FROM payment_hold JOIN payment AS push ON push.id = payment_hold.push_id "
        "WHERE payment_hold.payment_id = ? AND push.status = 'SUCCESS' "
        "AND push.mpesa_receipt_number IS NULL AND push.merged_into IS NULL "
        "ORDER BY push.id LIMIT 1"};
    const struct db_rows *rows;
    enum err err = db_query(db, &statement, DB_VALUES(DB_UUID(payment_id)), arena, 1, &rows);

    if (err != ERR_OK)
        return err;
    if (db_row_count(rows) == 0)
        return ERR_NOT_FOUND;
    *ret_push_id = db_uuid(rows, 0, 0);
    return ERR_OK;
}
