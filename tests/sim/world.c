/* Time, chance, the processes and the configuration of a history: see sim.h. */
#include "risiti/base/base.h"

#include "sim.h"

#include <dirent.h>
#include <stdarg.h>
#include <unistd.h>

#include "risiti/base/clock.h"
#include "risiti/base/crypto.h"
#include "risiti/base/log.h"
#include "risiti/db/migrate.h"
#include "risiti/domain/spool.h"

#define ARENA_BYTES ((size_t)32 << 20)
/* 2031-02-03T11:00:00Z, when every history begins: later than any file's time. */
#define START_US (INT64_C(1927882800) * CLOCK_US_PER_SECOND)
#define NOTES_MAX 60
#define NOTE_SIZE 240

struct world sim;
struct app sim_apps[SIM_APPS];
struct worker sim_workers[SIM_WORKERS];
bool sim_verbose;
char sim_salt[SIM_SALT_DIGITS + 1];

static uint64_t chance_state, bytes_state;
static char notes[NOTES_MAX][NOTE_SIZE];
static unsigned note_count;
static struct config *config;
static char database[64];
static char spool[200];

enum err __real_spool_write(struct spool *spool, const struct callback *callback);
enum err __wrap_spool_write(struct spool *spool, const struct callback *callback);
void __wrap_db_deadline_begin(struct db *db, int64_t duration_ms);
bool __wrap_db_deadline_end(struct db *db);
int64_t __wrap_clock_now_us(void);
int64_t __wrap_clock_monotonic_ms(void);
void __wrap_clock_sleep_ms(int64_t duration_ms);
enum err __wrap_crypto_random(void *ret_bytes, size_t count);

/* splitmix64. */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t sim_random(void)
{
    return next(&chance_state);
}

unsigned sim_below(unsigned bound)
{
    ASSERT(bound > 0);
    return (unsigned)(sim_random() % bound);
}

bool sim_chance(unsigned percent)
{
    return sim_below(100) < percent;
}

/* Ids and secrets of the history: from the seed too, but no part of what is chosen. */
enum err __wrap_crypto_random(void *ret_bytes, size_t count)
{
    unsigned char *bytes = ret_bytes;

    for (size_t i = 0; i < count; i++)
        bytes[i] = (unsigned char)next(&bytes_state);
    return ERR_OK;
}

/* A process that has ended writes no file. */
enum err __wrap_spool_write(struct spool *spool_, const struct callback *callback)
{
    return sim_worker->is_dead ? ERR_IO : __real_spool_write(spool_, callback);
}

/* The limit in real time: the histories' time is another. */
void __wrap_db_deadline_begin(struct db *db, int64_t duration_ms)
{
    (void)db;
    (void)duration_ms;
}

bool __wrap_db_deadline_end(struct db *db)
{
    (void)db;
    return false;
}

int64_t __wrap_clock_now_us(void)
{
    return ++sim.now_us + (sim_worker != NULL ? sim_worker->skew_us : 0);
}

int64_t __wrap_clock_monotonic_ms(void)
{
    return sim.monotonic_us / 1000;
}

void __wrap_clock_sleep_ms(int64_t duration_ms)
{
    sim.now_us += duration_ms * 1000;
    sim.monotonic_us += duration_ms * 1000;
    lane_yield();
}

int64_t time_passed_s(void)
{
    return (sim.now_us - START_US) / CLOCK_US_PER_SECOND;
}

void time_passes(int64_t seconds)
{
    sim.now_us += seconds * CLOCK_US_PER_SECOND;
    sim.monotonic_us += seconds * CLOCK_US_PER_SECOND;
}

void text_write(char *text, size_t size, const char *format, ...)
{
    va_list values;
    int length;

    va_start(values, format);
    length = vsnprintf(text, size, format, values);
    va_end(values);
    ASSERT(length >= 0 && (size_t)length < size);
}

