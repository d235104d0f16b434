/*
 * Answers: rows copied into an arena as cells of our own kinds. Text goes from the library's
 * buffer straight to its place in the arena, whatever its length.
 */
#include "library.h"

#include "risiti/db/db.h"

#include "internal.h"
#include "risiti/base/clock.h"

#define DECIMAL_TEXT_SIZE 72 /* 65 digits, sign, point */
#define MONEY_DECIMALS 2

struct db_cell {
    union {
        struct str text;
        int64_t integer; /* also cents, and microseconds */
    };
    bool is_null;
};

struct db_rows {
    size_t row_count, column_count;
    enum db_kind kinds[DB_COLUMNS_MAX];
    struct db_cell cells[];
};

/* Where the library puts a row's numbers and times, and the lengths of its texts. */
struct fetched {
    MYSQL_BIND binds[DB_COLUMNS_MAX];
    unsigned long lengths[DB_COLUMNS_MAX];
    my_bool nulls[DB_COLUMNS_MAX], errors[DB_COLUMNS_MAX];
    int64_t integers[DB_COLUMNS_MAX];
    MYSQL_TIME times[DB_COLUMNS_MAX];
    char nothing; /* texts are fetched one by one, once their length is known */
};

/* The kind of a column; false for floating point, which nothing here may be. */
static bool column_kind(const MYSQL_FIELD *field, enum db_kind *ret_kind)
{
    switch (field->type) {
    case MYSQL_TYPE_FLOAT:
    case MYSQL_TYPE_DOUBLE:
        return false;
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_YEAR:
        *ret_kind = DB_KIND_INT;
        return true;
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
        *ret_kind = field->decimals == 0                ? DB_KIND_INT
                    : field->decimals <= MONEY_DECIMALS ? DB_KIND_MONEY
                                                        : DB_KIND_TEXT;
        return true;
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_TIMESTAMP:
        *ret_kind = DB_KIND_TIME;
        return true;
    default:
        *ret_kind = DB_KIND_TEXT;
        return true;
    }
}

static bool is_decimal(const MYSQL_FIELD *field)
{
    return field->type == MYSQL_TYPE_DECIMAL || field->type == MYSQL_TYPE_NEWDECIMAL;
}

static void bind_column(struct fetched *fetched, size_t column, enum db_kind kind, bool as_text)
{
    MYSQL_BIND *bind = &fetched->binds[column];

    bind->length = &fetched->lengths[column];
    bind->is_null = &fetched->nulls[column];
    bind->error = &fetched->errors[column];
    if (kind == DB_KIND_TIME) {
        bind->buffer_type = MYSQL_TYPE_DATETIME;
        bind->buffer = &fetched->times[column];
        bind->buffer_length = sizeof(fetched->times[column]);
    } else if (kind == DB_KIND_INT && !as_text) {
        bind->buffer_type = MYSQL_TYPE_LONGLONG;
        bind->buffer = &fetched->integers[column];
        bind->buffer_length = sizeof(fetched->integers[column]);
    } else {
        bind->buffer_type = MYSQL_TYPE_STRING;
        bind->buffer = &fetched->nothing;
        bind->buffer_length = 0;
    }
}

/* "-12.5" with at most `decimals` of them, as a whole number of the smallest unit. */
static bool decimal_parse(const char *text, unsigned decimals, int64_t *ret_value)
{
    const bool is_negative = text[0] == '-';
    unsigned left = decimals;
    bool behind_point = false;
    int64_t value = 0;

    for (const char *at = text + (is_negative ? 1 : 0); *at != '\0'; at++) {
        if (*at == '.' && !behind_point) {
            behind_point = true;
            continue;
        }
        if (*at < '0' || *at > '9' || (behind_point && left-- == 0) ||
            __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *at - '0', &value))
            return false;
    }
    for (; left > 0; left--)
        if (__builtin_mul_overflow(value, 10, &value))
            return false;
    *ret_value = is_negative ? -value : value;
    return true;
}

