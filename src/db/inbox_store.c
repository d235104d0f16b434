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
    [INBOX_STATE_WAITING] = STR_INIT("waiting"),
};

struct str inbox_state_name(enum inbox_state state)
{
    return state_names[state];
}

struct str inbox_kind_name(enum inbox_kind kind)
{
    return kind_names[kind];
}

static enum err name_parse(struct str text, const struct str *names, size_t count,
                           size_t *ret_index)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(text, names[i])) {
            *ret_index = i;
            return ERR_OK;
        }
    return ERR_INVALID;
}

enum err inbox_kind_parse(struct str text, enum inbox_kind *ret_kind)
{
    size_t index;
    enum err err = name_parse(text, kind_names, ARRAY_LENGTH(kind_names), &index);

    if (err == ERR_OK)
        *ret_kind = (enum inbox_kind)index;
    return err;
}

enum err inbox_state_parse(struct str text, enum inbox_state *ret_state)
{
    size_t index;
    enum err err = name_parse(text, state_names, ARRAY_LENGTH(state_names), &index);

    if (err == ERR_OK)
        *ret_state = (enum inbox_state)index;
    return err;
}

/* NULL, and with it no time, for 0. */
static struct db_value pause_value(unsigned pause_s)
{
    return (struct db_value){.kind = pause_s > 0 ? DB_KIND_INT : DB_KIND_NULL, .integer = pause_s};
}

enum err inbox_store_insert(struct db *db, const struct inbox_row *row, unsigned pause_s)
{
    static const struct db_statement statement = {
        "inbox_insert",
        "INSERT INTO callback_inbox (id, kind, state, received_at, source, request_id, "
        "token_hash, payment_id, body, note, checkout_request_id, next_try_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(6) + INTERVAL ? SECOND)"};
    struct str body = row->body.data != NULL ? row->body : STR("");

