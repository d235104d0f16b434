/* Signs of life in shared memory: see heartbeat.h. */
#include "risiti/base/base.h"

#include "risiti/fcgi/heartbeat.h"

#include <sys/mman.h>

#include "risiti/base/clock.h"

enum err heartbeats_new(size_t count, struct heartbeat **ret_slots)
{
    void *memory = mmap(/* addr= */ NULL, count * sizeof(struct heartbeat), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, /* fd= */ -1, /* offset= */ 0);

    if (memory == MAP_FAILED)
        return ERR_NOMEM;
    *ret_slots = memory;
    return ERR_OK;
}

void heartbeats_free(struct heartbeat *slots, size_t count)
{
    if (slots != NULL)
        (void)munmap(slots, count * sizeof(*slots)); /* fails for a wrong address only */
}

void heartbeat_set(struct heartbeat *slot, enum heartbeat_state state)
{
    if (slot == NULL)
        return;
    atomic_store(&slot->beat_ms, clock_monotonic_ms());
    atomic_store(&slot->state, (int32_t)state);
}

enum heartbeat_state heartbeat_state(const struct heartbeat *slot)
{
    return (enum heartbeat_state)atomic_load(&slot->state);
}

int64_t heartbeat_age_ms(const struct heartbeat *slot)
{
    return clock_monotonic_ms() - atomic_load(&slot->beat_ms);
}
