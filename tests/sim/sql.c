/* The simulation's own connection, past all faults: see sim.h. */
#include "build-config.h"

#include <mysql.h>

#include "risiti/base/base.h"

#include "sim.h"

#include <stdarg.h>

#include "risiti/base/crypto.h"
#include "risiti/base/number.h"

#define SQL_SIZE 4096
#define TABLES_MAX 40

static MYSQL *admin, *viewer;
/* Tables that a history fills; those that the schema fills have a copy of what it wrote. */
static struct {
    char name[65];
    bool has_copy;
} tables[TABLES_MAX];
static unsigned table_count;

__attribute__((noreturn)) static void admin_failed(const char *sql)
{
    (void)fprintf(stderr, "sim: %s: %s\n", sql, mysql_error(admin));
    abort();
}

bool sql_open(const char *socket)
{
    admin = mysql_init(NULL);
    viewer = mysql_init(NULL);
    ASSERT(admin != NULL && viewer != NULL);
    if (mysql_real_connect(admin, NULL, "root", NULL, NULL, 0, socket, 0) != NULL &&
        mysql_real_connect(viewer, NULL, "root", NULL, NULL, 0, socket, 0) != NULL)
        return true;
    (void)fprintf(stderr, "sim: connect: %s\n", mysql_error(admin));
    return false;
}

void sql_close(void)
{
    mysql_close(viewer);
    mysql_close(admin);
    table_count = 0;
}

/* Not on behalf of the worker that is at work: no fault strikes here. */
static MYSQL_RES *admin_run(const char *sql, size_t length)
{
    struct worker *worker = sim_worker;
    MYSQL_RES *result;

    sim_worker = NULL;
    if (mysql_real_query(admin, sql, (unsigned long)length) != 0)
        admin_failed(sql);
    result = mysql_store_result(admin);
    sim_worker = worker;
    return result;
}

void sql_run(const char *format, ...)
{
    char sql[SQL_SIZE];
    va_list values;
    int length;

    va_start(values, format);
    length = vsnprintf(sql, sizeof(sql), format, values);
    va_end(values);
    ASSERT(length > 0 && (size_t)length < sizeof(sql));
    mysql_free_result(admin_run(sql, (size_t)length));
}

int64_t sql_number(const char *format, ...)
{
    char sql[SQL_SIZE];
    va_list values;
    int length;
    uint64_t number = 0;
    MYSQL_RES *result;
    MYSQL_ROW row;

    va_start(values, format);
    length = vsnprintf(sql, sizeof(sql), format, values);
    va_end(values);
    ASSERT(length > 0 && (size_t)length < sizeof(sql));
    result = admin_run(sql, (size_t)length);
    row = result != NULL ? mysql_fetch_row(result) : NULL;
    if (row != NULL && row[0] != NULL &&
        number_parse(str_from(row[0]), 0, INT64_MAX, &number) != ERR_OK)
        number = 0;
    mysql_free_result(result);
    return (int64_t)number;
}

void sql_rows(const char *sql, void (*take)(char **columns, void *context), void *context)
{
    MYSQL_RES *result = admin_run(sql, strlen(sql));
    MYSQL_ROW row;

    ASSERT(result != NULL);
    while ((row = mysql_fetch_row(result)) != NULL)
        take(row, context);
    mysql_free_result(result);
}

static void table_take(char **columns, void *context)
{
    (void)context;
    ASSERT(table_count < TABLES_MAX);
    text_write(tables[table_count++].name, sizeof(tables[0].name), "%s", columns[0]);
}

void sql_tables_note(void)
{
    sql_rows("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
             "AND table_name NOT IN ('app', 'schema_migration')",
             table_take, NULL);
    for (unsigned i = 0; i < table_count; i++) {
        tables[i].has_copy = sql_number("SELECT COUNT(*) FROM %s", tables[i].name) > 0;
        if (tables[i].has_copy)
            sql_run("CREATE TABLE first_%s AS SELECT * FROM %s", tables[i].name, tables[i].name);
    }
}

static void view_begin(void)
{
    static const char *const commands[] = {"COMMIT", "START TRANSACTION WITH CONSISTENT SNAPSHOT"};

    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        if (mysql_real_query(viewer, commands[i], (unsigned long)strlen(commands[i])) != 0)
            admin_failed(commands[i]);
}

void sql_empty(void)
{
    sql_run("SET foreign_key_checks = 0");
    sql_run("START TRANSACTION");
    for (unsigned i = 0; i < table_count; i++) {
        sql_run("DELETE FROM %s", tables[i].name);
        if (tables[i].has_copy)
            sql_run("INSERT INTO %s SELECT * FROM first_%s", tables[i].name, tables[i].name);
    }
    sql_run("COMMIT");
    /*
     * A unique key locks deleted entries like others until they are really gone. With this view of
     * the data none goes during the history, so that it does not depend on the server's purge.
     */
    view_begin();
}

const char *sql_id(const struct uuid *id, char buffer[UUID_TEXT_SIZE])
{
    return crypto_hex(id->bytes, UUID_BYTES, buffer);
}
