/* Callbacks while the database is away, hangs or is not ours: in files, and then in the journal. */
#include "risiti/base/base.h"

#include "risiti/domain/callback_spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "risiti/base/clock.h"
#include "risiti/db/token_store.h"
#include "risiti/domain/callback_accept.h"
#include "risiti/domain/spool.h"
#include "testproxy.h"

#define FOLDER_SIZE 64
#define PATH_SIZE 512
#define BODY_SIZE 4096
#define RACE_PROCESSES 4
#define RACE_FILES 40
#define STRANGER "203.0.113.7"
/* Far above what a callback waits on a busy machine, far below what the library would. */
#define PATIENCE_MS 2500

static const struct turn turn = {.limit = 1000};

/* A service behind a proxy, with a spool of its own. */
struct host {
    char folder[FOLDER_SIZE];
    struct testproxy *proxy;
    struct db_options options;
    struct service *service;
};

static void folder_set(const char *folder)
{
    struct config *config = fixture_config();

    ASSERT(str_copy(str_from(folder), config->callbacks_spool, sizeof(config->callbacks_spool)));
}

static struct host host_new(void)
{
    struct host host = {.proxy = testproxy_start()};
    struct config *config = fixture_config();

    ASSERT(str_copy(STR("/tmp/risiti-spool.XXXXXX"), host.folder, sizeof(host.folder)));
    ASSERT(mkdtemp(host.folder) != NULL);
    host.options = testproxy_options(host.proxy);
    host.service = fixture_open(&host.options);
    folder_set(host.folder);
    config->callbacks_spool_files = 1000;
    config->callbacks_spool_unlisted = 10;
    config->callbacks_quarantine = 1000;
    host.service->spool = spool_new(config);
    ASSERT(host.service->spool != NULL);
    return host;
}

static const char *path_in(const struct host *host, const char *name, char path[PATH_SIZE])
{
    ASSERT(snprintf(path, PATH_SIZE, "%s/%s", host->folder, name) < PATH_SIZE);
    return path;
}

static void each_file(const struct host *host, void (*visit)(const char *path))
{
    DIR *list = opendir(host->folder);
    const struct dirent *entry;

    ASSERT(list != NULL);
    while ((entry = readdir(list)) != NULL) {
        char path[PATH_SIZE];

        if (entry->d_name[0] != '.')
            visit(path_in(host, entry->d_name, path));
    }
    (void)closedir(list);
}

static void file_remove(const char *path)
{
    ASSERT(unlink(path) == 0);
}

static void host_end(struct host *host)
{
    spool_free(host->service->spool);
    fixture_close(host->service);
    testproxy_stop(host->proxy);
    each_file(host, file_remove);
    ASSERT(rmdir(host->folder) == 0);
}

static void database_goes(struct host *host)
{
    testproxy_door(host->proxy, TESTPROXY_SHUT);
    testproxy_hang_up(host->proxy);
    db_disconnect(host->service->db);
}

static void database_comes(struct host *host)
{
    testproxy_door(host->proxy, TESTPROXY_OPEN);
    host->service->intake.rest_until_ms = 0;
    while (db_connect(host->service->db) != ERR_OK)
        clock_sleep_ms(20);
}

static enum err accept_from(struct host *host, const char *source, bool is_listed, struct str token,
                            struct str body)
{
    const struct callback callback = {
        .kind = INBOX_KIND_C2B, .body = body, .source = str_from(source), .is_listed = is_listed};
    enum err err = callback_accept(host->service, &callback, token);

    arena_reset(host->service->arena);
    return err;
}

static enum err accept_one(struct host *host, struct str body)
{
    return accept_from(host, SAFARICOM, true, STR_EMPTY, body);
}

static struct spool_count files_of(const struct host *host)
{
    struct spool_count count;

    ASSERT(spool_count(host->service->spool, &count) == ERR_OK);
    return count;
}

static unsigned drain(struct host *host)
{
    unsigned done = 0;

    CU_ASSERT_EQUAL(spool_drain_due(host->service, &turn, &done), ERR_OK);
    arena_reset(host->service->arena);
    return done;
}

