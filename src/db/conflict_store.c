/* Rows of `conflict`: see conflict_store.h. */
#include "risiti/base/base.h"

#include "risiti/db/conflict_store.h"

static const struct str kind_names[] = {
    [CONFLICT_AMOUNT] = STR_INIT("amount"),
    [CONFLICT_SECOND_RECEIPT] = STR_INIT("second_receipt"),
    [CONFLICT_PHONE] = STR_INIT("phone"),
    [CONFLICT_RECEIPT_TAKEN] = STR_INIT("receipt_taken"),
    [CONFLICT_CLAIMED_ELSEWHERE] = STR_INIT("claimed_elsewhere"),
    [CONFLICT_RECEIPT_AWAITED] = STR_INIT("receipt_awaited"),
    [CONFLICT_UNPROVEN] = STR_INIT("unproven"),
};
static const struct str decision_names[] = {
    [CONFLICT_MOVE] = STR_INIT("move"),
    [CONFLICT_RELEASE] = STR_INIT("release"),
    [CONFLICT_FAIL] = STR_INIT("fail"),
    [CONFLICT_PROVEN] = STR_INIT("proven"),
};

struct str conflict_kind_name(enum conflict_kind kind)
{
    return kind_names[kind];
}

struct str conflict_decision_name(enum conflict_decision decision)
{
    return decision_names[decision];
}

enum err conflict_decision_parse(struct str text, enum conflict_decision *ret_decision)
{
    for (size_t i = 0; i < ARRAY_LENGTH(decision_names); i++)
        if (str_equal(text, decision_names[i])) {
            *ret_decision = (enum conflict_decision)i;
            return ERR_OK;
        }
    return ERR_INVALID;
}

enum err conflict_store_insert(struct db *db, const struct conflict *conflict)
{
    static const struct db_statement statement = {
        "conflict_insert", "INSERT INTO conflict (id, push_id, payment_id, kind, note, created_at) "
                           "VALUES (?, ?, ?, ?, ?, ?)"};

    ASSERT(db_in_unit(db));
    return db_execute(db, &statement,
                      DB_VALUES(DB_UUID(&conflict->id), DB_UUID(&conflict->push_id),
                                DB_UUID(conflict->has_payment ? &conflict->payment_id : NULL),
                                DB_TEXT(kind_names[conflict->kind]), DB_TEXT(conflict->note),
                                DB_TIME(conflict->created_at_us)),
                      NULL);
}

#define SELECT_CONFLICT \
    "SELECT id, push_id, payment_id, kind, note, created_at, resolved_at, decision, decided_by " \
    "FROM conflict "

static enum err conflicts_read(struct arena *arena, const struct db_rows *rows,
                               struct conflicts *ret_conflicts)
{
    struct conflicts conflicts = {.count = db_row_count(rows)};

    conflicts.items = arena_alloc(arena, conflicts.count, sizeof(*conflicts.items));
    if (conflicts.items == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < conflicts.count; i++) {
        struct str kind = db_text(rows, i, 3);
        size_t index = 0;

        while (index < ARRAY_LENGTH(kind_names) && !str_equal(kind, kind_names[index]))
            index++;
        if (index == ARRAY_LENGTH(kind_names))
            return ERR_DB_QUERY;
        conflicts.items[i] = (struct conflict){
            .id = db_uuid(rows, i, 0),
            .push_id = db_uuid(rows, i, 1),
            .has_payment = !db_is_null(rows, i, 2),
            .payment_id = db_uuid(rows, i, 2),
            .kind = (enum conflict_kind)index,
            .note = db_text(rows, i, 4),
            .created_at_us = db_time(rows, i, 5),
            .resolved_at_us = db_time(rows, i, 6),
            .decision = db_text(rows, i, 7),
            .decided_by = db_text(rows, i, 8),
        };
    }
    *ret_conflicts = conflicts;
    return ERR_OK;
}

enum err conflict_store_list(struct db *db, struct arena *arena, bool open_only, size_t rows_max,
                             struct conflicts *ret_conflicts)
{
    static const struct db_statement statements[] = {
        {"conflict_list", SELECT_CONFLICT "ORDER BY id DESC LIMIT ?"},
        {"conflict_list_open",
         SELECT_CONFLICT "WHERE resolved_at IS NULL ORDER BY id DESC LIMIT ?"},
    };
    const struct db_rows *rows;
    enum err err =
        db_query(db, &statements[open_only], DB_VALUES(DB_INT(rows_max)), arena, rows_max, &rows);

