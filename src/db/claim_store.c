/* Rows of `claim`: see claim_store.h. */
#include "risiti/base/base.h"

#include "risiti/db/claim_store.h"

enum err claim_store_insert(struct db *db, const struct uuid *payment_id, struct str receipt,
                            const struct uuid *app_id, const struct uuid *token,
                            int64_t claimed_at_us)
{
    static const struct db_statement statement = {
        "claim_insert", "INSERT INTO claim (payment_id, receipt, app_id, token, claimed_at) "
                        "VALUES (?, ?, ?, ?, ?)"};

    ASSERT(db_in_unit(db));
    return db_execute(db, &statement,
                      DB_VALUES(DB_UUID(payment_id), DB_TEXT(receipt), DB_UUID(app_id),
                                DB_UUID(token), DB_TIME(claimed_at_us)),
                      NULL);
}

enum err claim_store_set_receipt(struct db *db, const struct uuid *payment_id, struct str receipt)
{
    static const struct db_statement statement = {
        "claim_set_receipt",
        "UPDATE claim SET receipt = ? WHERE payment_id = ? AND receipt IS NULL"};
    uint64_t affected;
    enum err err;

    ASSERT(db_in_unit(db));
    err = db_execute(db, &statement, DB_VALUES(DB_TEXT(receipt), DB_UUID(payment_id)), &affected);
    return err == ERR_OK && affected != 1 ? ERR_DB_CONFLICT : err;
}

enum err claim_store_by_token(struct db *db, struct arena *arena, const struct uuid *token,
                              struct uuid *ret_payment_id)
{
    static const struct db_statement statement = {"claim_by_token",
                                                  "SELECT payment_id FROM claim WHERE token = ?"};
    const struct db_rows *rows;
    enum err err = db_query(db, &statement, DB_VALUES(DB_UUID(token)), arena, 1, &rows);

    if (err != ERR_OK)
        return err;
    if (db_row_count(rows) == 0)
        return ERR_NOT_FOUND;
    *ret_payment_id = db_uuid(rows, 0, 0);
    return ERR_OK;
}

enum err claim_store_agrees(struct db *db, struct arena *arena, const struct payment *payment,
                            bool *ret_agrees)
{
    static const struct db_statement statement = {
        "claim_by_payment", "SELECT receipt, claimed_at FROM claim WHERE payment_id = ?"};
    const struct db_rows *rows;
    enum err err = db_query(db, &statement, DB_VALUES(DB_UUID(&payment->id)), arena, 1, &rows);

    if (err != ERR_OK)
        return err;
    *ret_agrees = payment->claimed ? db_row_count(rows) == 1 &&
                                         str_equal(db_text(rows, 0, 0), payment->receipt) &&
                                         db_time(rows, 0, 1) == payment->claimed_at_us
                                   : db_row_count(rows) == 0;
    return ERR_OK;
}
