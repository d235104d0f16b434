/*
 * What stands between the services and the client library: connections that are cut before, during
 * and after COMMIT, deadlocks, a server that is away, processes that end, and the database's clock.
 * The functions of the library are wrapped by the linker (-Wl,--wrap); the simulation's own
 * connection passes through, because there is no worker then.
 */
#include "build-config.h"

#include <mysql.h>

#include "risiti/base/base.h"

#include "sim.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <sys/socket.h>

/* How far the clock of a session may lag behind. */
#define CLOCK_LAG_US 200000

_Thread_local struct worker *sim_worker;

/* The linker gives these names; they are declared nowhere. */
MYSQL *__real_mysql_real_connect(MYSQL *mysql, const char *host, const char *user,
                                 const char *password, const char *name, unsigned port,
                                 const char *socket, unsigned long flags);
int __real_mysql_real_query(MYSQL *mysql, const char *sql, unsigned long length);
int __real_mysql_stmt_prepare(MYSQL_STMT *stmt, const char *sql, unsigned long length);
int __real_mysql_stmt_execute(MYSQL_STMT *stmt);
unsigned __real_mysql_errno(MYSQL *mysql);
const char *__real_mysql_error(MYSQL *mysql);
unsigned __real_mysql_stmt_errno(MYSQL_STMT *stmt);
const char *__real_mysql_stmt_error(MYSQL_STMT *stmt);
void __real_mysql_close(MYSQL *mysql);

MYSQL *__wrap_mysql_real_connect(MYSQL *mysql, const char *host, const char *user,
                                 const char *password, const char *name, unsigned port,
                                 const char *socket, unsigned long flags);
int __wrap_mysql_real_query(MYSQL *mysql, const char *sql, unsigned long length);
int __wrap_mysql_stmt_prepare(MYSQL_STMT *stmt, const char *sql, unsigned long length);
int __wrap_mysql_stmt_execute(MYSQL_STMT *stmt);
unsigned __wrap_mysql_errno(MYSQL *mysql);
const char *__wrap_mysql_error(MYSQL *mysql);
unsigned __wrap_mysql_stmt_errno(MYSQL_STMT *stmt);
const char *__wrap_mysql_stmt_error(MYSQL_STMT *stmt);
void __wrap_mysql_close(MYSQL *mysql);

static int real_command(MYSQL *mysql, const char *sql)
{
    return __real_mysql_real_query(mysql, sql, (unsigned long)strlen(sql));
}

static int inject(unsigned number)
{
    sim_worker->injected = number;
    return 1;
}

/*
 * Ends the connection. The server would roll back when it sees that; so that the same seed gives
 * the same history, this is done before. Rolling back what is committed changes nothing.
 */
static void connection_cut(MYSQL *mysql)
{
    if (real_command(mysql, "ROLLBACK") != 0 &&
        __real_mysql_errno(mysql) == CR_COMMANDS_OUT_OF_SYNC)
        sim_fail("an answer was not read to its end");
    (void)shutdown(mysql_get_socket(mysql), SHUT_RDWR);
    lanes_wake();
}

bool late_flush(void)
{
    bool found = false;

    for (unsigned i = 0; i < SIM_WORKERS; i++) {
        struct worker *worker = &sim_workers[i];

        if (worker->late == NULL)
            continue;
        found = true;
        if (real_command(worker->late, "COMMIT") != 0)
            sim_fail("a late COMMIT failed: %s", __real_mysql_error(worker->late));
        __real_mysql_close(worker->late);
        worker->late = NULL;
        lanes_wake();
    }
    return found;
}

/* The COMMIT of this worker that is on its way comes nearer. */
static void late_tick(void)
{
    if (sim_worker->late == NULL)
        return;
    if (sim_worker->late_in > 0)
        sim_worker->late_in--;
    else
        (void)late_flush();
}

/* Whether nothing reaches the database now. `mysql` is the connection, if there is one. */
static bool is_away(MYSQL *mysql)
{
    if (!sim_worker->is_dead && !sim.is_out)
        return false;
    if (mysql != NULL)
        connection_cut(mysql);
    return true;
}

void worker_die(struct worker *worker)
{
    worker->is_dead = true;
    sim_note("    the process ends");
}

