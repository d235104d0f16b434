/*
 * The domain over a test database: a configuration with a PayBill and a till, apps, payments, and
 * callbacks as Safaricom posts them. Texts that these functions return stay for the program's life
 * or until a few hundred later ones.
 */
#ifndef RISITI_TESTS_FIXTURE_H
#define RISITI_TESTS_FIXTURE_H

#include "risiti/base/base.h"

#include "risiti/db/payment_store.h"
#include "risiti/domain/app.h"
#include "risiti/domain/callback.h"
#include "risiti/domain/service.h"
#include "testdb.h"

#define PAYBILL "600111"
#define TILL "800222"
#define TILL_STORE "800200"
/* One of the addresses that callbacks may come from. */
#define SAFARICOM "196.201.214.200"
#define PHONE "254712345678"
#define OTHER_PHONE "254798765432"

/* The service that the tests of one program share. Every call resets its arena. */
struct service *fixture(void);
/* Limits may be changed by a test, which puts them back. */
struct config *fixture_config(void);
/* A service with memory and a connection of its own: fixture_close it. */
RISITI_CHECKED struct service *fixture_open(const struct db_options *options);
void fixture_close(struct service *service);

/* A new app. */
struct app fixture_app(enum claim_requires claim_requires);
/* A new receipt, reference or checkout id. */
struct str fixture_text(const char *prefix);
#define new_receipt() fixture_text("T")
#define new_reference() fixture_text("REF-")
#define new_checkout() fixture_text("ws_CO_")
/* A new secret for a callback's path: 32 hex digits. */
struct str fixture_token(void);

/* A payment to insert; what is left out is NULL in the row. */
struct seed {
    const struct app *app; /* NULL: ADMIN_SHOP */
    enum payment_type type;
    enum payment_status status;
    int64_t cents; /* 0: 100 shillings */
    struct str receipt, reference, phone, checkout, account, token;
    const char *short_code; /* NULL: the PayBill */
    bool is_open;           /* a push whose account reference is not settled */
    int64_t created_at_us;  /* 0: now */
};
struct uuid fixture_payment(const struct seed *seed);
/* Money paid by hand that nobody has claimed. */
struct uuid fixture_intake(struct str receipt);

/* Whether the row fits an SQL condition; how many rows of a table do. */
RISITI_PRINTF(2, 3) bool row_is(const struct uuid *payment_id, const char *format, ...);
RISITI_PRINTF(2, 3) int64_t count_rows(const char *table, const char *format, ...);
/* Changes the row behind the domain's back. */
void row_set(const struct uuid *payment_id, const char *assignments);
/* "created,paid,claimed": the events of a payment, oldest first. */
bool events_are(const struct uuid *payment_id, const char *events);

/* A confirmation's body; what is NULL has its default: 100.00 to the PayBill by PHONE. */
struct c2b {
    struct str receipt;
    const char *amount, *short_code, *account, *phone;
};
struct str c2b_body(const struct c2b *c2b);
/* An STK result's body; NULL members are left out, `code` NULL is 0. */
struct stk {
    struct str checkout;
    const char *code; /* as JSON: "0", "\"1032\"" */
    struct str receipt;
    const char *amount, *phone;
};
struct str stk_body(const struct stk *stk);

/* Posts a callback from a listed address; its journal row must be committed. */
struct callback_effect post_c2b(struct service *service, struct str body);
/* By the secret in the path, or by the checkout id when `token` is empty. */
struct callback_effect post_stk(struct service *service, struct str token, struct str body);
/* The same from tests that only look at the state. */
enum inbox_state c2b_state(const struct c2b *c2b);
enum inbox_state stk_state(const struct stk *stk);

/* Work for several processes that start at once, each with a service of its own. */
struct race {
    /* `shared` is memory that all of them see. Returns the exit code: 0 is fine. */
    int (*run)(struct service *service, int index, void *shared);
    void *shared;
    int processes;
};
/* Memory for race.shared, zeroed. */
RISITI_CHECKED void *race_memory(size_t bytes);
void race_memory_free(void *memory, size_t bytes);
/* How many processes did not end with 0. */
int race_run(const struct race *race);

#endif