/* One text of the current row into `memory`, which has room for `length` bytes. */
static bool fetch_text(MYSQL_STMT *stmt, size_t column, void *memory, unsigned long length)
{
    my_bool is_null = 0, error = 0;
    unsigned long full_length = 0;
    MYSQL_BIND bind;

    memset(&bind, 0, sizeof(bind));
    bind.buffer_type = MYSQL_TYPE_STRING;
    bind.buffer = memory;
    bind.buffer_length = length;
    bind.length = &full_length;
    bind.is_null = &is_null;
    bind.error = &error;
    return mysql_stmt_fetch_column(stmt, &bind, (unsigned)column, 0) == 0 && full_length == length;
}

static enum err read_text(MYSQL_STMT *stmt, size_t column, unsigned long length,
                          struct arena *arena, struct str *ret_text)
{
    char *copy = arena_alloc(arena, (size_t)length + 1, 1);

    if (copy == NULL)
        return ERR_NOMEM;
    if (length > 0 && !fetch_text(stmt, column, copy, length))
        return ERR_DB_QUERY;
    *ret_text = (struct str){copy, (size_t)length};
    return ERR_OK;
}

static enum err read_decimal(MYSQL_STMT *stmt, size_t column, unsigned long length,
                             enum db_kind kind, int64_t *ret_value)
{
    char text[DECIMAL_TEXT_SIZE] = "";

    if (length >= sizeof(text) || !fetch_text(stmt, column, text, length) ||
        !decimal_parse(text, kind == DB_KIND_MONEY ? MONEY_DECIMALS : 0, ret_value))
        return ERR_DB_QUERY;
    return ERR_OK;
}

static enum err read_time(const MYSQL_TIME *time, int64_t *ret_us)
{
    const struct clock_date date = {
        .year = (int)time->year,
        .month = (int)time->month,
        .day = (int)time->day,
        .hour = (int)time->hour,
        .minute = (int)time->minute,
        .second = (int)time->second,
        .microsecond = (int)time->second_part,
    };

    return clock_date_to_us(&date, ret_us) == ERR_OK ? ERR_OK : ERR_DB_QUERY;
}

static enum err read_cell(const struct fetched *fetched, MYSQL_STMT *stmt, size_t column,
                          enum db_kind kind, struct arena *arena, struct db_cell *cell)
{
    cell->is_null = fetched->nulls[column] != 0;
    if (cell->is_null)
        return ERR_OK;
    switch (kind) {
    case DB_KIND_INT:
    case DB_KIND_MONEY:
        if (fetched->binds[column].buffer_type == MYSQL_TYPE_STRING)
            return read_decimal(stmt, column, fetched->lengths[column], kind, &cell->integer);
        cell->integer = fetched->integers[column];
        return fetched->errors[column] ? ERR_DB_QUERY : ERR_OK; /* above INT64_MAX */
    case DB_KIND_TIME:
        return read_time(&fetched->times[column], &cell->integer);
    default:
        return read_text(stmt, column, fetched->lengths[column], arena, &cell->text);
    }
}

/* Binds the columns. ERR_DB_QUERY when one has a type that is not read. */
static enum err columns_bind(struct db *db, const struct db_statement *statement, MYSQL_STMT *stmt,
                             struct fetched *fetched, enum db_kind kinds[DB_COLUMNS_MAX])
{
    const unsigned column_count = mysql_stmt_field_count(stmt);
    const MYSQL_FIELD *fields = mariadb_stmt_fetch_fields(stmt);

    ASSERT(column_count > 0 && column_count <= DB_COLUMNS_MAX && fields != NULL);
    memset(fetched, 0, sizeof(*fetched));
    for (size_t column = 0; column < column_count; column++) {
        if (!column_kind(&fields[column], &kinds[column]))
            return db_fail(db, statement->name, 0, "a column is a floating-point number", false);
        bind_column(fetched, column, kinds[column], is_decimal(&fields[column]));
    }
    if (mysql_stmt_bind_result(stmt, fetched->binds) != 0 || mysql_stmt_store_result(stmt) != 0)
        return db_fail(db, statement->name, mysql_stmt_errno(stmt), mysql_stmt_error(stmt), true);
    return ERR_OK;
}

