/*
 * Opening, checking and dropping the connection: see db.h. The library never reconnects by itself:
 * that would lose the transaction and the session's settings without a word.
 */
#include "library.h"

#include "risiti/db/db.h"

#include <fcntl.h>
#include <poll.h>

#include "internal.h"
#include "risiti/base/buffer.h"
#include "risiti/base/clock.h"
#include "risiti/base/mem.h"

#define CONNECT_TIMEOUT_DEFAULT_S 3
#define STATEMENT_TIMEOUT_DEFAULT_S 5
/* How much longer than the server the client waits, so that the server says what happened. */
#define ANSWER_SLACK_S 5
#define MIGRATION_STATEMENT_MAX_S 7200
/* After a failed attempt nobody tries again for this long: callers must not pile up. */
#define CONNECT_REFUSED_MS 250
#define SESSION_SQL_MAX 2048

/*
 * What every session has. Strictness, because without it the server cuts what is too long; the
 * collation, because 'ABC' must not equal 'ABC '; the lock wait below the statement's limit, and
 * that below the client's, so that the one who knows most gives the answer.
 */
static const struct {
    const char *name, *value;
} session_variables[] = {
    {"sql_mode", "'ONLY_FULL_GROUP_BY,STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,"
                 "NO_ENGINE_SUBSTITUTION'"},
    {"time_zone", "'+00:00'"},
    {"tx_isolation", "'READ-COMMITTED'"},
    {"autocommit", "1"},
    {"innodb_lock_wait_timeout", "3"},
    {"idle_transaction_timeout", "10"},
    {"unique_checks", "1"},
    {"foreign_key_checks", "1"},
};

static const char *text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

struct db_options db_options_from(const struct config *config)
{
    return (struct db_options){
        .host = text_or_null(config->database_host),
        .socket = text_or_null(config->database_socket),
        .name = text_or_null(config->database_name),
        .user = config->database_user,
        .password = config->database_password.text,
        .tls_ca = text_or_null(config->database_tls_ca),
        .port = (unsigned)config->database_port,
        .connect_timeout_s = (unsigned)config->database_connect_timeout,
        .statement_timeout_s = (unsigned)config->database_statement_timeout,
    };
}

struct db *db_new(const struct db_options *options)
{
    struct db *db = mem_alloc(1, sizeof(*db));

    if (db == NULL)
        return NULL;
    db->options = *options;
    if (db->options.connect_timeout_s == 0)
        db->options.connect_timeout_s = CONNECT_TIMEOUT_DEFAULT_S;
    if (db->options.statement_timeout_s == 0)
        db->options.statement_timeout_s = STATEMENT_TIMEOUT_DEFAULT_S;
    return db;
}

void db_free(struct db *db)
{
    if (db == NULL)
        return;
    db_disconnect(db);
    mem_free(db);
}

void db_disconnect(struct db *db)
{
    /* The connection first: closing a statement that has none sends nothing. */
    if (db->mysql != NULL)
        mysql_close(db->mysql);
    db->mysql = NULL;
    db_deadline_watch(-1);
    db_statements_close(db);
    if (db->in_unit)
        db->unit_err = ERR_DB_AWAY;
}

bool db_is_connected(const struct db *db)
{
    return db->mysql != NULL;
}

const char *db_last_error(const struct db *db)
{
    return db->error_text;
}

unsigned db_last_errno(const struct db *db)
{
    return db->last.number;
}

/* Adds text to what db_last_error gives, as much as fits. */
static void error_add(struct db *db, const char *text, size_t length)
{
    const size_t used = strlen(db->error_text);
    const size_t room = sizeof(db->error_text) - used - 1;

    length = length < room ? length : room;
    memcpy(db->error_text + used, text, length);
    db->error_text[used + length] = '\0';
}

/* The same, without what lies between the first and the last quote of the message. */
static void error_add_without_values(struct db *db, const char *message)
{
    const char *first = strchr(message, '\'');
    const char *last = strrchr(message, '\'');

    if (first == NULL || last == NULL) {
        error_add(db, message, strlen(message));
        return;
    }
    error_add(db, message, (size_t)(first - message));
    error_add(db, "'...'", strlen("'...'"));
    error_add(db, last + 1, strlen(last + 1));
}

