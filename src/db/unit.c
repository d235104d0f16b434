/*
 * Units of work: see db.h. A unit ends at its first conflict and is redone as a whole; a COMMIT
 * whose answer was lost is settled by asking for the unit's own mark.
 */
#include "library.h"

#include "risiti/db/db.h"

#include "internal.h"
#include "risiti/base/clock.h"
#include "risiti/base/crypto.h"

/* The longest pause before the first redo; it doubles each time. */
#define PAUSE_FIRST_MS 4
#define PAUSE_LONGEST_MS 128
/* How often a lost COMMIT is asked for, while no connection can be made. */
#define SETTLE_TRIES_MAX 5
#define SETTLE_PAUSE_MS 300

bool db_in_unit(const struct db *db)
{
    return db->in_unit;
}

/* Some of the time, at random, so that two that met do not meet again. */
static void pause_before(unsigned redo)
{
    const unsigned longest = PAUSE_FIRST_MS << redo;
    unsigned char byte;

    if (crypto_random(&byte, sizeof(byte)) != ERR_OK)
        byte = UINT8_MAX;
    clock_sleep_ms((longest < PAUSE_LONGEST_MS ? longest : PAUSE_LONGEST_MS) * byte / UINT8_MAX);
}

static void unit_rollback(struct db *db)
{
    /* A connection that cannot even do this is dropped, and the server rolls back by itself. */
    if (db->mysql != NULL && mysql_real_query(db->mysql, "ROLLBACK", strlen("ROLLBACK")) != 0)
        db_disconnect(db);
}

/* ERR_DB_COMMIT_UNKNOWN unless it is known that nothing was committed. */
static enum err unit_commit(struct db *db)
{
    const enum err err = db_command(db, "COMMIT", STR("COMMIT"));

    if (err == ERR_OK)
        return ERR_OK;
    if (err == ERR_DB_CONFLICT && !db->last.once) {
        unit_rollback(db);
        return err;
    }
    if (err == ERR_DB_AWAY && db->last.number == 2006)
        return err;
    return ERR_DB_COMMIT_UNKNOWN;
}

static enum err unit_attempt(struct db *db, const struct db_unit *unit)
{
    enum err err;

    db->last = (struct db_error){.err = ERR_OK};
    err = db_connect(db);
    if (err == ERR_OK)
        err = db_command(db, "START TRANSACTION", STR("START TRANSACTION"));
    if (err != ERR_OK)
        return err;
    db->in_unit = true;
    db->unit_err = ERR_OK;
    err = unit->work(db, unit->context);
    db->in_unit = false;
    /* Work that overlooked a conflict must not commit what came after it. */
    if (db->unit_err != ERR_OK)
        err = db->unit_err;
    if (err == ERR_OK)
        return unit_commit(db);
    unit_rollback(db);
    return err;
}

static void pause_within_deadline(const struct db *db, int64_t pause_ms)
{
    int64_t left_ms = db_deadline_left_ms(db);

    clock_sleep_ms(pause_ms < left_ms ? pause_ms : left_ms);
}

/* Asks a fresh connection for the mark. ERR_DB_COMMIT_UNKNOWN when nobody can tell. */
static enum err unit_settle(struct db *db, const struct db_unit *unit, bool *ret_committed)
{
    enum err err = ERR_DB_AWAY;

    if (unit->settle == NULL)
        return ERR_DB_COMMIT_UNKNOWN;
    for (int attempt = 0; attempt < SETTLE_TRIES_MAX && err == ERR_DB_AWAY; attempt++) {
        if (attempt > 0)
            pause_within_deadline(db, SETTLE_PAUSE_MS);
        if (db_deadline_has_passed(db))
            break;
        db_disconnect(db);
        err = unit->settle(db, unit->context, ret_committed);
    }
    return err == ERR_OK ? ERR_OK : ERR_DB_COMMIT_UNKNOWN;
}

/* Whether the error is one that a redo may cure; `once` is spent by those worth one redo only. */
static bool may_redo(const struct db *db, enum err err, bool *once)
{
    if (err == ERR_DB_CONFLICT && !db->last.once)
        return true;
    if ((err != ERR_DB_CONFLICT && err != ERR_DB_AWAY) || *once)
        return false;
    *once = true;
    return true;
}

/*
 * After a lost COMMIT the redo may have met what that COMMIT did, late: then its error is not the
 * truth. The mark is asked for again.
 */
static enum err unit_end_after_loss(struct db *db, const struct db_unit *unit, enum err err)
{
    bool is_committed = false;

    if (err == ERR_OK)
        return ERR_OK;
    if (unit_settle(db, unit, &is_committed) != ERR_OK)
        return ERR_DB_COMMIT_UNKNOWN;
    if (is_committed)
        return ERR_OK;
    return err == ERR_DB_CONFLICT || err == ERR_DB_AWAY ? ERR_DB_COMMIT_UNKNOWN : err;
}

enum err db_run_unit(struct db *db, const struct db_unit *unit)
{
    bool is_committed, once = false, lost = false;
    enum err err = ERR_DB_CONFLICT;

    ASSERT(!db->in_unit);
    for (unsigned attempt = 0; attempt < DB_UNIT_TRIES_MAX; attempt++) {
        err = unit_attempt(db, unit);
        if (err == ERR_DB_COMMIT_UNKNOWN) {
            lost = true;
            is_committed = false;
            if (unit_settle(db, unit, &is_committed) != ERR_OK)
                return ERR_DB_COMMIT_UNKNOWN;
            if (is_committed)
                return ERR_OK;
        } else if (!may_redo(db, err, &once)) {
            break;
        }
        if (err == ERR_DB_CONFLICT && attempt + 1 < DB_UNIT_TRIES_MAX)
            pause_before(attempt);
    }
    return lost ? unit_end_after_loss(db, unit, err) : err;
}
