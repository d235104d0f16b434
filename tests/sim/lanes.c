/*
 * Several operations at once. Each has a thread, but only one runs at a time, from one statement to
 * the next, and the seed says which: so all interleavings can happen, and each can be repeated.
 */
#include "risiti/base/base.h"

#include "sim.h"

#include <pthread.h>
#include <semaphore.h>

struct lane {
    pthread_t thread;
    sem_t go;
    struct operation *operation;
    bool is_done, is_blocked, is_victim;
};

static struct lane lanes[SIM_GROUP_MAX];
static unsigned lane_count;
static sem_t stopped; /* the running lane has stopped */
static _Thread_local struct lane *own;

bool lanes_are_many(void)
{
    return own != NULL;
}

static void take(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0)
        ; /* a signal */
}

static void give(sem_t *semaphore)
{
    const int failed = sem_post(semaphore);

    ASSERT(failed == 0);
}

void lane_yield(void)
{
    if (own == NULL)
        return;
    give(&stopped);
    take(&own->go);
}

bool lane_wait(void)
{
    own->is_blocked = true;
    lane_yield();
    own->is_blocked = false;
    if (!own->is_victim)
        return true;
    own->is_victim = false;
    return false;
}

void lanes_wake(void)
{
    for (unsigned i = 0; i < lane_count; i++)
        lanes[i].is_blocked = false;
}

static void *lane_main(void *context)
{
    own = context;
    take(&own->go);
    sim_worker = own->operation->worker;
    own->operation->run(own->operation);
    sim_worker = NULL;
    own->is_done = true;
    lanes_wake();
    give(&stopped);
    return NULL;
}

static struct lane *lane_choose(bool of_blocked)
{
    struct lane *choice[SIM_GROUP_MAX];
    unsigned count = 0;

    for (unsigned i = 0; i < lane_count; i++)
        if (!lanes[i].is_done && lanes[i].is_blocked == of_blocked)
            choice[count++] = &lanes[i];
    return count > 0 ? choice[sim_below(count)] : NULL;
}

/* The next to go on; when all wait, one of them is the victim, as a server would choose. */
static struct lane *lane_next(void)
{
    struct lane *lane = lane_choose(/* of_blocked= */ false);

    if (lane != NULL)
        return lane;
    if (late_flush())
        return lane_choose(/* of_blocked= */ false);
    lane = lane_choose(/* of_blocked= */ true);
    if (lane != NULL)
        lane->is_victim = true;
    return lane;
}

void lanes_run(struct operation *operations, unsigned count)
{
    struct lane *lane;
    int failed = sem_init(&stopped, 0, 0);

    ASSERT(failed == 0 && count <= SIM_GROUP_MAX);
    lane_count = count;
    for (unsigned i = 0; i < count; i++) {
        struct worker *worker = &sim_workers[i];

        lanes[i] = (struct lane){.operation = &operations[i]};
        operations[i].worker = worker;
        fault_begin(worker, &operations[i].fault);
        failed = sem_init(&lanes[i].go, 0, 0);
        ASSERT(failed == 0);
        failed = pthread_create(&lanes[i].thread, NULL, lane_main, &lanes[i]);
        ASSERT(failed == 0);
    }
    while ((lane = lane_next()) != NULL) {
        give(&lane->go);
        take(&stopped);
    }
    (void)late_flush();
    for (unsigned i = 0; i < count; i++) {
        failed = pthread_join(lanes[i].thread, NULL);
        ASSERT(failed == 0);
        fault_end(&sim_workers[i]);
    }
    lane_count = 0;
}
