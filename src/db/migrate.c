/*
 * Applying the migrations: see migrate.h. This and the start of a session are the only places that
 * send SQL as text: DDL has no values. Who may migrate is decided by a lease in the database,
 * which expires by the database's clock when its owner is killed; on one server a named lock
 * besides tells whether a statement of the one before is still running.
 */
#include "library.h"

#include "risiti/db/migrate.h"

#include "internal.h"
#include "risiti/base/buffer.h"
#include "risiti/base/clock.h"
#include "risiti/base/crypto.h"

#define LEASE_WAIT_MAX_MS 60000
#define LEASE_POLL_MS 100
#define STATEMENT_BYTES_MAX 65536
#define APPLIED_MAX 1000
#define ARENA_BYTES_MAX 262144
#define NO_SUCH_TABLE 1146

/* What migrating needs before there is a first migration. */
static const char *const own_tables[] = {
    "CREATE TABLE IF NOT EXISTS schema_migration ("
    " number INT UNSIGNED NOT NULL, name VARCHAR(64) NOT NULL, checksum BINARY(32) NOT NULL,"
    " oldest_level INT UNSIGNED NOT NULL, applied_at DATETIME(6) NOT NULL, PRIMARY KEY (number)"
    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin",
    "CREATE TABLE IF NOT EXISTS schema_lease ("
    " id TINYINT UNSIGNED NOT NULL, owner BINARY(16) NULL, until DATETIME(6) NULL, PRIMARY KEY (id)"
    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin",
    "INSERT IGNORE INTO schema_lease (id) VALUES (1)",
};

/* Also renews: the time differs, so that the row always changes for its owner. */
static const struct db_statement lease_take = {
    "lease take",
    "UPDATE schema_lease SET owner = ?, until = UTC_TIMESTAMP(6) + INTERVAL 15 SECOND "
    "WHERE id = 1 AND (owner IS NULL OR owner = ? OR until < UTC_TIMESTAMP(6))"};
static const struct db_statement lease_renew = {
    "lease renew", "UPDATE schema_lease SET until = UTC_TIMESTAMP(6) + INTERVAL 15 SECOND "
                   "WHERE id = 1 AND owner = ?"};
static const struct db_statement lease_end = {
    "lease end", "UPDATE schema_lease SET owner = NULL, until = NULL WHERE id = 1 AND owner = ?"};
static const struct db_statement lock_take = {
    "migration lock", "SELECT GET_LOCK(CONCAT('risiti.', MD5(DATABASE())), 0)"};
static const struct db_statement applied_list = {
    "migrations applied",
    "SELECT number, checksum, oldest_level FROM schema_migration ORDER BY number"};
static const struct db_statement applied_add = {
    "migration add", "INSERT INTO schema_migration (number, name, checksum, oldest_level, "
                     "applied_at) VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6))"};
static const struct db_statement applied_count = {
    "migration check", "SELECT COUNT(CASE WHEN number <= ? THEN 1 END), "
                       "COALESCE(MAX(oldest_level), 0) FROM schema_migration"};

static unsigned newest_known(void)
{
    return migrations[migration_count - 1].number;
}

static struct str sql_of(const struct migration *migration)
{
    return (struct str){(const char *)migration->sql, migration->sql_bytes};
}

static enum err checksum_of(const struct migration *migration, struct sha256 *ret_checksum)
{
    return crypto_sha256(sql_of(migration), ret_checksum);
}

static enum err applied_read(struct db *db, struct arena *arena, const struct db_rows **ret_rows)
{
    return db_query(db, &applied_list, DB_NO_VALUES, arena, APPLIED_MAX, ret_rows);
}

/* The row of `number`, or the row count when it is not applied. */
static size_t applied_find(const struct db_rows *rows, unsigned number)
{
    size_t row = 0;

    while (row < db_row_count(rows) && db_int(rows, row, 0) != number)
        row++;
    return row;
}

static enum err status_of(const struct db_rows *rows, struct migrate_status *ret_status)
{
    struct migrate_status status = {.known = newest_known()};
    struct sha256 checksum;