void sim_note(const char *format, ...)
{
    char *note = notes[note_count++ % NOTES_MAX];
    va_list values;
    int length;

    va_start(values, format);
    length = vsnprintf(note, NOTE_SIZE, format, values);
    va_end(values);
    ASSERT(length >= 0);
    for (const char *c = note; *c != '\0'; c++) {
        if (strncmp(c, sim_salt, SIM_SALT_DIGITS) == 0)
            c += SIM_SALT_DIGITS;
        sim.fingerprint = (sim.fingerprint ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    }
    if (sim_verbose)
        printf("%s\n", note);
}

void sim_steps_print(void)
{
    const unsigned first = note_count > NOTES_MAX ? note_count - NOTES_MAX : 0;

    for (unsigned i = first; i < note_count; i++)
        printf("  %s\n", notes[i % NOTES_MAX]);
}

void sim_fail(const char *format, ...)
{
    va_list values;
    int length;

    if (sim.has_failed)
        return;
    va_start(values, format);
    length = vsnprintf(sim.failure, sizeof(sim.failure), format, values);
    va_end(values);
    ASSERT(length >= 0);
    sim.has_failed = true;
    sim_note("FAILED: %s", sim.failure);
}

void worker_open(struct worker *worker)
{
    const enum err err = service_open(&worker->service, config, ARENA_BYTES);

    ASSERT(err == ERR_OK);
    worker->service.request_id = STR("sim");
    worker->is_open = true;
}

void worker_close(struct worker *worker)
{
    if (!worker->is_open)
        return;
    service_close(&worker->service);
    worker->is_open = false;
    worker->clocked = NULL;
}

/* What a history that failed has left there. */
static void spool_empty(void)
{
    DIR *folder = opendir(spool);
    const struct dirent *entry;

    ASSERT(folder != NULL);
    while ((entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.')
            (void)unlinkat(dirfd(folder), entry->d_name, 0); /* a folder stays, and is seen */
    (void)closedir(folder);
}

void world_reset(uint64_t seed)
{
    static unsigned run;
    const int64_t monotonic_us = sim.monotonic_us;

    memset(&sim, 0, sizeof(sim));
    text_write(sim_salt, sizeof(sim_salt), "8%04u", run++ % 10000);
    sim.seed = seed;
    sim.now_us = START_US;
    /* Never back: connections of the history before live on. */
    sim.monotonic_us = monotonic_us + 3600 * CLOCK_US_PER_SECOND;
    chance_state = seed * UINT64_C(0xd1342543de82ef95) + 1;
    bytes_state = ~chance_state + run;
    note_count = 0;
    sql_empty();
    spool_empty();
    check_forget();
    for (unsigned i = 0; i < SIM_WORKERS; i++) {
        struct worker *worker = &sim_workers[i];

        fault_begin(worker, &(struct fault){.kind = FAULT_NONE});
        worker->clocked = NULL;
        worker->skew_us = 0;
        /* No connection: whether there is one would make a difference when the server goes away. */
        db_disconnect(worker->service.db);
        arena_reset(worker->service.arena);
    }
    /* Hosts whose clocks differ from each other and from the database's. */
    if (sim_chance(25))
        for (unsigned i = 0; i < SIM_WORKERS; i++)
            sim_workers[i].skew_us = ((int64_t)sim_below(41) - 20) * CLOCK_US_PER_SECOND;
    config->short_codes[0].is_default = !sim_chance(30);
    config->short_codes[1].is_default = !config->short_codes[0].is_default;
}

static const char config_text[] =
    "[service]\n"
    "public_url = https://pay.example.co.ke\n"
    "secret_key = "
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
    "[database]\n"
    "socket = %s\n"
    "name = %s\n"
    "user = root\n"
    "[callbacks]\n"
    "spool = %s\n"
    "[daraja]\n"
    "consumer_key = key\n"
    "consumer_secret = secret\n"
    "[shortcode " SIM_PAYBILL "]\n"
    "passkey = passkey\n"
    "default = yes\n"
    "[shortcode " SIM_TILL "]\n"
    "type = till\n"
    "store_number = 800200\n"
    "passkey = passkey\n";

static bool config_read(const char *socket)
{
    char path[] = "/tmp/risiti-sim.XXXXXX";
    const int fd = mkstemp(path);
    struct config_findings findings;
    enum err err = ERR_IO;

    config_findings_init(&findings);
    if (fd >= 0 && dprintf(fd, config_text, socket, database, spool) > 0)
        err = config_load(path, &config, &findings);
    if (err != ERR_OK)
        (void)fprintf(stderr, "sim: configuration: %s: %.*s\n", err_name(err),
                      STR_ARG(buffer_str(&findings.errors)));
    if (fd >= 0) {
        (void)close(fd);
        (void)unlink(path);
    }
    config_findings_release(&findings);
    return err == ERR_OK;
}

static bool apps_make(struct service *service)
{
    static const enum claim_requires requires[SIM_APPS] = {CLAIM_REQUIRES_NONE, CLAIM_REQUIRES_NONE,
                                                           CLAIM_REQUIRES_AMOUNT};

    for (unsigned i = 0; i < SIM_APPS; i++) {
        static const char *const names[SIM_APPS] = {"shop", "school", "clinic"};
        struct app_new_key key;

        if (app_create(service, str_from(names[i]), requires[i], &sim_apps[i], &key) != ERR_OK)
            return false;
        sim_apps[i].name = str_from(names[i]); /* the service's memory is reset */
    }
    return true;
}

bool sim_open(unsigned process, bool is_fast)
{
    const char *socket = getenv("RISITI_TEST_DB_SOCKET");
    const char *temporary = getenv("TMPDIR");
    const struct log_options log = {
        .target = sim_verbose ? "stderr" : "/dev/null",
        .level = sim_verbose && getenv("SIM_LOG") != NULL ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR,
        .program = "sim"};
    bool ok;

    if (socket == NULL || !sql_open(socket))
        return false;
    sim.now_us = START_US;
    text_write(spool, sizeof(spool), "%s/risiti-sim-spool.XXXXXX",
               temporary != NULL ? temporary : "/tmp");
    text_write(database, sizeof(database), "risiti_sim_%ld_%u", (long)getpid(), process);
    sql_run("CREATE DATABASE %s", database);
    sql_run("USE %s", database);
    /* For a private server only: nothing here outlives it. */
    if (is_fast)
        sql_run("SET GLOBAL innodb_flush_log_at_trx_commit = 0");
    if (mkdtemp(spool) == NULL || !config_read(socket) || log_open(&log) != ERR_OK)
        return false;
    for (unsigned i = 0; i < SIM_WORKERS; i++)
        worker_open(&sim_workers[i]);
    ok = migrate_run(sim_workers[0].service.db, NULL) == ERR_OK;
    if (ok)
        sql_tables_note();
    ok = ok && apps_make(&sim_workers[0].service);
    if (!ok)
        (void)fprintf(stderr, "sim: %s\n", db_last_error(sim_workers[0].service.db));
    return ok;
}

void sim_close(void)
{
    spool_empty();
    (void)rmdir(spool); /* a folder for temporary files */
    for (unsigned i = 0; i < SIM_WORKERS; i++)
        worker_close(&sim_workers[i]);
    sql_run("DROP DATABASE %s", database);
    sql_close();
    config_free(config);
}
