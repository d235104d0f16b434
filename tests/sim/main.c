/*
 * Runs histories: sim --seed N [--verbose] replays one, sim --seeds N [--from N] [--processes P]
 * runs many. It ends with "N passed, N failed". It needs scripts/test-db; tests/sim/run starts it
 * with one that is as fast as can be.
 */
#include "risiti/base/base.h"

#include "sim.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "risiti/base/number.h"
#include "risiti/base/str.h"

#define STEPS_MIN 20
#define STEPS_MAX 60
#define PROCESSES_MAX 32
#define FAILURES_SHOWN 20

struct options {
    uint64_t from, count, processes, failures_max;
    bool is_fast;
    bool is_twice; /* each seed must give the same history again */
};

/* What the processes share. */
struct tally {
    atomic_uint_fast64_t next, passed, failed, trouble;
    atomic_uint_fast64_t at[PROCESSES_MAX]; /* the seed that each is at */
    pid_t pids[PROCESSES_MAX];
};

bool sim_run(uint64_t seed)
{
    unsigned steps;

    world_reset(seed);
    steps = STEPS_MIN + sim_below(STEPS_MAX - STEPS_MIN + 1);
    for (sim.step = 0; sim.step < steps && !sim.has_failed; sim.step++)
        step_random();
    if (!sim.has_failed)
        finish();
    (void)late_flush();
    return !sim.has_failed;
}

static void failure_print(uint64_t seed)
{
    printf("FAILED: seed %llu, step %u: %s\n", (unsigned long long)seed, sim.step, sim.failure);
    if (!sim_verbose)
        sim_steps_print();
    printf("  again: tests/sim/run --seed %llu --verbose\n", (unsigned long long)seed);
    (void)fflush(stdout);
}

static bool seed_run(const struct options *options, uint64_t seed)
{
    uint64_t fingerprint;

    if (!sim_run(seed))
        return false;
    if (!options->is_twice)
        return true;
    fingerprint = sim.fingerprint;
    if (!sim_run(seed) || sim.fingerprint != fingerprint)
        sim_fail("the seed gives another history when it runs again");
    return !sim.has_failed;
}

/* One process: takes the next seed until there is none. */
static void process_run(const struct options *options, struct tally *tally, unsigned process)
{
    uint64_t seed;

    if (!sim_open(process, options->is_fast)) {
        (void)atomic_fetch_add(&tally->trouble, 1);
        return;
    }
    while ((seed = atomic_fetch_add(&tally->next, 1)) < options->from + options->count) {
        atomic_store(&tally->at[process], seed);
        if (seed_run(options, seed)) {
            (void)atomic_fetch_add(&tally->passed, 1);
            continue;
        }
        if (atomic_fetch_add(&tally->failed, 1) < FAILURES_SHOWN)
            failure_print(seed);
        if (atomic_load(&tally->failed) >= options->failures_max)
            atomic_store(&tally->next, options->from + options->count);
    }
    sim_close();
}

static int64_t now_ms(void)
{
    struct timespec now;
    const int failed = clock_gettime(CLOCK_MONOTONIC, &now);

    ASSERT(failed == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A process that ended otherwise than by itself has found something too. */
static void process_ended(struct tally *tally, pid_t pid, int status)
{
    for (unsigned i = 0; i < PROCESSES_MAX; i++)
        if (tally->pids[i] == pid && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
            const unsigned long long seed = atomic_load(&tally->at[i]);

            (void)atomic_fetch_add(&tally->failed, 1);
            printf("FAILED: seed %llu, step 0: the process ended with status %d\n"
                   "  again: tests/sim/run --seed %llu --verbose\n",
                   seed, status, seed);
        }
}

static void processes_run(const struct options *options, struct tally *tally)
{
    unsigned started = 0;

    for (unsigned i = 0; i < options->processes; i++) {
        const pid_t child = fork();

        if (child == 0) {
            process_run(options, tally, i);
            (void)fflush(stdout);
            _exit(EXIT_SUCCESS);
        }
        tally->pids[i] = child;
        started += child > 0;
    }
    for (unsigned i = 0; i < started; i++) {
        int status = 0;
        const pid_t child = wait(&status);

        if (child > 0)
            process_ended(tally, child, status);
    }
    if (started < options->processes)
        (void)atomic_fetch_add(&tally->trouble, 1);
}

static int run_all(const struct options *options)
{
    struct tally *tally =
        mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const int64_t start_ms = now_ms();
    uint64_t done, failed;
    int64_t ms;

    ASSERT(tally != MAP_FAILED);
    atomic_store(&tally->next, options->from);
    processes_run(options, tally);
    ms = now_ms() - start_ms;
    failed = atomic_load(&tally->failed);
    done = atomic_load(&tally->passed) + failed;
    printf("%llu histories in %lld.%lld s: %lld a second\n", (unsigned long long)done,
           (long long)(ms / 1000), (long long)(ms / 100 % 10),
           (long long)((int64_t)done * 1000 / (ms > 0 ? ms : 1)));
    if (atomic_load(&tally->trouble) > 0)
        printf("a process could not go on\n");
    failed += atomic_load(&tally->trouble);
    printf("%llu passed, %llu failed\n", (unsigned long long)atomic_load(&tally->passed),
           (unsigned long long)failed);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool number_option(char **arguments, const char *name, uint64_t *value)
{
    return strcmp(arguments[0], name) == 0 && arguments[1] != NULL &&
           number_parse(str_from(arguments[1]), 0, INT64_MAX, value) == ERR_OK;
}

static bool options_read(char **arguments, struct options *options)
{
    for (; arguments[0] != NULL; arguments++) {
        if (strcmp(arguments[0], "--verbose") == 0) {
            sim_verbose = true;
            (void)setvbuf(stdout, NULL, _IOLBF, 0);
        } else if (strcmp(arguments[0], "--fast") == 0) {
            options->is_fast = true;
        } else if (strcmp(arguments[0], "--twice") == 0) {
            options->is_twice = true;
        } else {
            if (!number_option(arguments, "--seeds", &options->count) &&
                !number_option(arguments, "--from", &options->from) &&
                !number_option(arguments, "--seed", &options->from) &&
                !number_option(arguments, "--failures", &options->failures_max) &&
                !number_option(arguments, "--processes", &options->processes))
                return false;
            arguments++;
        }
    }
    return options->processes >= 1 && options->processes <= PROCESSES_MAX;
}

int main(int count, char **arguments)
{
    struct options options = {.from = 1, .count = 1, .processes = 1, .failures_max = UINT64_MAX};

    if (count < 2 || !options_read(arguments + 1, &options)) {
        (void)fprintf(stderr, "usage: sim --seed N [--verbose]\n"
                              "       sim --seeds N [--from N] [--processes P] [--failures MAX]\n"
                              "           [--twice]\n");
        return 2;
    }
    if (getenv("RISITI_TEST_DB_SOCKET") == NULL) {
        printf("no database: run it by tests/sim/run or under scripts/test-db\n");
        return 77;
    }
    return run_all(&options);
}