    return db_execute(db, &statement,
                      DB_VALUES(DB_UUID(&row->id), DB_TEXT(kind_names[row->kind]),
                                DB_TEXT(state_names[row->state]), DB_TIME(row->received_at_us),
                                DB_TEXT(row->source.data != NULL ? row->source : STR("")),
                                DB_TEXT(row->request_id), DB_HASH(row->token_hash),
                                DB_UUID(row->payment_id), DB_BYTES(body), DB_TEXT(row->note),
                                DB_TEXT(row->checkout_request_id), pause_value(pause_s)),
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

enum err inbox_store_count_source(struct db *db, struct arena *arena, struct str source,
                                  unsigned count_max, unsigned *ret_count)
{
    static const struct db_statement statement = {
        "inbox_count_source", "SELECT COUNT(*) FROM (SELECT 1 FROM callback_inbox WHERE "
                              "state = 'quarantined' AND source = ? LIMIT ?) AS some"};
    struct str address = source.data != NULL ? source : STR("");
    const struct db_rows *rows;
    enum err err =
        db_query(db, &statement, DB_VALUES(DB_TEXT(address), DB_INT(count_max)), arena, 1, &rows);

    if (err == ERR_OK)
        *ret_count = (unsigned)db_int(rows, 0, 0);
    return err;
}

/* The columns in the order in which row_read takes them. */
#define COLUMNS_WITH(body) \
    "id, kind, state, received_at, source, request_id, token_hash, payment_id, " \
    "checkout_request_id, " body ", note, attempts, next_try_at, " \
    "TIMESTAMPDIFF(SECOND, received_at, UTC_TIMESTAMP(6))"
#define COLUMNS COLUMNS_WITH("body")

enum column {
    COLUMN_ID,
    COLUMN_KIND,
    COLUMN_STATE,
    COLUMN_RECEIVED_AT,
    COLUMN_SOURCE,
    COLUMN_REQUEST_ID,
    COLUMN_TOKEN_HASH,
    COLUMN_PAYMENT_ID,
    COLUMN_CHECKOUT_REQUEST_ID,
    COLUMN_BODY,
    COLUMN_NOTE,
    COLUMN_ATTEMPTS,
    COLUMN_NEXT_TRY_AT,
    COLUMN_RECEIVED_AGO,
};

/* What a row points to, in the arena. */
static enum err row_read_pointers(const struct db_rows *rows, size_t at, struct arena *arena,
                                  struct inbox_row *row)
{
    struct str hash = db_text(rows, at, COLUMN_TOKEN_HASH);

    if (hash.data != NULL) {
        struct sha256 *copy = arena_alloc(arena, 1, sizeof(*copy));

        if (copy == NULL)
            return ERR_NOMEM;
        if (hash.length != SHA256_BYTES)
            return ERR_DB_QUERY;
        memcpy(copy->bytes, hash.data, SHA256_BYTES);
        row->token_hash = copy;
    }
    if (!db_is_null(rows, at, COLUMN_PAYMENT_ID)) {
        struct uuid *copy = arena_alloc(arena, 1, sizeof(*copy));

        if (copy == NULL)
            return ERR_NOMEM;
        *copy = db_uuid(rows, at, COLUMN_PAYMENT_ID);
        row->payment_id = copy;
    }
    return ERR_OK;
}

static enum err row_read(const struct db_rows *rows, size_t at, struct arena *arena,
                         struct inbox_row *ret_row)
{
    struct inbox_row row = {
        .id = db_uuid(rows, at, COLUMN_ID),
        .received_at_us = db_time(rows, at, COLUMN_RECEIVED_AT),
        .source = db_text(rows, at, COLUMN_SOURCE),
        .request_id = db_text(rows, at, COLUMN_REQUEST_ID),
        .checkout_request_id = db_text(rows, at, COLUMN_CHECKOUT_REQUEST_ID),
        .body = db_text(rows, at, COLUMN_BODY),
        .note = db_text(rows, at, COLUMN_NOTE),
        .attempts = (unsigned)db_int(rows, at, COLUMN_ATTEMPTS),
        .next_try_at_us = db_time(rows, at, COLUMN_NEXT_TRY_AT),
        .received_ago_s = db_int(rows, at, COLUMN_RECEIVED_AGO),
    };
    enum err err = row_read_pointers(rows, at, arena, &row);

    if (err != ERR_OK)
        return err;
    if (inbox_state_parse(db_text(rows, at, COLUMN_STATE), &row.state) != ERR_OK ||
        inbox_kind_parse(db_text(rows, at, COLUMN_KIND), &row.kind) != ERR_OK)
        return ERR_DB_QUERY;
    *ret_row = row;
    return ERR_OK;
}

enum err inbox_store_by_id(struct db *db, struct arena *arena, const struct uuid *id,
                           enum inbox_lock lock, struct inbox_row *ret_row)
{
    static const struct db_statement statements[] = {
        {"inbox_by_id", "SELECT " COLUMNS " FROM callback_inbox WHERE id = ?"},
        {"inbox_by_id_lock", "SELECT " COLUMNS " FROM callback_inbox WHERE id = ? FOR UPDATE"},
    };
    const struct db_rows *rows;
    enum err err;

    ASSERT(lock == INBOX_READ || db_in_unit(db));
    err = db_query(db, &statements[lock], DB_VALUES(DB_UUID(id)), arena, 1, &rows);
    if (err != ERR_OK)
        return err;
    return db_row_count(rows) > 0 ? row_read(rows, 0, arena, ret_row) : ERR_NOT_FOUND;
}

enum err inbox_store_list(struct db *db, struct arena *arena, const enum inbox_state *state,
                          unsigned rows_max, struct inbox_rows *ret_rows)
{
    static const struct db_statement of_state = {
        "inbox_list", "SELECT " COLUMNS_WITH("''") " FROM callback_inbox WHERE state = ? "
                                                   "ORDER BY id DESC LIMIT ?"};
    static const struct db_statement open = {
        "inbox_list_open",
        "SELECT " COLUMNS_WITH(
            "''") " FROM callback_inbox WHERE ? IS NULL AND "
                  "state IN ('unmatched', 'malformed', 'foreign', 'conflict', "
                  "'quarantined', 'failed', 'waiting') ORDER BY id DESC LIMIT ?"};
    struct str name = state != NULL ? state_names[*state] : STR_EMPTY;
    struct inbox_rows list = {.items = NULL};
    const struct db_rows *rows;
    enum err err = db_query(db, state != NULL ? &of_state : &open,
                            DB_VALUES(DB_TEXT(name), DB_INT(rows_max)), arena, rows_max, &rows);

    if (err != ERR_OK)
        return err;
    list.items = arena_alloc(arena, db_row_count(rows), sizeof(*list.items));
    if (list.items == NULL)
        return ERR_NOMEM;
    for (; err == ERR_OK && list.count < db_row_count(rows); list.count++)
        err = row_read(rows, list.count, arena, &list.items[list.count]);
    if (err == ERR_OK)
        *ret_rows = list;
    return err;
}

enum err inbox_store_retried(struct db *db, const struct inbox_row *row, unsigned pause_s)
{
    static const struct db_statement statement = {
        "inbox_retried",
        "UPDATE callback_inbox SET state = ?, payment_id = COALESCE(?, payment_id), note = ?, "
        "attempts = attempts + 1, next_try_at = UTC_TIMESTAMP(6) + INTERVAL ? SECOND "
        "WHERE id = ? AND attempts = ?"};
    uint64_t affected;
    enum err err;

    ASSERT(db_in_unit(db));
    err = db_execute(db, &statement,
                     DB_VALUES(DB_TEXT(state_names[row->state]), DB_UUID(row->payment_id),
                               DB_TEXT(row->note), pause_value(pause_s), DB_UUID(&row->id),
                               DB_INT(row->attempts)),
                     &affected);
    return err == ERR_OK && affected != 1 ? ERR_DB_CONFLICT : err;
}

static enum err ids_read(struct db *db, struct arena *arena, const struct db_statement *statement,
                         const struct db_value *values, size_t value_count, unsigned rows_max,
                         struct inbox_ids *ret_ids)
{
    const struct db_rows *rows;
    struct inbox_ids ids;
    enum err err = db_query(db, statement, values, value_count, arena, rows_max, &rows);

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

enum err inbox_store_due(struct db *db, struct arena *arena, unsigned rows_max,
                         struct inbox_ids *ret_ids)
{
    static const struct db_statement statement = {
        "inbox_due", "SELECT id FROM callback_inbox WHERE next_try_at <= UTC_TIMESTAMP(6) "
                     "ORDER BY next_try_at LIMIT ?"};

    return ids_read(db, arena, &statement, DB_VALUES(DB_INT(rows_max)), rows_max, ret_ids);
}

enum err inbox_store_take(struct db *db, const struct uuid *id, unsigned pause_s, bool *ret_taken)
{
    static const struct db_statement statement = {
        "inbox_take",
        "UPDATE callback_inbox SET next_try_at = UTC_TIMESTAMP(6) + INTERVAL ? SECOND "
        "WHERE id = ? AND next_try_at <= UTC_TIMESTAMP(6)"};
    uint64_t affected;
    enum err err = db_execute(db, &statement, DB_VALUES(DB_INT(pause_s), DB_UUID(id)), &affected);

    if (err == ERR_OK)
        *ret_taken = affected == 1;
    return err;
}

#define STILL_OPEN "state IN ('failed', 'waiting')"

enum err inbox_store_of_checkout(struct db *db, struct arena *arena, struct str checkout_request_id,
                                 unsigned rows_max, struct inbox_ids *ret_ids)
{
    static const struct db_statement statement = {
        "inbox_of_checkout", "SELECT id FROM callback_inbox WHERE checkout_request_id = ? "
                             "AND " STILL_OPEN " ORDER BY id LIMIT ?"};

    return ids_read(db, arena, &statement,
                    DB_VALUES(DB_TEXT(checkout_request_id), DB_INT(rows_max)), rows_max, ret_ids);
}

enum err inbox_store_of_payment(struct db *db, struct arena *arena, const struct uuid *payment_id,
                                unsigned rows_max, struct inbox_ids *ret_ids)
{
    static const struct db_statement statement = {
        "inbox_of_payment", "SELECT id FROM callback_inbox WHERE payment_id = ? AND " STILL_OPEN
                            " ORDER BY id LIMIT ?"};

    return ids_read(db, arena, &statement, DB_VALUES(DB_UUID(payment_id), DB_INT(rows_max)),
                    rows_max, ret_ids);
}
