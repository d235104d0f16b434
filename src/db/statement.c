/*
 * Prepared statements, kept per connection under the address of their description: preparing,
 * binding, executing. Executing a prepared one costs exactly one round trip.
 */
#include "library.h"

#include "risiti/db/db.h"

#include "internal.h"
#include "risiti/base/clock.h"

/* What the library reads while it sends: values in its own forms. */
struct bound {
    MYSQL_BIND binds[DB_VALUES_MAX];
    MYSQL_TIME times[DB_VALUES_MAX];
    char amounts[DB_VALUES_MAX][MONEY_TEXT_SIZE];
};

/* How a statement went, beside its error. */
struct sending {
    const struct db_statement *statement;
    const struct db_value *values;
    size_t value_count;
    bool is_sent; /* it may have had an effect */
    MYSQL_STMT *stmt;
};

void db_statements_close(struct db *db)
{
    /* What this gives is only whether the server was told; a connection's end tells it all. */
    for (size_t i = 0; i < db->prepared_count; i++)
        (void)mysql_stmt_close(db->prepared[i].stmt);
    db->prepared_count = 0;
    db->prepared_oldest = 0;
}

static enum err statement_failed(struct db *db, MYSQL_STMT *stmt,
                                 const struct db_statement *statement, bool has_values)
{
    return db_fail(db, statement->name, mysql_stmt_errno(stmt), mysql_stmt_error(stmt), has_values);
}

static MYSQL_STMT *prepared_find(const struct db *db, const struct db_statement *statement)
{
    for (size_t i = 0; i < db->prepared_count; i++)
        if (db->prepared[i].statement == statement)
            return db->prepared[i].stmt;
    return NULL;
}

/* Keeps a new one; when all places are taken the one kept longest goes. */
static void prepared_keep(struct db *db, const struct db_statement *statement, MYSQL_STMT *stmt)
{
    size_t place = db->prepared_count;

    if (db->prepared_count == DB_STATEMENTS_MAX) {
        place = db->prepared_oldest;
        db->prepared_oldest = (place + 1) % DB_STATEMENTS_MAX;
        (void)mysql_stmt_close(db->prepared[place].stmt); /* it has no answer */
    } else {
        db->prepared_count++;
    }
    db->prepared[place] = (struct db_prepared){.statement = statement, .stmt = stmt};
}

static enum err prepared_get(struct db *db, const struct db_statement *statement,
                             MYSQL_STMT **ret_stmt)
{
    MYSQL_STMT *stmt = prepared_find(db, statement);
    char message[DB_ERROR_TEXT_SIZE];
    unsigned number;

    if (stmt == NULL) {
        stmt = mysql_stmt_init(db->mysql);
        if (stmt == NULL)
            return ERR_NOMEM;
        if (mysql_stmt_prepare(stmt, statement->sql, (unsigned long)strlen(statement->sql)) != 0) {
            number = mysql_stmt_errno(stmt);
            (void)snprintf(message, sizeof(message), "%s", mysql_stmt_error(stmt));
            (void)mysql_stmt_close(stmt); /* nothing was prepared */
            return db_fail(db, statement->name, number, message, false);
        }
        prepared_keep(db, statement, stmt);
    }
    *ret_stmt = stmt;
    return ERR_OK;
}

/* The library's binds are not const, though it only reads what is behind those of parameters. */
static void *without_const(const void *pointer)
{
    void *same;

    memcpy(&same, &pointer, sizeof(same));
    return same;
}

static void bind_text(MYSQL_BIND *bind, enum enum_field_types type, struct str text)
{
    bind->buffer_type = text.data != NULL ? type : MYSQL_TYPE_NULL;
    bind->buffer = without_const(text.data);
    bind->buffer_length = (unsigned long)text.length;
}

static void bind_time(MYSQL_BIND *bind, MYSQL_TIME *time, int64_t instant_us)
{
    const struct clock_date date = clock_date_of(instant_us);

    *time = (MYSQL_TIME){
        .year = (unsigned)date.year,
        .month = (unsigned)date.month,
        .day = (unsigned)date.day,
        .hour = (unsigned)date.hour,
        .minute = (unsigned)date.minute,
        .second = (unsigned)date.second,
        .second_part = (unsigned long)date.microsecond,
        .time_type = MYSQL_TIMESTAMP_DATETIME,
    };
    bind->buffer_type = MYSQL_TYPE_DATETIME;
    bind->buffer = time;
}