static void die_if_meant(void)
{
    if (sim_worker->fault.is_death)
        worker_die(sim_worker);
}

MYSQL *__wrap_mysql_real_connect(MYSQL *mysql, const char *host, const char *user,
                                 const char *password, const char *name, unsigned port,
                                 const char *socket, unsigned long flags)
{
    if (sim_worker != NULL) {
        sim_worker->injected = 0;
        sim_worker->clocked = NULL;
        if (is_away(NULL)) {
            (void)inject(CR_CONNECTION_ERROR);
            return NULL;
        }
    }
    return __real_mysql_real_connect(mysql, host, user, password, name, port, socket, flags);
}

/* Sets the session's clock; and a lock that is taken is said at once, since lanes wait by turns. */
static void clock_set(MYSQL *mysql)
{
    char sql[128];

    if (sim_worker->clocked == mysql && sim.now_us - sim_worker->clocked_us < CLOCK_LAG_US)
        return;
    text_write(sql, sizeof(sql), "SET timestamp = %lld.%06lld, innodb_lock_wait_timeout = 0",
               (long long)(sim.now_us / 1000000), (long long)(sim.now_us % 1000000));
    if (real_command(mysql, sql) != 0)
        sim_fail("setting the clock: %s", __real_mysql_error(mysql));
    sim_worker->clocked = mysql;
    sim_worker->clocked_us = sim.now_us;
}

/* Whether the fault of this operation strikes at this statement or COMMIT. */
static bool strikes(enum fault_kind first, enum fault_kind last, unsigned count)
{
    const struct fault *fault = &sim_worker->fault;

    return fault->kind >= first && fault->kind <= last && fault->at == count;
}

static int commit(MYSQL *mysql)
{
    const struct fault *fault = &sim_worker->fault;

    lane_yield();
    late_tick();
    if (!strikes(FAULT_COMMIT_UNSENT, FAULT_COMMIT_CONFLICT, sim_worker->commits++)) {
        const int failed = real_command(mysql, "COMMIT");

        lanes_wake();
        return failed;
    }
    sim_note("    COMMIT %u: %s", fault->at,
             fault->kind == FAULT_COMMIT_UNSENT     ? "the connection is cut before"
             : fault->kind == FAULT_COMMIT_LOST     ? "its answer is lost"
             : fault->kind == FAULT_COMMIT_CONFLICT ? "certification fails"
                                                    : "its answer is lost, and it comes late");
    if (fault->kind == FAULT_COMMIT_CONFLICT) {
        (void)real_command(mysql, "ROLLBACK"); /* nothing else can be done about it */
        lanes_wake();
        return inject(ER_LOCK_DEADLOCK);
    }
    if (fault->kind == FAULT_COMMIT_LATE) {
        if (sim_worker->late != NULL)
            (void)late_flush();
        sim_worker->late = mysql;
        sim_worker->late_in = fault->late;
    } else {
        if (fault->kind == FAULT_COMMIT_LOST && real_command(mysql, "COMMIT") != 0)
            sim_fail("COMMIT: %s", __real_mysql_error(mysql));
        connection_cut(mysql);
    }
    die_if_meant();
    return inject(fault->kind == FAULT_COMMIT_UNSENT && fault->is_unsent ? CR_SERVER_GONE_ERROR
                                                                         : CR_SERVER_LOST);
}

int __wrap_mysql_real_query(MYSQL *mysql, const char *sql, unsigned long length)
{
    if (sim_worker == NULL)
        return __real_mysql_real_query(mysql, sql, length);
    sim_worker->injected = 0;
    if (is_away(mysql))
        return inject(CR_SERVER_LOST);
    if (strcmp(sql, "COMMIT") == 0)
        return commit(mysql);
    if (strcmp(sql, "START TRANSACTION") == 0)
        clock_set(mysql);
    if (strcmp(sql, "ROLLBACK") == 0)
        lanes_wake();
    return __real_mysql_real_query(mysql, sql, length);
}

int __wrap_mysql_stmt_prepare(MYSQL_STMT *stmt, const char *sql, unsigned long length)
{
    if (sim_worker != NULL) {
        sim_worker->injected = 0;
        if (is_away(stmt->mysql))
            return inject(CR_SERVER_LOST);
    }
    return __real_mysql_stmt_prepare(stmt, sql, length);
}

