/* The domain over a test database: see fixture.h. */
#include "risiti/base/base.h"

#include "fixture.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "risiti/base/clock.h"
#include "risiti/base/mem.h"
#include "risiti/domain/c2b_token.h"
#include "risiti/domain/payment.h"

#define TEXT_SIZE 64
#define TEXTS_MAX 4096
#define BODY_SIZE 4096
#define BODIES_MAX 64
#define SQL_SIZE 2048
#define ARENA_BYTES ((size_t)8 << 20)
#define DEFAULT_CENTS 10000
#define START_PAUSE_MS 2

static struct service shared_service;
static char texts[TEXTS_MAX][TEXT_SIZE];
static unsigned texts_used;
static char bodies[BODIES_MAX][BODY_SIZE];
static unsigned bodies_used;

static void config_fill(struct config *config)
{
    config->limits_lookup_misses_free = 1000000;
    config->limits_lookup_misses_max = 1000000;
    config->limits_lookup_window = 600;
    config->callbacks_plain_stk_trusted = true;
    config->pushes_hold_hours = 24;
    config->pushes_open_seconds = 300;
    config->pushes_query_hours = 24;
    config->pushes_queries_per_minute = 6000;
    config->pushes_proof_days = 7;
    config->short_codes[0] = (struct config_short_code){
        .number = PAYBILL,
        .store_number = PAYBILL,
        .is_default = true,
        .amount_min = {100},
        .amount_max = {25000000},
    };
    config->short_codes[1] = (struct config_short_code){
        .number = TILL,
        .store_number = TILL_STORE,
        .type = SHORT_CODE_TILL,
        .amount_min = {100},
        .amount_max = {25000000},
    };
    config->short_code_count = 2;
}

struct config *fixture_config(void)
{
    static struct config config;

    if (config.short_code_count == 0)
        config_fill(&config);
    return &config;
}

struct service *fixture(void)
{
    if (shared_service.c2b_tokens == NULL)
        shared_service.c2b_tokens = c2b_token_cache_new();
    ASSERT(shared_service.c2b_tokens != NULL);
    shared_service.config = fixture_config();
    shared_service.db = testdb_db();
    shared_service.arena = testdb_arena();
    shared_service.request_id = STR("test");
    return &shared_service;
}

struct service *fixture_open(const struct db_options *options)
{
    struct service *service = mem_alloc(1, sizeof(*service));

    ASSERT(service != NULL);
    *service = (struct service){.config = fixture_config(),
                                .db = db_new(options),
                                .arena = arena_new(ARENA_BYTES),
                                .request_id = STR("test"),
                                .c2b_tokens = c2b_token_cache_new()};
    ASSERT(service->db != NULL && service->arena != NULL && service->c2b_tokens != NULL);
    return service;
}

void fixture_close(struct service *service)
{
    c2b_token_cache_free(service->c2b_tokens);
    db_free(service->db);
    arena_free(service->arena);
    mem_free(service);
}

struct str fixture_text(const char *prefix)
{
    char *text = texts[texts_used % TEXTS_MAX];
    const int length = snprintf(text, TEXT_SIZE, "%s%09u", prefix, texts_used++);

    ASSERT(length > 0 && length < TEXT_SIZE);
    return str_from(text);
}

struct str fixture_token(void)
{
    char *text = texts[texts_used % TEXTS_MAX];
    const int length = snprintf(text, TEXT_SIZE, "%032x", texts_used++);

    ASSERT(length == 32);
    return str_from(text);
}

struct app fixture_app(enum claim_requires claim_requires)
{
    const struct str name = fixture_text("app-");
    struct app_new_key key;
    struct app app;
    const enum err err = app_create(fixture(), name, claim_requires, &app, &key);

    ASSERT(err == ERR_OK);
    return app;
}

/* One payment to insert, and its unit's context. */
struct insertion {
    struct payment payment;
    struct payment_insert insert;
    struct sha256 token_hash;
};

static enum err insertion_work(struct db *db, void *context)
{
    const struct insertion *insertion = context;
    const struct payment_cause cause = {.evidence = "test", .app_id = &insertion->payment.app_id};
    const enum err err = payment_store_insert(db, &insertion->insert);

    return err == ERR_OK ? payment_event_add(&shared_service, &insertion->payment, &cause,
                                             "created", STR_EMPTY)
                         : err;
}

/* The time in an id is the row's: lists rely on it. */
static void id_date(struct uuid *id, int64_t instant_us)
{
    for (size_t i = 0; i < 6; i++)
        id->bytes[i] = (unsigned char)((uint64_t)(instant_us / 1000) >> (40 - 8 * i));
}

