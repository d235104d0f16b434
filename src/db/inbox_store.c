/* Rows of `callback_inbox`: see inbox_store.h. */
#include "risiti/base/base.h"

#include "risiti/db/inbox_store.h"

static const struct str kind_names[] = {STR_INIT("stk"), STR_INIT("c2b")};
static const struct str state_names[] = {
    [INBOX_STATE_APPLIED] = STR_INIT("applied"),
    [INBOX_STATE_REPEATED] = STR_INIT("repeated"),
    [INBOX_STATE_UNMATCHED] = STR_INIT("unmatched"),
    [INBOX_STATE_MALFORMED] = STR_INIT("malformed"),
    [INBOX_STATE_FOREIGN] = STR_INIT("foreign"),
    [INBOX_STATE_CONFLICT] = STR_INIT("conflict"),
    [INBOX_STATE_QUARANTINED] = STR_INIT("quarantined"),
    [INBOX_STATE_FAILED] = STR_INIT("failed"),
};

struct str inbox_state_name(enum inbox_state state)
{
    return state_names[state];
}

enum err inbox_store_insert(struct db *db, const struct inbox_row *row)
{
    static const struct db_statement statement = {
        "inbox_insert",
        "INSERT INTO callback_inbox (id, kind, state, received_at, source, request_id, "
        "token_hash, payment_id, body, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    struct str hash = STR_EMPTY;
    struct str body = row->body.data != NULL ? row->body : STR("");

    if (row->token_hash != NULL)
        hash = (struct str){(const char *)row->token_hash->bytes, SHA256_BYTES};
    return db_execute(db, &statement,
                      DB_VALUES(DB_UUID(&row->id), DB_TEXT(kind_names[row->kind]),
                                DB_TEXT(state_names[row->state]), DB_TIME(row->received_at_us),
                                DB_TEXT(row->source.data != NULL ? row->source : STR("")),
                                DB_TEXT(row->request_id), DB_BYTES(hash), DB_UUID(row->payment_id),
                                DB_BYTES(body), DB_TEXT(row->note)),
                      NULL);
}

enum err inbox_store_has(struct db *db, struct arena *arena, const struct uuid *id, bool *ret_found)
{
    static const struct db_statement statement = {"inbox_has",
                                                  "SELECT 1 FROM callback_inbox WHERE id = ?"};
    const struct db_rows *rows;
    enum err err = db_query(db, &statement, DB_VALUES(DB_UUID(id)), arena, 1, &rows);

    if (err == ERR_OK)
        *ret_found = db_row_count(rows) > 0;
    return err;
}

enum err inbox_store_count(struct db *db, struct arena *arena, enum inbox_state state,
                           unsigned count_max, unsigned *ret_count)
{
    static const struct db_statement statement = {
        "inbox_count", "SELECT COUNT(*) FROM (SELECT 1 FROM callback_inbox WHERE state = ? "
                       "LIMIT ?) AS some"};
    const struct db_rows *rows;
    enum err err = db_query(
        db, &statement, DB_VALUES(DB_TEXT(state_names[state]), DB_INT(count_max)), arena, 1, &rows);

    if (err == ERR_OK)
        *ret_count = (unsigned)db_int(rows, 0, 0);
    return err;
}