    return err != ERR_OK ? err : conflicts_read(arena, rows, ret_conflicts);
}

/* The one row of an answer. */
static enum err conflict_read_one(struct arena *arena, const struct db_rows *rows,
                                  struct conflict *ret_conflict)
{
    struct conflicts conflicts;
    enum err err = conflicts_read(arena, rows, &conflicts);

    if (err == ERR_OK && conflicts.count == 0)
        err = ERR_NOT_FOUND;
    if (err == ERR_OK)
        *ret_conflict = conflicts.items[0];
    return err;
}

enum err conflict_store_by_id(struct db *db, struct arena *arena, const struct uuid *id,
                              struct conflict *ret_conflict)
{
    static const struct db_statement statement = {"conflict_by_id", SELECT_CONFLICT "WHERE id = ?"};
    const struct db_rows *rows;
    enum err err = db_query(db, &statement, DB_VALUES(DB_UUID(id)), arena, 1, &rows);

    return err != ERR_OK ? err : conflict_read_one(arena, rows, ret_conflict);
}

enum err conflict_store_between(struct db *db, struct arena *arena, const struct uuid *push_id,
                                const struct uuid *payment_id, struct conflict *ret_conflict)
{
    static const struct db_statement statement = {
        "conflict_between",
        SELECT_CONFLICT "WHERE push_id = ? AND payment_id <=> ? ORDER BY id DESC LIMIT 1"};
    const struct db_rows *rows;
    enum err err =
        db_query(db, &statement, DB_VALUES(DB_UUID(push_id), DB_UUID(payment_id)), arena, 1, &rows);

    return err != ERR_OK ? err : conflict_read_one(arena, rows, ret_conflict);
}

enum err conflict_store_count_open(struct db *db, struct arena *arena,
                                   const struct uuid *payment_id, unsigned *ret_count)
{
    static const struct db_statement statement = {
        "conflict_count_open",
        "SELECT (SELECT COUNT(*) FROM conflict WHERE push_id = ? AND resolved_at IS NULL) + "
        "(SELECT COUNT(*) FROM conflict WHERE payment_id = ? AND resolved_at IS NULL)"};
    const struct db_rows *rows;
    enum err err = db_query(db, &statement, DB_VALUES(DB_UUID(payment_id), DB_UUID(payment_id)),
                            arena, 1, &rows);

    if (err == ERR_OK)
        *ret_count = (unsigned)db_int(rows, 0, 0);
    return err;
}

enum err conflict_store_resolve(struct db *db, const struct uuid *id,
                                enum conflict_decision decision, struct str decided_by,
                                int64_t now_us)
{
    static const struct db_statement statement = {
        "conflict_resolve", "UPDATE conflict SET resolved_at = ?, decision = ?, decided_by = ? "
                            "WHERE id = ? AND resolved_at IS NULL"};
    uint64_t affected;
    enum err err;

    ASSERT(db_in_unit(db));
    err = db_execute(db, &statement,
                     DB_VALUES(DB_TIME(now_us), DB_TEXT(decision_names[decision]),
                               DB_TEXT(decided_by), DB_UUID(id)),
                     &affected);
    return err == ERR_OK && affected != 1 ? ERR_DB_CONFLICT : err;
}

enum err conflict_store_clear(struct db *db, const struct payment *payment, bool stays,
                              const struct uuid *new_owner, struct str new_reference)
{
    static const struct db_statement statement = {
        "conflict_clear",
        "UPDATE payment SET conflict = ?, held = held AND ?, held_until = NULL, "
        "app_id = COALESCE(?, app_id), external_reference = COALESCE(?, external_reference), "
        "version = version + 1 WHERE id = ? AND version = ? AND merged_into IS NULL"};
    uint64_t affected;
    enum err err;

    ASSERT(db_in_unit(db));
    err = db_execute(db, &statement,
                     DB_VALUES(DB_INT(stays), DB_INT(stays), DB_UUID(new_owner),
                               DB_TEXT(new_reference), DB_UUID(&payment->id),
                               DB_INT(payment->version)),
                     &affected);
    return err == ERR_OK && affected != 1 ? ERR_DB_CONFLICT : err;
}