static int64_t payments_with(struct str receipt)
{
    return count_rows("payment", "mpesa_receipt_number = '%.*s'", STR_ARG(receipt));
}

static int64_t journaled(const char *state, struct str body)
{
    return count_rows("callback_inbox", "state = '%s' AND body = '%.*s'", state, STR_ARG(body));
}

static int64_t rows_with(struct str body)
{
    return count_rows("callback_inbox", "body = '%.*s'", STR_ARG(body));
}

static struct str confirmation(struct str receipt)
{
    return c2b_body(&(struct c2b){.receipt = receipt});
}

static void without_a_database_a_callback_waits_in_a_file(void)
{
    struct host host = host_new();
    struct str receipt = new_receipt(), body = confirmation(receipt);

    database_goes(&host);
    CU_ASSERT_EQUAL(accept_one(&host, body), ERR_OK);
    CU_ASSERT_EQUAL(files_of(&host).waiting, 1);
    CU_ASSERT_EQUAL(rows_with(body), 0);
    database_comes(&host);
    CU_ASSERT_EQUAL(drain(&host), 1);
    CU_ASSERT_EQUAL(files_of(&host).waiting, 0);
    CU_ASSERT_EQUAL(payments_with(receipt), 1);
    CU_ASSERT_EQUAL(count_rows("callback_inbox",
                               "body = '%.*s' AND state = 'applied' AND source = '" SAFARICOM
                               "' AND request_id = 'test' AND token_hash IS NULL AND "
                               "received_at > UTC_TIMESTAMP(6) - INTERVAL 1 MINUTE",
                               STR_ARG(body)),
                    1);
    CU_ASSERT_EQUAL(drain(&host), 0);
    host_end(&host);
}

static void with_a_database_nothing_is_put_into_a_file(void)
{
    struct host host = host_new();
    struct str body = confirmation(new_receipt());

    CU_ASSERT_EQUAL(accept_one(&host, body), ERR_OK);
    CU_ASSERT_EQUAL(journaled("applied", body), 1);
    CU_ASSERT_EQUAL(files_of(&host).waiting, 0);
    host_end(&host);
}

static void any_body_is_kept_as_it_came(void)
{
    static const struct str bodies[] = {STR_INIT(""), STR_INIT("\n"), STR_INIT("a\nb\n\n"),
                                        STR_INIT("{\"x\":\"\xff\xfe\"}"), STR_INIT("\0\0")};
    struct host host = host_new();

    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
        char hex[64];
        int64_t before;

        (void)crypto_hex(bodies[i].data, bodies[i].length, hex);
        before = count_rows("callback_inbox", "HEX(body) = UPPER('%s')", hex);
        database_goes(&host);
        CU_ASSERT_EQUAL(accept_one(&host, bodies[i]), ERR_OK);
        database_comes(&host);
        CU_ASSERT_EQUAL(drain(&host), 1);
        CU_ASSERT_EQUAL(count_rows("callback_inbox", "HEX(body) = UPPER('%s')", hex), before + 1);
    }
    host_end(&host);
}

static void a_commit_that_took_effect_after_all_is_not_done_again(void)
{
    struct host host = host_new();
    struct str receipt = new_receipt(), body = confirmation(receipt);

    database_comes(&host);
    testproxy_door(host.proxy, TESTPROXY_SHUT);
    testproxy_cut(host.proxy, TESTPROXY_COMMIT, TESTPROXY_ANSWER, 1);
    CU_ASSERT_EQUAL(accept_one(&host, body), ERR_OK);
    CU_ASSERT_EQUAL(testproxy_cuts_left(host.proxy), 0);
    CU_ASSERT_EQUAL(files_of(&host).waiting, 1);
    CU_ASSERT_EQUAL(journaled("applied", body), 1);
    database_comes(&host);
    CU_ASSERT_EQUAL(drain(&host), 1);
    CU_ASSERT_EQUAL(files_of(&host).waiting, 0);
    CU_ASSERT_EQUAL(rows_with(body), 1);
    CU_ASSERT_EQUAL(journaled("applied", body), 1);
    CU_ASSERT_EQUAL(payments_with(receipt), 1);
    host_end(&host);
}