/* Executes; who meets a lock waits until the others have gone on. */
static int execute_waiting(MYSQL_STMT *stmt)
{
    for (;;) {
        const int failed = __real_mysql_stmt_execute(stmt);

        if (failed == 0 || __real_mysql_stmt_errno(stmt) != ER_LOCK_WAIT_TIMEOUT)
            return failed;
        if (!lanes_are_many() && !late_flush()) {
            sim_fail("a statement waits for a lock that nobody else can hold");
            return failed;
        }
        if (lanes_are_many() && !lane_wait()) {
            sim_note("    a deadlock");
            (void)real_command(stmt->mysql, "ROLLBACK"); /* as the server does */
            lanes_wake();
            return inject(ER_LOCK_DEADLOCK);
        }
        if (is_away(stmt->mysql))
            return inject(CR_SERVER_LOST);
    }
}

int __wrap_mysql_stmt_execute(MYSQL_STMT *stmt)
{
    unsigned count;
    int failed;

    if (sim_worker == NULL)
        return __real_mysql_stmt_execute(stmt);
    sim_worker->injected = 0;
    lane_yield();
    late_tick();
    if (is_away(stmt->mysql))
        return inject(CR_SERVER_LOST);
    clock_set(stmt->mysql);
    count = sim_worker->statements++;
    if (strikes(FAULT_DEADLOCK, FAULT_DEADLOCK, count)) {
        sim_note("    statement %u: a deadlock", count);
        (void)real_command(stmt->mysql, "ROLLBACK"); /* as the server does */
        lanes_wake();
        return inject(ER_LOCK_DEADLOCK);
    }
    if (strikes(FAULT_CUT, FAULT_CUT, count)) {
        sim_note("    statement %u: the connection is cut before", count);
        connection_cut(stmt->mysql);
        die_if_meant();
        return inject(sim_worker->fault.is_unsent ? CR_SERVER_GONE_ERROR : CR_SERVER_LOST);
    }
    failed = execute_waiting(stmt);
    if (strikes(FAULT_CUT_AFTER, FAULT_CUT_AFTER, count)) {
        sim_note("    statement %u: the connection is cut after", count);
        if (failed == 0 && mysql_stmt_field_count(stmt) > 0)
            (void)mysql_stmt_store_result(stmt); /* read, so that the rollback can be sent */
        connection_cut(stmt->mysql);
        die_if_meant();
        return inject(CR_SERVER_LOST);
    }
    return failed;
}

unsigned __wrap_mysql_errno(MYSQL *mysql)
{
    return sim_worker != NULL && sim_worker->injected != 0 ? sim_worker->injected
                                                           : __real_mysql_errno(mysql);
}

const char *__wrap_mysql_error(MYSQL *mysql)
{
    return sim_worker != NULL && sim_worker->injected != 0 ? "simulated"
                                                           : __real_mysql_error(mysql);
}

unsigned __wrap_mysql_stmt_errno(MYSQL_STMT *stmt)
{
    return sim_worker != NULL && sim_worker->injected != 0 ? sim_worker->injected
                                                           : __real_mysql_stmt_errno(stmt);
}

const char *__wrap_mysql_stmt_error(MYSQL_STMT *stmt)
{
    return sim_worker != NULL && sim_worker->injected != 0 ? "simulated"
                                                           : __real_mysql_stmt_error(stmt);
}

void __wrap_mysql_close(MYSQL *mysql)
{
    /* One whose COMMIT is on its way lives on without its owner. */
    for (unsigned i = 0; i < SIM_WORKERS; i++)
        if (sim_workers[i].late == mysql)
            return;
    __real_mysql_close(mysql);
}

void fault_begin(struct worker *worker, const struct fault *fault)
{
    worker->fault = *fault;
    worker->statements = worker->commits = 0;
    worker->is_dead = false;
    worker->injected = 0;
}

void fault_end(struct worker *worker)
{
    worker->fault = (struct fault){.kind = FAULT_NONE};
    if (worker->is_dead) {
        worker_close(worker);
        worker_open(worker);
    }
    worker->is_dead = false;
    arena_reset(worker->service.arena);
}