enum err db_fail(struct db *db, const char *name, unsigned number, const char *message,
                 bool has_values)
{
    char number_text[32];

    db->last = db_error_find(number, message);
    db->error_text[0] = '\0';
    error_add(db, name, strlen(name));
    (void)snprintf(number_text, sizeof(number_text), ": error %u: ", number);
    error_add(db, number_text, strlen(number_text));
    if (has_values)
        error_add_without_values(db, message);
    else
        error_add(db, message, strlen(message));
    if (db->last.err == ERR_DB_AWAY)
        db_disconnect(db);
    return db->last.err;
}

enum err db_command(struct db *db, const char *name, struct str sql)
{
    MYSQL_RES *rows;

    if (mysql_real_query(db->mysql, sql.data, (unsigned long)sql.length) != 0)
        return db_fail(db, name, mysql_errno(db->mysql), mysql_error(db->mysql), false);
    if (mysql_field_count(db->mysql) == 0)
        return ERR_OK;
    rows = mysql_store_result(db->mysql);
    if (rows == NULL)
        return db_fail(db, name, mysql_errno(db->mysql), mysql_error(db->mysql), false);
    mysql_free_result(rows);
    return ERR_OK;
}

static bool options_set(MYSQL *mysql, const struct db *db)
{
    const struct db_options *options = &db->options;
    const unsigned connect_s = options->connect_timeout_s;
    const unsigned answer_s =
        (db->patient ? MIGRATION_STATEMENT_MAX_S : options->statement_timeout_s) + ANSWER_SLACK_S;
    const unsigned protocol = options->host != NULL ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
    const unsigned off = 0;
    const my_bool no = 0, yes = 1;
    bool ok = mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s) == 0 &&
              mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &answer_s) == 0 &&
              mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &answer_s) == 0 &&
              mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol) == 0 &&
              mysql_options(mysql, MYSQL_OPT_RECONNECT, &no) == 0 &&
              mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &off) == 0 &&
              mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4") == 0;

    if (ok && options->host != NULL && options->tls_ca != NULL)
        ok = mysql_options(mysql, MYSQL_OPT_SSL_CA, options->tls_ca) == 0 &&
             mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &yes) == 0 &&
             mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes) == 0 &&
             mysql_options(mysql, MARIADB_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3") == 0;
    return ok;
}

/*
 * The statement that sets the session, and the one that answers 1 when all of it was taken, and
 * then whether the server is a node of a Galera cluster: "ON", else "OFF" or NULL.
 */
static void session_write(const struct db *db, struct buffer *set, struct buffer *check)
{
    const unsigned statement_s = db->patient ? 0 : db->options.statement_timeout_s;
    const unsigned table_lock_s = db->patient ? 60 : db->options.statement_timeout_s;

    buffer_append(set, STR("SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin"));
    buffer_append(check, STR("SELECT @@collation_connection = 'utf8mb4_nopad_bin' AND "
                             "@@character_set_client = 'utf8mb4' AND "
                             "@@character_set_results = 'utf8mb4'"));
    for (size_t i = 0; i < ARRAY_LENGTH(session_variables); i++) {
        buffer_format(set, ", SESSION %s = %s", session_variables[i].name,
                      session_variables[i].value);
        buffer_format(check, " AND @@%s = %s", session_variables[i].name,
                      session_variables[i].value);
    }
    buffer_format(set, ", SESSION max_statement_time = %u, SESSION lock_wait_timeout = %u",
                  statement_s, table_lock_s);
    buffer_format(check, " AND @@max_statement_time = %u AND @@lock_wait_timeout = %u", statement_s,
                  table_lock_s);
    buffer_append(check, STR(", (SELECT VARIABLE_VALUE FROM information_schema.SESSION_VARIABLES "
                             "WHERE VARIABLE_NAME = 'WSREP_ON')"));
}

/* ERR_DB_AWAY when the server's answer to `check` does not start with 1. */
static enum err session_check(struct db *db, struct str check, bool *ret_is_cluster)
{
    MYSQL_RES *rows;
    MYSQL_ROW row;
    bool ok, is_cluster;

