/*
 * A simulation of everything that can happen around payments: one history is a seeded random
 * sequence of pushes, callbacks, confirmations, claims, turns of the background tasks, faults and
 * time, driven through the domain against a real database. Beside it stand a simple model and the
 * ledger of a simulated Daraja; after each step the database is compared with both.
 */
#ifndef RISITI_TESTS_SIM_H
#define RISITI_TESTS_SIM_H

#include "risiti/base/base.h"

#include "risiti/base/phone.h"
#include "risiti/base/uuid.h"
#include "risiti/domain/app.h"
#include "risiti/domain/service.h"

#define SIM_PAYBILL "600111"
#define SIM_TILL "800222"
#define SIM_FOREIGN "700999"

#define SIM_APPS 3
#define SIM_PUSHES_MAX 40
#define SIM_MONEY_MAX 100
#define SIM_MESSAGES_MAX 300
#define SIM_ROWS_MAX 250
#define SIM_BODY_SIZE 1024
#define SIM_GROUP_MAX 3
/* One worker a member of a group, and one for callbacks that come inside a call to Daraja. */
#define SIM_WORKERS (SIM_GROUP_MAX + 1)
#define SIM_NONE (-1)

/* Random numbers from the seed: the same history every time. */
uint64_t sim_random(void);
/* 0 … bound - 1. */
unsigned sim_below(unsigned bound);
/* True in `percent` of a hundred cases. */
bool sim_chance(unsigned percent);

/* What goes wrong during one operation of one worker. */
enum fault_kind {
    FAULT_NONE,
    FAULT_COMMIT_UNSENT,   /* the connection is cut before COMMIT */
    FAULT_COMMIT_LOST,     /* COMMIT is done, its answer lost */
    FAULT_COMMIT_LATE,     /* its answer is lost, and it is done some statements later */
    FAULT_COMMIT_CONFLICT, /* certification fails: rolled back */
    FAULT_CUT,             /* the connection is cut before a statement */
    FAULT_CUT_AFTER,       /* the connection is cut when a statement was done */
    FAULT_DEADLOCK,        /* a statement ends the transaction as a deadlock's victim */
    FAULT_DARAJA,          /* the process ends while Daraja is called */
    FAULT_KINDS
};

struct fault {
    enum fault_kind kind;
    unsigned at;    /* which statement, or which COMMIT, of the operation */
    bool is_death;  /* the process ends there: nothing in memory survives */
    bool is_unsent; /* the library says that nothing was sent (2006), else that nobody knows */
    unsigned late;  /* FAULT_COMMIT_LATE: after so many statements */
};

struct st_mysql;

/* A process that serves: its service with a connection, and the fault of the present operation. */
struct worker {
    struct service service;
    bool is_open;
    bool is_busy;
    struct fault fault;
    unsigned statements, commits; /* of the present operation */
    bool is_dead;
    unsigned injected; /* the error number of the last call, instead of the library's */
    struct st_mysql *clocked, *late; /* whose clock is set; whose COMMIT comes late */
    int64_t clocked_us;
    unsigned late_in;
    int64_t skew_us; /* how far this host's clock is off */
};

/* The worker on whose behalf this thread works now; NULL: the simulation itself. */
extern _Thread_local struct worker *sim_worker;

/* What comes of a push at Daraja. */
enum fate {
    FATE_REFUSED,  /* listed refusal: nothing happened */
    FATE_LOCKED,   /* another prompt is open */
    FATE_NOT_SENT, /* Daraja could not be reached */
    FATE_PAID,
    FATE_PAID_DOUBTED, /* paid, and a failure is told too */
    FATE_FAILED,
    FATE_SILENT, /* no outcome, ever */
};

struct sim_push {
    unsigned app;
    struct phone phone;
    int64_t cents;
    char reference[72], account[16], token[40], checkout[48], short_code[8], code[16];
    char id[40]; /* of its payment, in hex */
    enum fate fate;
    bool is_sent;       /* Daraja has it */
    bool is_recorded;   /* push_start has said so */
    int money;          /* that pays it, or SIM_NONE */
    bool is_odd_amount; /* another amount is paid than was asked for */
    bool is_muddled;    /* contradictions or money by hand concern it: its owner is not foretold */
    bool is_failure_told;
};

/* One row of Daraja's ledger. */
struct sim_money {
    char receipt[24], account[32], payer[80], short_code[8];
    struct phone phone;
    int64_t cents;
    int push;       /* that it pays, or SIM_NONE */
    bool is_ours;   /* of a short code of ours; else it must never become a payment */
    bool is_forged; /* Daraja knows nothing of it */
    bool is_told;   /* some evidence was sent to us */
    bool is_confirmed, is_resulted; /* a confirmation, a result was answered */
    bool is_muddled;
    int claimed_by; /* the app that was told it won, or SIM_NONE */
};

enum message_kind { MESSAGE_STK, MESSAGE_C2B };

/* What Safaricom, or somebody else, posts to us. */
struct sim_message {
    enum message_kind kind;
    int push, money; /* or SIM_NONE */
    bool is_failure, is_plain, is_unlisted;
    int token_push; /* whose URL it goes to, or SIM_NONE for a plain path */
    char body[SIM_BODY_SIZE];
};

/* A claim that an app was told it won. */
struct sim_win {
    char payment[40];
    unsigned app;
};

