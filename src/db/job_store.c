/* Rows of `job_lease` and `jobs_state`: see job_store.h. */
#include "risiti/base/base.h"

#include "risiti/db/job_store.h"

enum err job_store_lease(struct db *db, struct str task, const struct uuid *owner,
                         unsigned lease_seconds, bool *ret_taken)
{
    static const struct db_statement make = {"job_lease_make",
                                             "INSERT IGNORE INTO job_lease (task) VALUES (?)"};
    static const struct db_statement take = {
        "job_lease_take",
        "UPDATE job_lease SET owner = ?, generation = generation + 1, "
        "until = UTC_TIMESTAMP(6) + INTERVAL ? SECOND "
        "WHERE task = ? AND (owner = ? OR until IS NULL OR until < UTC_TIMESTAMP(6))"};
    const struct db_value values[] = {DB_UUID(owner), DB_INT(lease_seconds), DB_TEXT(task),
                                      DB_UUID(owner)};
    uint64_t affected = 0;
    enum err err = db_execute(db, &take, values, ARRAY_LENGTH(values), &affected);

    if (err == ERR_OK && affected == 0) {
        err = db_execute(db, &make, DB_VALUES(DB_TEXT(task)), &affected);
        if (err == ERR_OK && affected == 1)
            err = db_execute(db, &take, values, ARRAY_LENGTH(values), &affected);
        else
            affected = 0;
    }
    if (err == ERR_OK)
        *ret_taken = affected == 1;
    return err;
}

enum err job_store_release(struct db *db, const struct uuid *owner)
{
    static const struct db_statement statement = {
        "job_lease_release", "UPDATE job_lease SET owner = NULL, until = NULL WHERE owner = ?"};

    return db_execute(db, &statement, DB_VALUES(DB_UUID(owner)), NULL);
}

enum err job_store_touch(struct db *db, unsigned gap_seconds, bool saw_outage,
                         unsigned quiet_seconds)
{
    static const struct db_statement make = {
        "jobs_state_make",
        "INSERT IGNORE INTO jobs_state (id, last_seen_at) VALUES (1, UTC_TIMESTAMP(6))"};
    /* The server assigns from left to right: the first assignment still sees the old last_seen. */
    static const struct db_statement touch = {
        "jobs_state_touch",
        "UPDATE jobs_state SET quiet_until = IF(? OR last_seen_at < UTC_TIMESTAMP(6) - "
        "INTERVAL ? SECOND, UTC_TIMESTAMP(6) + INTERVAL ? SECOND, quiet_until), "
        "last_seen_at = UTC_TIMESTAMP(6) WHERE id = 1"};
    uint64_t affected = 0;
    enum err err = db_execute(
        db, &touch, DB_VALUES(DB_INT(saw_outage), DB_INT(gap_seconds), DB_INT(quiet_seconds)),
        &affected);

    return err == ERR_OK && affected == 0 ? db_execute(db, &make, DB_NO_VALUES, NULL) : err;
}

enum err job_store_is_quiet(struct db *db, struct arena *arena, unsigned quiet_seconds,
                            bool *ret_is_quiet)
{
    static const struct db_statement statement = {
        "jobs_state_is_quiet",
        "SELECT COALESCE((SELECT quiet_until > UTC_TIMESTAMP(6) FROM jobs_state WHERE id = 1), 0) "
        "OR (SELECT CAST(VARIABLE_VALUE AS UNSIGNED) FROM information_schema.GLOBAL_STATUS "
        "WHERE VARIABLE_NAME = 'UPTIME') < ?"};
    const struct db_rows *rows;
    enum err err = db_query(db, &statement, DB_VALUES(DB_INT(quiet_seconds)), arena, 1, &rows);

    if (err == ERR_OK)
        *ret_is_quiet = db_int(rows, 0, 0) != 0;
    return err;
}
