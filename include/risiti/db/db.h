/*
 * One connection to MariaDB with its prepared statements, opened when first needed and reopened
 * when it broke; and units of work that are redone as a whole. All SQL of the program stands in
 * the *_store.c files beside this module, as constants; values are always bound.
 */
#ifndef RISITI_DB_DB_H
#define RISITI_DB_DB_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/base/crypto.h"
#include "risiti/base/err.h"
#include "risiti/base/money.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"

/* How many different statements one connection can have prepared. */
#define DB_STATEMENTS_MAX 128
#define DB_VALUES_MAX 32
#define DB_COLUMNS_MAX 40
/* How often a unit is tried in all. */
#define DB_UNIT_TRIES_MAX 8

struct db;

/* Where and who; texts must outlive the connection. Zero port and NULL host: the unix socket. */
struct db_options {
    const char *host, *socket, *name, *user, *password, *tls_ca;
    unsigned port;
    unsigned connect_timeout_s, statement_timeout_s;
};

/* The [database] section. The options point into `config`. */
struct db_options db_options_from(const struct config *config);

/* No connection is made yet. NULL without memory. */
RISITI_CHECKED struct db *db_new(const struct db_options *options);
/* Closes what is open. NULL is fine. Never call it in a child for a parent's connection. */
void db_free(struct db *db);
/*
 * Connects when there is no connection: session variables are set and read back (strict mode, UTC,
 * READ COMMITTED, utf8mb4_nopad_bin, timeouts). ERR_DB_AWAY.
 */
RISITI_CHECKED enum err db_connect(struct db *db);
/* Drops the connection; the next statement opens a new one. */
void db_disconnect(struct db *db);
/*
 * From now on everything on this connection ends with ERR_DB_AWAY, or ERR_DB_COMMIT_UNKNOWN, when
 * `duration_ms` have passed: what waits for the server returns, and nothing more is sent or opened.
 * One deadline at a time, in a process without other threads that use a database.
 */
void db_deadline_begin(struct db *db, int64_t duration_ms);
/* Ends it. Whether it had passed: the connection is dropped then. */
bool db_deadline_end(struct db *db);
bool db_is_connected(const struct db *db);
/* What the server or library last said, for one log line; never contains values. */
const char *db_last_error(const struct db *db);
unsigned db_last_errno(const struct db *db);

/* A statement: `sql` with question marks; `name` for logs. Define it static const, once. */
struct db_statement {
    const char *name, *sql;
};

enum db_kind {
    DB_KIND_NULL,
    DB_KIND_INT,
    DB_KIND_TEXT,
    DB_KIND_BYTES,
    DB_KIND_MONEY,
    DB_KIND_TIME
};

/* One bound value. */
struct db_value {
    enum db_kind kind;
    struct str text;
    int64_t integer; /* also cents, and microseconds UTC for a time */
};

#define DB_NULL \
    { \
        .kind = DB_KIND_NULL \
    }
#define DB_INT(value) \
    { \
        .kind = DB_KIND_INT, .integer = (int64_t)(value) \
    }
/* NULL when the view's data is NULL. */
#define DB_TEXT(view) \
    { \
        .kind = DB_KIND_TEXT, .text = (view) \
    }
#define DB_BYTES(view) \
    { \
        .kind = DB_KIND_BYTES, .text = (view) \
    }
#define DB_MONEY(value) \
    { \
        .kind = DB_KIND_MONEY, .integer = (value).cents \
    }
#define DB_TIME(instant_us) \
    { \
        .kind = DB_KIND_TIME, .integer = (instant_us) \
    }
/* `pointer` is a const struct uuid *; NULL binds NULL. */
#define DB_UUID(pointer) \
    { \
        .kind = DB_KIND_BYTES, .text = db_uuid_bytes(pointer) \
    }
/* `pointer` is a const struct sha256 *; NULL binds NULL. */
#define DB_HASH(pointer) \
    { \
        .kind = DB_KIND_BYTES, .text = db_hash_bytes(pointer) \
    }