static void a_callback_waits_a_moment_for_a_lock_and_the_next_one_not_at_all(void)
{
    struct host host = host_new();
    struct str receipt = new_receipt(), first = confirmation(receipt);
    struct str second = confirmation(new_receipt());
    struct uuid locked = fixture_intake(receipt);
    int64_t started_ms;
    int commands;

    database_comes(&host);
    testdb_sql("BEGIN");
    row_set(&locked, "version = version + 1, mpesa_receipt_number = NULL");
    started_ms = clock_monotonic_ms();
    CU_ASSERT_EQUAL(accept_one(&host, first), ERR_OK);
    CU_ASSERT_TRUE(clock_monotonic_ms() - started_ms < PATIENCE_MS);
    CU_ASSERT_EQUAL(files_of(&host).waiting, 1);
    CU_ASSERT_TRUE(callback_database_rests(host.service));
    commands = testproxy_connections(host.proxy);
    host.service->intake.rest_until_ms = INT64_MAX; /* however slow this machine is */
    CU_ASSERT_EQUAL(accept_one(&host, second), ERR_OK);
    CU_ASSERT_EQUAL(testproxy_connections(host.proxy), commands);
    CU_ASSERT_EQUAL(files_of(&host).waiting, 2);
    testdb_sql("ROLLBACK");
    database_comes(&host);
    CU_ASSERT_EQUAL(drain(&host), 2);
    CU_ASSERT_EQUAL(journaled("repeated", first), 1);
    CU_ASSERT_EQUAL(journaled("applied", second), 1);
    host_end(&host);
}

static void a_server_that_says_nothing_does_not_hold_a_callback(void)
{
    struct host host = host_new();
    struct str body = confirmation(new_receipt());
    int64_t started_ms = clock_monotonic_ms();

    testproxy_door(host.proxy, TESTPROXY_SILENT);
    CU_ASSERT_EQUAL(accept_one(&host, body), ERR_OK);
    CU_ASSERT_TRUE(clock_monotonic_ms() - started_ms < PATIENCE_MS);
    CU_ASSERT_EQUAL(files_of(&host).waiting, 1);
    CU_ASSERT_TRUE(callback_database_rests(host.service));
    host_end(&host);
}

static void a_validation_does_not_wait_for_its_secret(void)
{
    struct host host = host_new();
    int64_t started_ms = clock_monotonic_ms();

    testproxy_door(host.proxy, TESTPROXY_SILENT);
    CU_ASSERT_EQUAL(callback_token_find_soon(host.service, INBOX_KIND_C2B, fixture_token()),
                    ERR_DB_AWAY);
    CU_ASSERT_TRUE(clock_monotonic_ms() - started_ms < PATIENCE_MS);
    CU_ASSERT_TRUE(callback_database_rests(host.service));
    host_end(&host);
}

static void a_schema_that_does_not_admit_us_gets_nothing_written(void)
{
    struct host host = host_new();
    struct str body = confirmation(new_receipt());
    unsigned done;

    testdb_sql("UPDATE schema_migration SET oldest_level = 999");
    CU_ASSERT_EQUAL(accept_one(&host, body), ERR_OK);
    CU_ASSERT_EQUAL(files_of(&host).waiting, 1);
    CU_ASSERT_EQUAL(spool_drain_due(host.service, &turn, &done), ERR_DB_SCHEMA);
    CU_ASSERT_EQUAL(rows_with(body), 0);
    testdb_sql("UPDATE schema_migration SET oldest_level = 1");
    CU_ASSERT_EQUAL(drain(&host), 1);
    CU_ASSERT_EQUAL(journaled("applied", body), 1);
    host_end(&host);
}

static void no_more_files_are_written_than_may_wait(void)
{
    struct host host = host_new();
    struct spool *small;

    fixture_config()->callbacks_spool_files = 2;
    small = spool_new(fixture_config());
    ASSERT(small != NULL);
    spool_free(host.service->spool);
    host.service->spool = small;
    database_goes(&host);
    CU_ASSERT_EQUAL(accept_one(&host, confirmation(new_receipt())), ERR_OK);
    CU_ASSERT_EQUAL(accept_one(&host, confirmation(new_receipt())), ERR_OK);
    CU_ASSERT_EQUAL(accept_one(&host, confirmation(new_receipt())), ERR_DB_AWAY);
    CU_ASSERT_EQUAL(files_of(&host).waiting, 2);
    host_end(&host);
}