static void bind_value(struct bound *bound, size_t i, const struct db_value *value)
{
    MYSQL_BIND *bind = &bound->binds[i];

    switch (value->kind) {
    case DB_KIND_NULL:
        bind->buffer_type = MYSQL_TYPE_NULL;
        break;
    case DB_KIND_INT:
        bind->buffer_type = MYSQL_TYPE_LONGLONG;
        bind->buffer = without_const(&value->integer);
        break;
    case DB_KIND_TEXT:
        bind_text(bind, MYSQL_TYPE_STRING, value->text);
        break;
    case DB_KIND_BYTES:
        bind_text(bind, MYSQL_TYPE_BLOB, value->text);
        break;
    case DB_KIND_MONEY:
        /* A decimal, not a string: the server compares strings with decimals as floats. */
        bind_text(
            bind, MYSQL_TYPE_NEWDECIMAL,
            str_from(money_format_decimal((struct money){value->integer}, bound->amounts[i])));
        break;
    case DB_KIND_TIME:
        bind_time(bind, &bound->times[i], value->integer);
        break;
    }
}

/* Sends it once, on the connection that is there. */
static enum err statement_send(struct db *db, struct sending *sending)
{
    struct bound bound;
    enum err err;

    sending->is_sent = false;
    err = prepared_get(db, sending->statement, &sending->stmt);
    if (err != ERR_OK)
        return err;
    ASSERT(sending->value_count <= DB_VALUES_MAX);
    ASSERT(mysql_stmt_param_count(sending->stmt) == sending->value_count);
    memset(&bound, 0, sizeof(bound));
    for (size_t i = 0; i < sending->value_count; i++)
        bind_value(&bound, i, &sending->values[i]);
    if (sending->value_count > 0 && mysql_stmt_bind_param(sending->stmt, bound.binds) != 0)
        return statement_failed(db, sending->stmt, sending->statement, true);
    sending->is_sent = true;
    if (mysql_stmt_execute(sending->stmt) != 0)
        return statement_failed(db, sending->stmt, sending->statement, true);
    return ERR_OK;
}

/* In a unit the first error of this kind ends it: after a deadlock there is no transaction. */
static enum err unit_error(struct db *db, enum err err)
{
    if (db->in_unit && (err == ERR_DB_AWAY || err == ERR_DB_CONFLICT || err == ERR_DB_FULL))
        db->unit_err = err;
    return err;
}

static bool is_read(const struct db_statement *statement)
{
    return strncmp(statement->sql, "SELECT", strlen("SELECT")) == 0;
}

/*
 * Sends it on a live connection. Outside a unit it is sent once more on a new one when that is
 * harmless: it only reads, or the connection broke before it could have had an effect.
 */
static enum err statement_run(struct db *db, struct sending *sending)
{
    enum err err = ERR_DB_AWAY;

    if (db->in_unit) {
        if (db->unit_err != ERR_OK)
            return db->unit_err;
        return unit_error(db, statement_send(db, sending));
    }
    for (int attempt = 0; attempt < 2; attempt++) {
        err = db_connect(db);
        if (err != ERR_OK)
            return err;
        err = statement_send(db, sending);
        if (err != ERR_DB_AWAY)
            return err;
        if (sending->is_sent && db->last.unknown && !is_read(sending->statement))
            return ERR_DB_COMMIT_UNKNOWN;
    }
    return err;
}

enum err db_execute(struct db *db, const struct db_statement *statement,
                    const struct db_value *values, size_t value_count, uint64_t *ret_affected)
{
    struct sending sending = {.statement = statement, .values = values, .value_count = value_count};
    enum err err = statement_run(db, &sending);

    if (err != ERR_OK)
        return err;
    ASSERT(mysql_stmt_field_count(sending.stmt) == 0);
    if (ret_affected != NULL)
        *ret_affected = mysql_stmt_affected_rows(sending.stmt);
    return ERR_OK;
}

enum err db_query(struct db *db, const struct db_statement *statement,
                  const struct db_value *values, size_t value_count, struct arena *arena,
                  size_t rows_max, const struct db_rows **ret_rows)
{
    struct sending sending = {.statement = statement, .values = values, .value_count = value_count};
    enum err err = statement_run(db, &sending);

    if (err != ERR_OK)
        return err;
    return unit_error(db, db_rows_read(db, statement, sending.stmt, arena, rows_max, ret_rows));
}
