/* What the files of this folder share: the connection itself. Nothing above db includes it. */
#ifndef RISITI_DB_INTERNAL_H
#define RISITI_DB_INTERNAL_H

#include "library.h"

#include <time.h>

#include "risiti/base/err.h"
#include "risiti/db/db.h"

#define DB_ERROR_TEXT_SIZE 256

/* What one error number of the server or the client library means to us. */
struct db_error {
    unsigned number;
    enum err err;
    bool once;    /* redoing a unit helps at most once */
    bool unknown; /* what was sent with no transaction around it may have taken effect */
};

/* The row of `number`; ERR_DB_QUERY's for one that is not listed. `message` tells a full disk. */
struct db_error db_error_find(unsigned number, const char *message);

/* A statement that is prepared on this connection. */
struct db_prepared {
    const struct db_statement *statement;
    MYSQL_STMT *stmt;
};

struct db {
    struct db_options options;
    MYSQL *mysql;             /* NULL: there is no connection */
    int64_t refused_until_ms; /* monotonic: no new attempt to connect before */
    bool patient;             /* statements may take as long as a migration needs */
    int64_t deadline_at_ms;   /* monotonic; 0: none */
    timer_t deadline_timer;
    bool has_deadline_timer;
    bool in_unit;
    enum err unit_err; /* the first error that ends the unit under way, whatever its work returns */
    struct db_error last; /* of the last failure */
    char error_text[DB_ERROR_TEXT_SIZE];
    struct db_prepared prepared[DB_STATEMENTS_MAX];
    size_t prepared_count, prepared_oldest;
};

/*
 * Keeps number and text of a failure, and drops the connection when it is of no use any more.
 * `name` says what failed. The text is shown whole when `has_values` is false; else what the
 * server quotes is left out, because it quotes values.
 */
enum err db_fail(struct db *db, const char *name, unsigned number, const char *message,
                 bool has_values);

/* Sends constant text without values, in one round trip; rows are dropped. */
RISITI_CHECKED enum err db_command(struct db *db, const char *name, struct str sql);

/* Whether the deadline that is under way has passed: nothing is sent or opened any more. */
bool db_deadline_has_passed(const struct db *db);
/* INT64_MAX without one. */
int64_t db_deadline_left_ms(const struct db *db);
/* The socket that the deadline shuts down; -1 for none. */
void db_deadline_watch(int socket);
/* The same for the next one that this process opens: the library does not say it while it waits. */
void db_deadline_watch_next(void);

/* Closes every prepared statement. */
void db_statements_close(struct db *db);

/* Reads the answer of a statement just executed. The caller ends the statement's result. */
RISITI_CHECKED enum err db_rows_read(struct db *db, const struct db_statement *statement,
                                     MYSQL_STMT *stmt, struct arena *arena, size_t rows_max,
                                     const struct db_rows **ret_rows);

#endif