/* One history. */
struct world {
    uint64_t seed;
    int64_t now_us, monotonic_us;
    bool is_out;  /* the database is away */
    bool is_calm; /* the end: nothing breaks any more */
    unsigned step;
    struct sim_push pushes[SIM_PUSHES_MAX];
    int push_count;
    struct sim_money money[SIM_MONEY_MAX];
    int money_count;
    struct sim_message messages[SIM_MESSAGES_MAX];
    int message_count;
    struct sim_win wins[SIM_ROWS_MAX];
    int win_count;
    bool is_long;          /* days have passed: what is unsettled may have ended */
    int64_t excused_cents; /* that two payments have for the same money, as far as we know */
    uint64_t fingerprint;  /* of everything that was noted */
    bool has_failed;
    char failure[600];
};

extern struct world sim;
extern struct app sim_apps[SIM_APPS];
extern struct worker sim_workers[SIM_WORKERS];
extern bool sim_verbose;

/* Once a process: a database of its own, the configuration, the apps. False: said on stderr. */
RISITI_CHECKED bool sim_open(unsigned process, bool is_fast);
void sim_close(void);
/* One history from its seed. False when it failed: sim.failure says why. */
RISITI_CHECKED bool sim_run(uint64_t seed);
/* The last steps of the history, for people. */
void sim_steps_print(void);

/* Text that must fit. */
RISITI_PRINTF(3, 4) void text_write(char *text, size_t size, const char *format, ...);
/* A line of the history. */
RISITI_PRINTF(1, 2) void sim_note(const char *format, ...);
/*
 * Digits that no other history of this process has. They are part of every receipt, checkout id and
 * reference, so that what an earlier history has left in an index does not matter; and no part of
 * the fingerprint.
 */
#define SIM_SALT_DIGITS 5
extern char sim_salt[SIM_SALT_DIGITS + 1];
/* The first failure of the history is kept. */
RISITI_PRINTF(1, 2) void sim_fail(const char *format, ...);

/* world.c */
void world_reset(uint64_t seed);
void worker_open(struct worker *worker);
void worker_close(struct worker *worker);
void time_passes(int64_t seconds);
/* Since the history began. */
int64_t time_passed_s(void);

/* sql.c: the simulation's own look at the database, which no fault touches. */
RISITI_CHECKED bool sql_open(const char *socket);
void sql_close(void);
RISITI_PRINTF(1, 2) void sql_run(const char *format, ...);
RISITI_PRINTF(1, 2) int64_t sql_number(const char *format, ...);
/* Calls `take` for each row, with its columns as text or NULL. */
void sql_rows(const char *sql, void (*take)(char **columns, void *context), void *context);
/* Once, behind the migrations: which tables there are, and what they hold. */
void sql_tables_note(void);
/* All tables but those of the schema's version and the apps are as they were then. */
void sql_empty(void);
/* The hex digits of an id. */
const char *sql_id(const struct uuid *id, char buffer[UUID_TEXT_SIZE]);

/* faults.c */
void fault_begin(struct worker *worker, const struct fault *fault);
/* Ends the operation: a process that died is replaced. */
void fault_end(struct worker *worker);
/* The process ends here: its connection is gone and nothing reaches the database any more. */
void worker_die(struct worker *worker);
/* COMMITs on their way arrive. True when there were any. */
bool late_flush(void);

/* lanes.c: several operations at once, interleaved statement by statement, by the seed. */
struct operation {
    void (*run)(struct operation *operation);
    unsigned app;
    int push, money;
    unsigned variant;
    struct sim_message message;
    struct fault fault;
    struct worker *worker;
};
void lanes_run(struct operation *operations, unsigned count);
/* Whether operations run at once now. */
bool lanes_are_many(void);
/* Lets another lane go on. */
void lane_yield(void);
/*
 * A statement has met a lock: the others go on first. False when all wait for each other, and this
 * lane is to be the victim; or when nobody is there to wait for.
 */
RISITI_CHECKED bool lane_wait(void);
/* Locks may have been freed. */
void lanes_wake(void);

/* daraja.c: the simulated Daraja; it takes the place of src/daraja's calls. */
int money_make(const char *short_code, const struct phone *phone, int64_t cents,
               const char *account, int push);
void message_post(const struct sim_message *message);
void message_post_c2b(int money);
void message_post_stk(int push, const char *code, int money, int64_t cents, const char *payer);
/* What the customer does with the prompt, and what Daraja posts then. */
void push_decide(int push);

/* step.c */
void step_random(void);
/* Delivers one message and forgets it. */
void message_deliver(struct worker *worker, struct sim_message message);
/* Every background task has one turn. Returns what was done. */
unsigned turn_all(struct worker *worker, unsigned limit, bool may_expire);
/* Runs one operation on the first worker, and looks at what it did. */
void operation_run(struct operation *operation);
/* `app` tries to claim the money by its receipt. */
void claim_by_receipt(struct operation *operation);

/* finish.c: everything is delivered, the tasks run until nothing is left; then the accounts. */
void finish(void);

/* check.c */
struct row {
    char id[40], app[40], receipt[24], checkout[72], status[12], type[8], merged_into[40];
    char token_hash[72], reference[72];
    int64_t cents;
    bool claimed, held, conflict, reversed, is_open;
    unsigned version, events, sequence_max;
    bool has_claim;
    char claim_app[40], claim_receipt[24];
    bool was_moved;
};
struct rows {
    struct row items[SIM_ROWS_MAX];
    int count;
};
extern struct rows rows_now;
/* Reads all payments and compares them with the model and with what they were. */
void check_step(void);
void check_forget(void);
const struct row *row_by_receipt(const char *receipt);
const struct row *row_by_id(const char *id);
const char *app_hex(unsigned app, char buffer[UUID_TEXT_SIZE]);
extern const char admin_shop_hex[];
int money_by_receipt(const char *receipt);
int push_by_id(const char *id);

#endif