struct uuid fixture_payment(const struct seed *seed)
{
    struct service *service = fixture();
    struct insertion insertion = {
        .payment = {.app_id = seed->app != NULL ? seed->app->id : admin_shop_id,
                    .external_reference = seed->reference,
                    .phone = seed->phone.data != NULL ? seed->phone : STR(PHONE),
                    .amount = {seed->cents != 0 ? seed->cents : DEFAULT_CENTS},
                    .receipt = seed->receipt,
                    .checkout_request_id = seed->checkout,
                    .type = seed->type,
                    .status = seed->status,
                    .created_at_us =
                        seed->created_at_us != 0 ? seed->created_at_us : clock_now_us(),
                    .short_code = str_from(seed->short_code != NULL ? seed->short_code : PAYBILL),
                    .account_reference = seed->account}};
    const struct db_unit unit = {.work = insertion_work, .context = &insertion};
    enum err err = uuid_new(&insertion.payment.id);

    if (seed->created_at_us != 0)
        id_date(&insertion.payment.id, seed->created_at_us);
    insertion.insert = (struct payment_insert){.payment = &insertion.payment};
    if (seed->is_open)
        insertion.insert.open_reference = seed->account;
    if (err == ERR_OK && seed->token.data != NULL) {
        err = crypto_sha256(seed->token, &insertion.token_hash);
        insertion.insert.token_hash = &insertion.token_hash;
    }
    if (err == ERR_OK)
        err = db_run_unit(service->db, &unit);
    if (err != ERR_OK)
        (void)fprintf(stderr, "fixture_payment: %s\n", db_last_error(service->db));
    ASSERT(err == ERR_OK);
    return insertion.payment.id;
}

struct uuid fixture_intake(struct str receipt)
{
    return fixture_payment(&(struct seed){
        .type = PAYMENT_TYPE_C2B, .status = PAYMENT_STATUS_SUCCESS, .receipt = receipt});
}

static const char *sql_id(const struct uuid *id, char buffer[UUID_TEXT_SIZE])
{
    return crypto_hex(id->bytes, UUID_BYTES, buffer);
}

RISITI_PRINTF(2, 0)
static void condition_write(char buffer[SQL_SIZE], const char *format, va_list values)
{
    const int length = vsnprintf(buffer, SQL_SIZE, format, values);

    ASSERT(length > 0 && length < SQL_SIZE);
}

bool row_is(const struct uuid *payment_id, const char *format, ...)
{
    char id[UUID_TEXT_SIZE], condition[SQL_SIZE];
    va_list values;

    va_start(values, format);
    condition_write(condition, format, values);
    va_end(values);
    return testdb_number("SELECT COUNT(*) FROM payment WHERE id = UNHEX('%s') AND (%s)",
                         sql_id(payment_id, id), condition) == 1;
}

int64_t count_rows(const char *table, const char *format, ...)
{
    char condition[SQL_SIZE];
    va_list values;

    va_start(values, format);
    condition_write(condition, format, values);
    va_end(values);
    return testdb_number("SELECT COUNT(*) FROM %s WHERE %s", table, condition);
}

void row_set(const struct uuid *payment_id, const char *assignments)
{
    char id[UUID_TEXT_SIZE];

    testdb_sql("UPDATE payment SET %s WHERE id = UNHEX('%s')", assignments, sql_id(payment_id, id));
}

bool events_are(const struct uuid *payment_id, const char *events)
{
    char id[UUID_TEXT_SIZE];
    const bool are =
        testdb_number("SELECT GROUP_CONCAT(event ORDER BY sequence) = '%s' FROM payment_event "
                      "WHERE payment_id = UNHEX('%s')",
                      events, sql_id(payment_id, id)) == 1;

    /* The story has no gap: its numbers run from 1 to the payment's version. */
    return are && testdb_number("SELECT COUNT(*) = MAX(sequence) AND MAX(sequence) = "
                                "(SELECT version FROM payment WHERE id = UNHEX('%s')) "
                                "FROM payment_event WHERE payment_id = UNHEX('%s')",
                                id, id) == 1;
}

static const char *or_default(const char *text, const char *fallback)
{
    return text != NULL ? text : fallback;
}

struct str c2b_body(const struct c2b *c2b)
{
    char *body = bodies[bodies_used++ % BODIES_MAX];
    const int length = snprintf(
        body, BODY_SIZE,
        "{\"TransactionType\":\"Pay Bill\",\"TransID\":\"%.64s\",\"TransTime\":\"20261123141527\","
        "\"TransAmount\":\"%s\",\"BusinessShortCode\":\"%s\",\"BillRefNumber\":\"%s\","
        "\"InvoiceNumber\":\"\",\"OrgAccountBalance\":\"48210.00\",\"ThirdPartyTransID\":\"\","
        "\"MSISDN\":\"%s\",\"FirstName\":\"JANE\",\"MiddleName\":\"\",\"LastName\":\"\"}",
        or_default(c2b->receipt.data, ""), or_default(c2b->amount, "100.00"),
        or_default(c2b->short_code, PAYBILL), or_default(c2b->account, "A7Q2M9"),
        or_default(c2b->phone, PHONE));