static void strangers_have_a_few_files_of_their_own(void)
{
    struct host host = host_new();
    struct str body = confirmation(new_receipt());

    database_goes(&host);
    for (int i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(accept_from(&host, STRANGER, false, fixture_token(), body), ERR_OK);
    CU_ASSERT_EQUAL(accept_from(&host, STRANGER, false, fixture_token(), body), ERR_DB_AWAY);
    CU_ASSERT_EQUAL(accept_from(&host, STRANGER, false, STR_EMPTY, body), ERR_FORBIDDEN);
    CU_ASSERT_EQUAL(files_of(&host).unlisted, 10);
    CU_ASSERT_EQUAL(accept_one(&host, confirmation(new_receipt())), ERR_OK);
    CU_ASSERT_EQUAL(files_of(&host).waiting, 11);
    database_comes(&host);
    CU_ASSERT_EQUAL(drain(&host), 11);
    CU_ASSERT_EQUAL(journaled("quarantined", body), 10);
    host_end(&host);
}

static void on_a_full_disk_a_callback_is_refused_and_leaves_nothing(void)
{
    struct host host = host_new();
    pid_t child;
    int status;

    database_goes(&host);
    (void)fflush(NULL);
    child = fork();
    ASSERT(child >= 0);
    if (child == 0) {
        const struct rlimit nothing = {.rlim_cur = 0, .rlim_max = 0};
        enum err err;

        ASSERT(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &nothing) == 0);
        err = accept_one(&host, confirmation(new_receipt()));
        _exit(err == ERR_DB_AWAY && err_info(err)->retryable ? 0 : 1);
    }
    ASSERT(waitpid(child, &status, 0) == child);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_EQUAL(files_of(&host).waiting, 0);
    CU_ASSERT_EQUAL(rmdir(host.folder), 0);
    ASSERT(mkdir(host.folder, 0700) == 0);
    host_end(&host);
}