    for (size_t row = 0; row < db_row_count(rows); row++) {
        const unsigned oldest_level = (unsigned)db_int(rows, row, 2);

        status.applied = (unsigned)db_int(rows, row, 0);
        if (oldest_level > status.oldest_level)
            status.oldest_level = oldest_level;
    }
    for (size_t i = 0; i < migration_count; i++) {
        const size_t row = applied_find(rows, migrations[i].number);
        const enum err err = checksum_of(&migrations[i], &checksum);

        if (err != ERR_OK)
            return err;
        if (row < db_row_count(rows) && !str_equal(db_text(rows, row, 1), db_hash_bytes(&checksum)))
            status.checksum_differs = true;
    }
    *ret_status = status;
    return ERR_OK;
}

enum err migrate_status(struct db *db, struct migrate_status *ret_status)
{
    RISITI_CLEANUP(arena_free_at) struct arena *arena = arena_new(ARENA_BYTES_MAX);
    const struct db_rows *rows;
    enum err err;

    if (arena == NULL)
        return ERR_NOMEM;
    err = applied_read(db, arena, &rows);
    if (err == ERR_DB_QUERY && db_last_errno(db) == NO_SUCH_TABLE) {
        *ret_status = (struct migrate_status){.known = newest_known()};
        return ERR_OK;
    }
    return err == ERR_OK ? status_of(rows, ret_status) : err;
}

enum err migrate_check(struct db *db)
{
    RISITI_CLEANUP(arena_free_at) struct arena *arena = arena_new(ARENA_BYTES_MAX);
    const struct db_rows *rows;
    enum err err;

    if (arena == NULL)
        return ERR_NOMEM;
    err = db_query(db, &applied_count, DB_VALUES(DB_INT(newest_known())), arena, 1, &rows);
    if (err == ERR_DB_QUERY && db_last_errno(db) == NO_SUCH_TABLE)
        return ERR_DB_SCHEMA;
    if (err != ERR_OK)
        return err;
    return db_int(rows, 0, 0) < (int64_t)migration_count || db_int(rows, 0, 1) > newest_known()
               ? ERR_DB_SCHEMA
               : ERR_OK;
}

static enum err own_tables_make(struct db *db)
{
    enum err err = db_connect(db);

    for (size_t i = 0; i < ARRAY_LENGTH(own_tables) && err == ERR_OK; i++)
        err = db_command(db, "migration tables", str_from(own_tables[i]));
    return err;
}

/* False while a statement of an earlier migrator still runs on this server. */
static enum err lock_try(struct db *db, bool *ret_taken)
{
    RISITI_CLEANUP(arena_free_at) struct arena *arena = arena_new(ARENA_BYTES_MAX);
    const struct db_rows *rows;
    enum err err;

    if (arena == NULL)
        return ERR_NOMEM;
    err = db_query(db, &lock_take, DB_NO_VALUES, arena, 1, &rows);
    if (err == ERR_OK)
        *ret_taken = db_int(rows, 0, 0) == 1;
    /* A Galera cluster has no such locks: there the lease alone decides. */
    if (err == ERR_DB_QUERY) {
        *ret_taken = true;
        return ERR_OK;
    }
    return err;
}

static enum err lease_try(struct db *db, const struct uuid *owner, bool *ret_taken)
{
    uint64_t affected = 0;
    enum err err =
        db_execute(db, &lease_take, DB_VALUES(DB_UUID(owner), DB_UUID(owner)), &affected);

    *ret_taken = false;
    if (err == ERR_DB_CONFLICT || err == ERR_DB_COMMIT_UNKNOWN)
        return ERR_OK;
    if (err != ERR_OK || affected == 0)
        return err;
    return lock_try(db, ret_taken);
}

/* ERR_TIMEOUT when another migrator keeps it for too long. */
static enum err lease_wait(struct db *db, const struct uuid *owner)
{
    const int64_t deadline_ms = clock_monotonic_ms() + LEASE_WAIT_MAX_MS;
    bool is_taken = false;
    enum err err = lease_try(db, owner, &is_taken);

    while (err == ERR_OK && !is_taken) {
        if (clock_monotonic_ms() >= deadline_ms)
            return ERR_TIMEOUT;
        clock_sleep_ms(LEASE_POLL_MS);
        err = lease_try(db, owner, &is_taken);
    }
    return err;
}

