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

enum err event_store_list(struct db *db, struct arena *arena, const struct uuid *payment_id,
                          size_t rows_max, struct payment_events *ret_events)
{
    static const struct db_statement statement = {
        "event_list", "SELECT sequence, at, event, evidence, request_id, detail FROM payment_event "
                      "WHERE payment_id = ? ORDER BY sequence LIMIT ?"};
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
    for (size_t i = 0; i < events.count; i++)
        events.items[i] = (struct payment_event){
            .payment_id = *payment_id,
            .sequence = (unsigned)db_int(rows, i, 0),
            .at_us = db_time(rows, i, 1),
            .event = db_text(rows, i, 2),
            .evidence = db_text(rows, i, 3),
            .request_id = db_text(rows, i, 4),
            .detail = db_text(rows, i, 5),
        };
    *ret_events = events;
    return ERR_OK;
}