    if (mysql_real_query(db->mysql, check.data, (unsigned long)check.length) != 0)
        return db_fail(db, "session check", mysql_errno(db->mysql), mysql_error(db->mysql), false);
    rows = mysql_store_result(db->mysql);
    if (rows == NULL)
        return db_fail(db, "session check", mysql_errno(db->mysql), mysql_error(db->mysql), false);
    row = mysql_fetch_row(rows);
    ok = row != NULL && row[0] != NULL && row[0][0] == '1';
    is_cluster = ok && row[1] != NULL && str_equal_nocase(str_from(row[1]), STR("ON"));
    mysql_free_result(rows);
    if (!ok) {
        (void)db_fail(db, "session check", 0, "the server did not take the session's settings",
                      false);
        return ERR_DB_AWAY;
    }
    *ret_is_cluster = is_cluster;
    return ERR_OK;
}

static enum err session_init(struct db *db)
{
    struct buffer set, check;
    bool is_cluster = false;
    enum err err;

    buffer_init(&set, SESSION_SQL_MAX);
    buffer_init(&check, SESSION_SQL_MAX);
    session_write(db, &set, &check);
    err = set.err != ERR_OK ? set.err : check.err;
    if (err == ERR_OK)
        err = db_command(db, "session", buffer_str(&set));
    if (err == ERR_OK)
        err = session_check(db, buffer_str(&check), &is_cluster);
    /* Reads see what other nodes have acknowledged; a lost COMMIT is settled by such a read. */
    if (err == ERR_OK && is_cluster)
        err = db_command(db, "session", STR("SET SESSION wsrep_sync_wait = 1"));
    buffer_release(&set);
    buffer_release(&check);
    return err;
}

static enum err connection_open(struct db *db)
{
    const struct db_options *options = &db->options;
    const bool is_local = options->host == NULL;
    int flags;

    db->mysql = mysql_init(NULL);
    if (db->mysql == NULL)
        return ERR_NOMEM;
    if (!options_set(db->mysql, db))
        return db_fail(db, "connect", mysql_errno(db->mysql), mysql_error(db->mysql), false);
    if (db->deadline_at_ms != 0)
        db_deadline_watch_next();
    if (mysql_real_connect(db->mysql, options->host, options->user, options->password,
                           options->name, is_local ? 0 : options->port,
                           is_local ? options->socket : NULL, 0) == NULL)
        return db_fail(db, "connect", mysql_errno(db->mysql), mysql_error(db->mysql), false);
    if (db->deadline_at_ms != 0)
        db_deadline_watch(mysql_get_socket(db->mysql));
    flags = fcntl(mysql_get_socket(db->mysql), F_GETFD);
    if (flags < 0 || fcntl(mysql_get_socket(db->mysql), F_SETFD, flags | FD_CLOEXEC) < 0)
        return ERR_IO;
    return session_init(db);
}

/*
 * Between two statements a live server has nothing to say: something to read is its good-bye, or
 * the end of the connection. It costs no round trip.
 */
static bool connection_has_ended(const struct db *db)
{
    struct pollfd server = {.fd = mysql_get_socket(db->mysql), .events = POLLIN};

    return poll(&server, 1, 0) != 0;
}

enum err db_connect(struct db *db)
{
    enum err err;

    /* A unit lives on the connection that it started on. */
    if (db->in_unit)
        return db->unit_err;
    if (db_deadline_has_passed(db)) {
        (void)db_fail(db, "connect", 0, "the time for it has passed", false);
        db->last.err = ERR_DB_AWAY;
        db_disconnect(db);
        return ERR_DB_AWAY;
    }
    if (db->mysql != NULL && !connection_has_ended(db))
        return ERR_OK;
    db_disconnect(db);
    if (clock_monotonic_ms() < db->refused_until_ms)
        return ERR_DB_AWAY;
    err = connection_open(db);
    if (err == ERR_OK)
        return ERR_OK;
    db_disconnect(db);
    db->refused_until_ms = clock_monotonic_ms() + CONNECT_REFUSED_MS;
    return err == ERR_NOMEM ? err : ERR_DB_AWAY;
}