static void a_folder_that_is_none_is_refused(void)
{
    struct host host = host_new();
    char path[PATH_SIZE];
    int file;

    database_goes(&host);
    file = open(path_in(&host, "file", path), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ASSERT(file >= 0 && close(file) == 0);
    folder_set(path);
    CU_ASSERT_EQUAL(accept_one(&host, confirmation(new_receipt())), ERR_DB_AWAY);
    host_end(&host);
}

static void the_folder_is_made_when_it_is_not_there(void)
{
    struct host host = host_new();
    struct stat status;

    ASSERT(rmdir(host.folder) == 0);
    CU_ASSERT_EQUAL(files_of(&host).waiting, 0);
    CU_ASSERT_EQUAL(drain(&host), 0);
    database_goes(&host);
    CU_ASSERT_EQUAL(accept_one(&host, confirmation(new_receipt())), ERR_OK);
    CU_ASSERT_EQUAL(stat(host.folder, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0700);
    database_comes(&host);
    CU_ASSERT_EQUAL(drain(&host), 1);
    host_end(&host);
}

static void a_folder_that_cannot_be_used_is_known_before_it_is_needed(void)
{
    struct host host = host_new();
    const struct spool *spool = host.service->spool;
    char path[PATH_SIZE];
    int file = open(path_in(&host, "file", path), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    ASSERT(file >= 0 && close(file) == 0);
    CU_ASSERT_TRUE(spool_is_usable(spool));
    folder_set(path);
    CU_ASSERT_FALSE(spool_is_usable(spool)); /* a file */
    folder_set(path_in(&host, "new", path));
    CU_ASSERT_TRUE(spool_is_usable(spool)); /* it can be made */
    folder_set(path_in(&host, "no/new", path));
    CU_ASSERT_FALSE(spool_is_usable(spool));
    host_end(&host);
}

static void a_secret_is_judged_when_its_file_is_brought_in(void)
{
    struct host host = host_new();
    struct c2b_token row = {.short_code = STR(PAYBILL), .sealed = STR("sealed")};
    struct str known = fixture_token(), unknown = fixture_token();
    struct str good = new_receipt(), bad = new_receipt();
    struct sha256 hash;

    ASSERT(crypto_sha256(known, &hash) == ERR_OK);
    ASSERT(c2b_token_store_insert(testdb_db(), &hash, &row, clock_now_us()) == ERR_OK);
    database_goes(&host);
    CU_ASSERT_EQUAL(accept_from(&host, SAFARICOM, true, known, confirmation(good)), ERR_OK);
    CU_ASSERT_EQUAL(accept_from(&host, SAFARICOM, true, unknown, confirmation(bad)), ERR_OK);
    CU_ASSERT_EQUAL(accept_from(&host, SAFARICOM, true, STR("x"), confirmation(bad)), ERR_ROUTE);
    database_comes(&host);
    CU_ASSERT_EQUAL(accept_from(&host, SAFARICOM, true, unknown, confirmation(bad)), ERR_ROUTE);
    CU_ASSERT_EQUAL(drain(&host), 2);
    CU_ASSERT_EQUAL(payments_with(good), 1);
    CU_ASSERT_EQUAL(payments_with(bad), 0);
    CU_ASSERT_EQUAL(journaled("quarantined", confirmation(bad)), 1);
    CU_ASSERT_EQUAL(count_rows("callback_inbox",
                               "token_hash = UNHEX(SHA2('%.*s', 256)) AND state = 'applied'",
                               STR_ARG(known)),
                    1);
    host_end(&host);
}

static void a_file_whose_effect_fails_is_journaled_and_holds_up_nobody(void)
{
    struct host host = host_new();
    struct str bad = new_receipt(), good = new_receipt();

    database_goes(&host);
    CU_ASSERT_EQUAL(accept_one(&host, confirmation(bad)), ERR_OK);
    CU_ASSERT_EQUAL(accept_one(&host, confirmation(good)), ERR_OK);
    database_comes(&host);
    testdb_sql("CREATE TRIGGER poison BEFORE INSERT ON payment FOR EACH ROW "
               "IF NEW.mpesa_receipt_number = '%.*s' THEN SIGNAL SQLSTATE '45000'; END IF",
               STR_ARG(bad));
    CU_ASSERT_EQUAL(drain(&host), 2);
    testdb_sql("DROP TRIGGER poison");
    CU_ASSERT_EQUAL(journaled("failed", confirmation(bad)), 1);
    CU_ASSERT_EQUAL(payments_with(good), 1);
    CU_ASSERT_EQUAL(files_of(&host).waiting, 0);
    host_end(&host);
}

static void what_the_journal_does_not_take_holds_up_nobody_and_stays(void)
{
    struct host host = host_new();
    struct str bad = confirmation(new_receipt()), good = confirmation(new_receipt());

    database_goes(&host);
    CU_ASSERT_EQUAL(accept_one(&host, bad), ERR_OK);
    CU_ASSERT_EQUAL(accept_one(&host, good), ERR_OK);
    database_comes(&host);
    testdb_sql("CREATE TRIGGER poison BEFORE INSERT ON callback_inbox FOR EACH ROW "
               "IF NEW.body = '%.*s' THEN SIGNAL SQLSTATE '45000'; END IF",
               STR_ARG(bad));
    CU_ASSERT_EQUAL(drain(&host), 1);
    CU_ASSERT_EQUAL(drain(&host), 0); /* it was put off */
    testdb_sql("DROP TRIGGER poison");
    CU_ASSERT_EQUAL(journaled("applied", good), 1);
    CU_ASSERT_EQUAL(rows_with(bad), 0);
    CU_ASSERT_EQUAL(files_of(&host).waiting, 1);
    host_end(&host);
}

/* Cuts the end off: what a disk that lost its cache would leave. */
static void file_cut(const char *path)
{
    struct stat status;

    ASSERT(stat(path, &status) == 0 && truncate(path, status.st_size - 1) == 0);
}

static void a_file_that_is_not_whole_is_set_aside(void)
{
    struct host host = host_new();
    struct str lost = confirmation(new_receipt()), kept = confirmation(new_receipt());

    database_goes(&host);
    CU_ASSERT_EQUAL(accept_one(&host, lost), ERR_OK);
    each_file(&host, file_cut);
    CU_ASSERT_EQUAL(accept_one(&host, kept), ERR_OK);
    database_comes(&host);
    CU_ASSERT_EQUAL(drain(&host), 1);
    CU_ASSERT_EQUAL(journaled("applied", kept), 1);
    CU_ASSERT_EQUAL(files_of(&host).damaged, 1);
    CU_ASSERT_EQUAL(files_of(&host).waiting, 0);
    host_end(&host);
}

static void file_make_old(const char *path)
{
    const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

    ASSERT(utimensat(AT_FDCWD, path, times, 0) == 0);
}

static void a_half_written_file_is_never_brought_in(void)
{
    struct host host = host_new();
    char path[PATH_SIZE];
    int file = open(path_in(&host, "01a20b12-5cca-7f6c-81e0-56020b3d0ee2.part", path),
                    O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    ASSERT(file >= 0 && close(file) == 0);
    CU_ASSERT_EQUAL(drain(&host), 0);
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    file_make_old(path);
    file = open(path_in(&host, "x", path), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ASSERT(file >= 0 && close(file) == 0); /* the folder has changed */
    CU_ASSERT_EQUAL(drain(&host), 0);
    CU_ASSERT_NOT_EQUAL(
        access(path_in(&host, "01a20b12-5cca-7f6c-81e0-56020b3d0ee2.part", path), F_OK), 0);
    host_end(&host);
}

static void a_worker_brings_files_in_after_a_request(void)
{
    struct host host = host_new();
    struct str body = confirmation(new_receipt());

    database_goes(&host);
    CU_ASSERT_EQUAL(accept_one(&host, body), ERR_OK);
    spool_drain_after_request(host.service);
    CU_ASSERT_EQUAL(files_of(&host).waiting, 1);
    database_comes(&host);
    spool_drain_after_request(host.service);
    CU_ASSERT_EQUAL(files_of(&host).waiting, 0);
    CU_ASSERT_EQUAL(journaled("applied", body), 1);
    host_end(&host);
}

static void a_folder_without_files_is_read_once(void)
{
    struct host host = host_new();
    struct spool *spool = host.service->spool;

    CU_ASSERT_TRUE(spool_may_have_files(spool));
    CU_ASSERT_EQUAL(drain(&host), 0);
    CU_ASSERT_FALSE(spool_may_have_files(spool));
    database_goes(&host);
    CU_ASSERT_EQUAL(accept_one(&host, confirmation(new_receipt())), ERR_OK);
    CU_ASSERT_TRUE(spool_may_have_files(spool));
    host_end(&host);
}

static void strangers_are_in_quarantine_within_a_bound(void)
{
    struct host host = host_new();
    struct str body = confirmation(new_receipt());

    fixture_config()->callbacks_quarantine = 3;
    testdb_sql("DELETE FROM callback_inbox WHERE state = 'quarantined'");
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(accept_from(&host, STRANGER, false, STR_EMPTY, body), ERR_FORBIDDEN);
    CU_ASSERT_EQUAL(journaled("quarantined", body), 3);
    CU_ASSERT_EQUAL(accept_from(&host, "203.0.113.8", false, STR_EMPTY, body), ERR_FORBIDDEN);
    CU_ASSERT_EQUAL(journaled("quarantined", body), 4);
    CU_ASSERT_EQUAL(host.service->intake.turned_away, 1); /* the first one was told */
    CU_ASSERT_EQUAL(accept_one(&host, body), ERR_OK);
    CU_ASSERT_EQUAL(journaled("applied", body), 1);
    host_end(&host);
}

/* Several hosts with the same files, as after a disk was copied: each file is one row. */
struct copies {
    char folders[RACE_PROCESSES][PATH_SIZE];
};

static int race_drain(struct service *service, int index, void *shared)
{
    struct copies *copies = shared;
    unsigned done = 0;
    enum err err;

    folder_set(copies->folders[index]);
    service->spool = spool_new(fixture_config());
    ASSERT(service->spool != NULL);
    err = spool_drain_due(service, &turn, &done);
    return err == ERR_OK && done == RACE_FILES ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const char *copy_to;

static void file_copy(const char *path)
{
    char copy[2 * PATH_SIZE], bytes[BODY_SIZE];
    int from = open(path, O_RDONLY | O_CLOEXEC), to;
    ssize_t length = read(from, bytes, sizeof(bytes));

    ASSERT(snprintf(copy, sizeof(copy), "%s/%s", copy_to, strrchr(path, '/') + 1) > 0);
    to = open(copy, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ASSERT(from >= 0 && to >= 0 && length > 0);
    ASSERT(write(to, bytes, (size_t)length) == length && close(to) == 0 && close(from) == 0);
}

static void processes_that_bring_in_the_same_files_make_one_row_of_each(void)
{
    struct host host = host_new();
    struct copies *copies = race_memory(sizeof(*copies));
    struct str receipts[RACE_FILES];

    database_goes(&host);
    for (size_t i = 0; i < RACE_FILES; i++) {
        receipts[i] = new_receipt();
        CU_ASSERT_EQUAL(accept_one(&host, confirmation(receipts[i])), ERR_OK);
    }
    for (size_t i = 0; i < RACE_PROCESSES; i++) {
        ASSERT(snprintf(copies->folders[i], PATH_SIZE, "%s.%zu", host.folder, i) < PATH_SIZE);
        ASSERT(mkdir(copies->folders[i], 0700) == 0);
        copy_to = copies->folders[i];
        each_file(&host, file_copy);
    }
    CU_ASSERT_EQUAL(race_run(&(struct race){race_drain, copies, RACE_PROCESSES}), 0);
    for (size_t i = 0; i < RACE_FILES; i++) {
        CU_ASSERT_EQUAL(payments_with(receipts[i]), 1);
        CU_ASSERT_EQUAL(rows_with(confirmation(receipts[i])), 1);
        CU_ASSERT_EQUAL(journaled("applied", confirmation(receipts[i])), 1);
    }
    for (size_t i = 0; i < RACE_PROCESSES; i++)
        CU_ASSERT_EQUAL(rmdir(copies->folders[i]), 0);
    race_memory_free(copies, sizeof(*copies));
    host_end(&host);
}

static const struct tap_test tests[] = {
    TAP_TEST(without_a_database_a_callback_waits_in_a_file),
    TAP_TEST(with_a_database_nothing_is_put_into_a_file),
    TAP_TEST(any_body_is_kept_as_it_came),
    TAP_TEST(a_commit_that_took_effect_after_all_is_not_done_again),
    TAP_TEST(a_callback_waits_a_moment_for_a_lock_and_the_next_one_not_at_all),
    TAP_TEST(a_server_that_says_nothing_does_not_hold_a_callback),
    TAP_TEST(a_validation_does_not_wait_for_its_secret),
    TAP_TEST(a_schema_that_does_not_admit_us_gets_nothing_written),
    TAP_TEST(no_more_files_are_written_than_may_wait),
    TAP_TEST(strangers_have_a_few_files_of_their_own),
    TAP_TEST(on_a_full_disk_a_callback_is_refused_and_leaves_nothing),
    TAP_TEST(a_folder_that_is_none_is_refused),
    TAP_TEST(the_folder_is_made_when_it_is_not_there),
    TAP_TEST(a_folder_that_cannot_be_used_is_known_before_it_is_needed),
    TAP_TEST(a_secret_is_judged_when_its_file_is_brought_in),
    TAP_TEST(a_file_whose_effect_fails_is_journaled_and_holds_up_nobody),
    TAP_TEST(what_the_journal_does_not_take_holds_up_nobody_and_stays),
    TAP_TEST(a_file_that_is_not_whole_is_set_aside),
    TAP_TEST(a_half_written_file_is_never_brought_in),
    TAP_TEST(a_worker_brings_files_in_after_a_request),
    TAP_TEST(a_folder_without_files_is_read_once),
    TAP_TEST(strangers_are_in_quarantine_within_a_bound),
    TAP_TEST(processes_that_bring_in_the_same_files_make_one_row_of_each),
};

TESTDB_MAIN("callback_spool", tests)
