/* Rows of `payment_event`: see event_store.h. */
#include "risiti/base/base.h"

#include "risiti/db/event_store.h"

enum err event_store_insert(struct db *db, const struct payment_event *event)
{
    static const struct db_statement statement = {
        "event_insert",
        "INSERT INTO payment_event (payment_id, sequence, at, event, evidence, app_id, inbox_id, "
        "request_id, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"};

    ASSERT(db_in_unit(db));
    return db_execute(
        db, &statement,
        DB_VALUES(DB_UUID(&event->payment_id), DB_INT(event->sequence), DB_TIME(event->at_us),
                  DB_TEXT(event->event), DB_TEXT(event->evidence), DB_UUID(event->app_id),
                  DB_UUID(event->inbox_id), DB_TEXT(event->request_id), DB_TEXT(event->detail)),
        NULL);
}

/* A copy of the UUID in a column, or NULL for SQL's. ERR_NOMEM is told by the arena. */
static enum err uuid_read(const struct db_rows *rows, size_t row, size_t column,
                          struct arena *arena, const struct uuid **ret_uuid)
{
    struct uuid *copy = NULL;

    if (!db_is_null(rows, row, column)) {
        copy = arena_alloc(arena, 1, sizeof(*copy));
        if (copy == NULL)
            return ERR_NOMEM;
        *copy = db_uuid(rows, row, column);
    }
    *ret_uuid = copy;
    return ERR_OK;
}

enum err event_store_list(struct db *db, struct arena *arena, const struct uuid *payment_id,
                          size_t rows_max, struct payment_events *ret_events)
{
    static const struct db_statement statement = {
        "event_list",
        "SELECT sequence, at, event, evidence, payment_event.request_id, detail, app_id, inbox_id, "
        "source FROM payment_event LEFT JOIN callback_inbox ON callback_inbox.id = inbox_id "
        "WHERE payment_event.payment_id = ? ORDER BY sequence LIMIT ?"};
    struct payment_events events;
    const struct db_rows *rows;
    enum err err = db_query(db, &statement, DB_VALUES(DB_UUID(payment_id), DB_INT(rows_max)), arena,
                            rows_max, &rows);

    if (err != ERR_OK)
        return err;
    events.count = db_row_count(rows);
    events.items = arena_alloc(arena, events.count, sizeof(*events.items));
    if (events.items == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; err == ERR_OK && i < events.count; i++) {
        events.items[i] = (struct payment_event){
            .payment_id = *payment_id,
            .sequence = (unsigned)db_int(rows, i, 0),
            .at_us = db_time(rows, i, 1),
            .event = db_text(rows, i, 2),
            .evidence = db_text(rows, i, 3),
            .request_id = db_text(rows, i, 4),
            .detail = db_text(rows, i, 5),
            .source = db_text(rows, i, 8),
        };
        err = uuid_read(rows, i, 6, arena, &events.items[i].app_id);
        if (err == ERR_OK)
            err = uuid_read(rows, i, 7, arena, &events.items[i].inbox_id);
    }
    if (err == ERR_OK)
        *ret_events = events;
    return err;
}