/* Runs one statement. ERR_DB_CONFLICT when another migrator has taken over meanwhile. */
static enum err statement_apply(struct db *db, const struct uuid *owner, struct str sql)
{
    uint64_t affected = 0;
    const enum err err = db_execute(db, &lease_renew, DB_VALUES(DB_UUID(owner)), &affected);

    if (err != ERR_OK)
        return err;
    return affected == 1 ? db_command(db, "migration", sql) : ERR_DB_CONFLICT;
}

/*
 * Statements end with a semicolon at the end of a line; lines that start with two dashes are left
 * out. An end of the file in the middle of a statement is a mistake in the file.
 */
static enum err statements_apply(struct db *db, const struct uuid *owner, struct str rest,
                                 struct buffer *statement)
{
    enum err err;

    while (rest.data != NULL) {
        const struct str line = str_cut(&rest, '\n');
        const struct str words = str_trim(line);

        if (words.length == 0 || str_starts_with(words, STR("--")))
            continue;
        if (!str_ends_with(words, STR(";"))) {
            buffer_append(statement, line);
            buffer_append_byte(statement, '\n');
            continue;
        }
        buffer_append(statement, str_first(words, words.length - 1));
        if (statement->err != ERR_OK)
            return statement->err;
        err = statement_apply(db, owner, buffer_str(statement));
        if (err != ERR_OK)
            return err;
        buffer_clear(statement);
    }
    ASSERT(buffer_str(statement).length == 0);
    return ERR_OK;
}

static enum err migration_apply(struct db *db, const struct uuid *owner,
                                const struct migration *migration)
{
    struct sha256 checksum;
    struct buffer statement;
    enum err err;

    buffer_init(&statement, STATEMENT_BYTES_MAX);
    err = statements_apply(db, owner, sql_of(migration), &statement);
    buffer_release(&statement);
    if (err == ERR_OK)
        err = checksum_of(migration, &checksum);
    if (err != ERR_OK)
        return err;
    return db_execute(db, &applied_add,
                      DB_VALUES(DB_INT(migration->number), DB_TEXT(str_from(migration->name)),
                                DB_HASH(&checksum), DB_INT(migration->oldest_level)),
                      NULL);
}

static enum err missing_apply(struct db *db, const struct uuid *owner,
                              void (*report)(const struct migration *migration))
{
    RISITI_CLEANUP(arena_free_at) struct arena *arena = arena_new(ARENA_BYTES_MAX);
    const struct db_rows *rows;
    struct migrate_status status;
    enum err err;

    if (arena == NULL)
        return ERR_NOMEM;
    err = applied_read(db, arena, &rows);
    if (err == ERR_OK)
        err = status_of(rows, &status);
    if (err == ERR_OK && (status.checksum_differs || status.oldest_level > status.known))
        err = ERR_DB_SCHEMA;
    for (size_t i = 0; i < migration_count && err == ERR_OK; i++) {
        if (applied_find(rows, migrations[i].number) < db_row_count(rows))
            continue;
        if (report != NULL)
            report(&migrations[i]);
        err = migration_apply(db, owner, &migrations[i]);
    }
    return err;
}

/* One that cannot be ended ends by itself; what is told is how the migrations went. */
static void lease_release(struct db *db, const struct uuid *owner)
{
    const struct db_error last = db->last;

    if (db->mysql != NULL && db_execute(db, &lease_end, DB_VALUES(DB_UUID(owner)), NULL) != ERR_OK)
        db_disconnect(db);
    db->last = last;
}

enum err migrate_run(struct db *db, void (*report)(const struct migration *migration))
{
    struct uuid owner;
    enum err err = uuid_new(&owner);

    if (err != ERR_OK)
        return err;
    /* Statements of a migration may take long: a session of its own, without their limits. */
    db_disconnect(db);
    db->patient = true;
    err = own_tables_make(db);
    if (err == ERR_OK)
        err = lease_wait(db, &owner);
    if (err == ERR_OK) {
        err = missing_apply(db, &owner, report);
        lease_release(db, &owner);
    }
    db_disconnect(db);
    db->patient = false;
    return err;
}