    ASSERT(length > 0 && length < BODY_SIZE);
    return str_from(body);
}

struct str stk_body(const struct stk *stk)
{
    char *body = bodies[bodies_used++ % BODIES_MAX];
    char items[BODY_SIZE / 2];
    int length =
        snprintf(items, sizeof(items),
                 ",\"CallbackMetadata\":{\"Item\":[%s%s%s%s%.64s%s%s%s%s"
                 "{\"Name\":\"TransactionDate\",\"Value\":20261123141527}]}",
                 stk->amount != NULL ? "{\"Name\":\"Amount\",\"Value\":" : "",
                 or_default(stk->amount, ""), stk->amount != NULL ? "}," : "",
                 stk->receipt.data != NULL ? "{\"Name\":\"MpesaReceiptNumber\",\"Value\":\"" : "",
                 or_default(stk->receipt.data, ""), stk->receipt.data != NULL ? "\"}," : "",
                 stk->phone != NULL ? "{\"Name\":\"PhoneNumber\",\"Value\":" : "",
                 or_default(stk->phone, ""), stk->phone != NULL ? "}," : "");

    ASSERT(length > 0 && (size_t)length < sizeof(items));
    length = snprintf(body, BODY_SIZE,
                      "{\"Body\":{\"stkCallback\":{\"MerchantRequestID\":\"7f21-4c0d-1\","
                      "\"CheckoutRequestID\":\"%.64s\",\"ResultCode\":%s,"
                      "\"ResultDesc\":\"what happened\"%s}}}",
                      or_default(stk->checkout.data, ""), or_default(stk->code, "0"),
                      stk->code == NULL ? items : "");
    ASSERT(length > 0 && length < BODY_SIZE);
    return str_from(body);
}

static struct callback_effect post(struct service *service, const struct callback *callback)
{
    struct callback_effect effect;
    const enum err err = callback_receive(service, callback, &effect);

    if (err != ERR_OK)
        (void)fprintf(stderr, "post: %s: %s\n", err_name(err), db_last_error(service->db));
    ASSERT(err == ERR_OK);
    return effect;
}

struct callback_effect post_c2b(struct service *service, struct str body)
{
    return post(service, &(struct callback){.kind = INBOX_KIND_C2B,
                                            .body = body,
                                            .source = STR(SAFARICOM),
                                            .is_listed = true});
}

struct callback_effect post_stk(struct service *service, struct str token, struct str body)
{
    struct callback callback = {
        .kind = INBOX_KIND_STK, .body = body, .source = STR(SAFARICOM), .is_listed = true};
    struct sha256 hash;

    if (token.length > 0) {
        const enum err err = callback_token_find(service, INBOX_KIND_STK, token, &hash);

        ASSERT(err == ERR_OK);
        callback.token_hash = &hash;
    }
    return post(service, &callback);
}

enum inbox_state c2b_state(const struct c2b *c2b)
{
    return post_c2b(fixture(), c2b_body(c2b)).state;
}

enum inbox_state stk_state(const struct stk *stk)
{
    return post_stk(fixture(), STR_EMPTY, stk_body(stk)).state;
}

void *race_memory(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ASSERT(memory != MAP_FAILED);
    return memory;
}

void race_memory_free(void *memory, size_t bytes)
{
    (void)munmap(memory, bytes);
}

/* The child's whole life: it owns nothing of its parent's, so it leaves without ending anything. */
__attribute__((noreturn)) static void racer(const struct race *race, int index, atomic_int *waiting)
{
    struct service *service = fixture_open(testdb_options());
    const bool is_connected = db_connect(service->db) == ERR_OK;

    (void)atomic_fetch_sub(waiting, 1);
    if (!is_connected)
        _exit(EXIT_FAILURE);
    while (atomic_load(waiting) > 0)
        clock_sleep_ms(START_PAUSE_MS);
    _exit(race->run(service, index, race->shared));
}

int race_run(const struct race *race)
{
    atomic_int *waiting = race_memory(sizeof(*waiting));
    int failures = 0;

    atomic_store(waiting, race->processes);
    (void)fflush(NULL);
    for (int i = 0; i < race->processes; i++) {
        const pid_t child = fork();

        ASSERT(child >= 0);
        if (child == 0)
            racer(race, i, waiting);
    }
    for (int i = 0; i < race->processes; i++) {
        int status;
        const pid_t child = wait(&status);

        ASSERT(child > 0);
        failures += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    }
    race_memory_free(waiting, sizeof(*waiting));
    return failures;
}