#define DB_VALUES(...) \
    (const struct db_value[]){__VA_ARGS__}, \
        sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value)
#define DB_NO_VALUES NULL, 0

static inline struct str db_uuid_bytes(const struct uuid *uuid)
{
    return uuid != NULL ? (struct str){(const char *)uuid->bytes, UUID_BYTES} : STR_EMPTY;
}

static inline struct str db_hash_bytes(const struct sha256 *hash)
{
    return hash != NULL ? (struct str){(const char *)hash->bytes, SHA256_BYTES} : STR_EMPTY;
}

/* The rows of one answer, copied into an arena. */
struct db_rows;

/*
 * Runs a statement that returns no rows. `ret_affected` (changed rows, not matched ones) may be
 * NULL. ERR_DUPLICATE for a unique key, ERR_DB_CONFLICT, ERR_DB_AWAY, ERR_DB_FULL, ERR_DB_QUERY,
 * ERR_DB_COMMIT_UNKNOWN when the connection broke under it outside a transaction. A connection that
 * was found broken before anything was sent is opened again without a word.
 */
RISITI_CHECKED enum err db_execute(struct db *db, const struct db_statement *statement,
                                   const struct db_value *values, size_t value_count,
                                   uint64_t *ret_affected);
/*
 * Runs a statement that returns rows: at most `rows_max` are taken, the rest is dropped. The errors
 * of db_execute, and ERR_NOMEM. A SELECT outside a unit is sent again when its connection broke.
 */
RISITI_CHECKED enum err db_query(struct db *db, const struct db_statement *statement,
                                 const struct db_value *values, size_t value_count,
                                 struct arena *arena, size_t rows_max,
                                 const struct db_rows **ret_rows);
size_t db_row_count(const struct db_rows *rows);
/*
 * Columns count from 0. Reading a column that is NULL gives 0, an empty view, or a zero UUID. The
 * function must fit the column: db_int whole numbers and DECIMAL without decimals (as of SUM),
 * db_money DECIMAL with one or two, db_time DATETIME and DATE, db_text everything else.
 */
bool db_is_null(const struct db_rows *rows, size_t row, size_t column);
int64_t db_int(const struct db_rows *rows, size_t row, size_t column);
/* NUL-terminated behind its end; data NULL for NULL. Lives in the arena. */
struct str db_text(const struct db_rows *rows, size_t row, size_t column);
struct money db_money(const struct db_rows *rows, size_t row, size_t column);
/* Microseconds UTC. */
int64_t db_time(const struct db_rows *rows, size_t row, size_t column);
struct uuid db_uuid(const struct db_rows *rows, size_t row, size_t column);

/*
 * A unit of work: one transaction that may be redone from its start.
 * `work` does the reads and writes and returns ERR_OK to commit, anything else to roll back; it
 * leaves at the first error and has no effect outside the database.
 * `settle` (may be NULL) is asked on a fresh connection after the answer to COMMIT was lost:
 * whether the unit's own unique mark is there.
 */
struct db_unit {
    enum err (*work)(struct db *db, void *context);
    enum err (*settle)(struct db *db, void *context, bool *ret_committed);
    void *context;
};

/*
 * Runs the unit: ERR_DB_CONFLICT (and ERR_DB_AWAY before COMMIT, once) redoes it from its first
 * read after a short random pause; it is tried at most DB_UNIT_TRIES_MAX times. After the first
 * conflict, broken connection or full disk no statement of the unit is sent any more, and it is not
 * committed, whatever `work` returns. A lost COMMIT is settled; when the mark is absent the unit is
 * redone (its conditional writes and unique keys make that safe), and the mark is asked for again
 * when the redo fails: the lost COMMIT may have come late. Returns what `work` returned, or the
 * error that remained; ERR_OK means that COMMIT returned 0 or was settled.
 */
RISITI_CHECKED enum err db_run_unit(struct db *db, const struct db_unit *unit);
/* Whether a unit is under way: store functions that must not run outside one ASSERT it. */
bool db_in_unit(const struct db *db);

#endif