static enum err rows_copy(struct db *db, const struct db_statement *statement, MYSQL_STMT *stmt,
                          const struct fetched *fetched, struct arena *arena, struct db_rows *rows)
{
    struct db_cell *cell = rows->cells;
    enum err err;

    for (size_t row = 0; row < rows->row_count; row++) {
        const int result = mysql_stmt_fetch(stmt);

        if (result != 0 && result != MYSQL_DATA_TRUNCATED)
            return db_fail(db, statement->name, mysql_stmt_errno(stmt), mysql_stmt_error(stmt),
                           true);
        for (size_t column = 0; column < rows->column_count; column++, cell++) {
            err = read_cell(fetched, stmt, column, rows->kinds[column], arena, cell);
            if (err == ERR_DB_QUERY)
                return db_fail(db, statement->name, 0, "a value cannot be read", false);
            if (err != ERR_OK)
                return err;
        }
    }
    return ERR_OK;
}

enum err db_rows_read(struct db *db, const struct db_statement *statement, MYSQL_STMT *stmt,
                      struct arena *arena, size_t rows_max, const struct db_rows **ret_rows)
{
    enum db_kind kinds[DB_COLUMNS_MAX] = {0};
    const size_t column_count = mysql_stmt_field_count(stmt);
    struct db_rows *rows = NULL;
    struct fetched fetched;
    size_t row_count = 0;
    enum err err = columns_bind(db, statement, stmt, &fetched, kinds);

    if (err == ERR_DB_AWAY)
        return err; /* the statement went with its connection */
    if (err == ERR_OK) {
        row_count = (size_t)mysql_stmt_num_rows(stmt);
        row_count = row_count < rows_max ? row_count : rows_max;
        rows = arena_alloc(arena, 1,
                           sizeof(*rows) + row_count * column_count * sizeof(rows->cells[0]));
        err = rows != NULL ? ERR_OK : ERR_NOMEM;
    }
    if (err == ERR_OK) {
        rows->row_count = row_count;
        rows->column_count = column_count;
        memcpy(rows->kinds, kinds, sizeof(rows->kinds));
        err = rows_copy(db, statement, stmt, &fetched, arena, rows);
    }
    /* Everything was read already: this frees the library's copy and sends nothing. */
    if (db->mysql != NULL)
        (void)mysql_stmt_free_result(stmt);
    if (err == ERR_OK)
        *ret_rows = rows;
    return err;
}

size_t db_row_count(const struct db_rows *rows)
{
    return rows->row_count;
}

static const struct db_cell *cell_at(const struct db_rows *rows, size_t row, size_t column)
{
    ASSERT(row < rows->row_count && column < rows->column_count);
    return &rows->cells[row * rows->column_count + column];
}

bool db_is_null(const struct db_rows *rows, size_t row, size_t column)
{
    return cell_at(rows, row, column)->is_null;
}

static int64_t integer_of(const struct db_rows *rows, size_t row, size_t column, enum db_kind kind)
{
    const struct db_cell *cell = cell_at(rows, row, column);

    if (cell->is_null)
        return 0;
    ASSERT(rows->kinds[column] == kind);
    return cell->integer;
}

int64_t db_int(const struct db_rows *rows, size_t row, size_t column)
{
    return integer_of(rows, row, column, DB_KIND_INT);
}

struct money db_money(const struct db_rows *rows, size_t row, size_t column)
{
    return (struct money){integer_of(rows, row, column, DB_KIND_MONEY)};
}

int64_t db_time(const struct db_rows *rows, size_t row, size_t column)
{
    return integer_of(rows, row, column, DB_KIND_TIME);
}

struct str db_text(const struct db_rows *rows, size_t row, size_t column)
{
    const struct db_cell *cell = cell_at(rows, row, column);

    if (cell->is_null)
        return STR_EMPTY;
    ASSERT(rows->kinds[column] == DB_KIND_TEXT);
    return cell->text;
}

struct uuid db_uuid(const struct db_rows *rows, size_t row, size_t column)
{
    const struct str bytes = db_text(rows, row, column);
    struct uuid uuid = {{0}};

    if (bytes.data == NULL)
        return uuid;
    ASSERT(bytes.length == UUID_BYTES);
    memcpy(uuid.bytes, bytes.data, UUID_BYTES);
    return uuid;
}
