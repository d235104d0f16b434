/* Faults on demand: see faults.h. */
#include "risiti/base/base.h"

#include "risiti/sandbox/faults.h"

#include "risiti/sandbox/mix.h"

static const char *const names[FAULT_COUNT] = {
    [FAULT_TOKEN_INVALID] = "token_invalid",
    [FAULT_STK_500] = "stk_500",
    [FAULT_CALLBACK_LOST] = "callback_lost",
    [FAULT_CALLBACK_DUPLICATE] = "callback_duplicate",
    [FAULT_CALLBACK_BEFORE_ANSWER] = "callback_before_answer",
};

const char *fault_name(enum fault fault)
{
    return names[fault];
}

enum err fault_from_name(struct str name, enum fault *ret_fault)
{
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        if (!str_equal(name, str_from(names[i])))
            continue;
        *ret_fault = (enum fault)i;
        return ERR_OK;
    }
    return ERR_NOT_FOUND;
}

static uint64_t faults_draw(const struct faults *faults, enum fault fault)
{
    uint64_t kind = mix_bits(faults->seed ^ mix_bits((uint64_t)fault));

    return mix_bits(kind + faults->chances[fault]);
}

bool faults_happen(struct faults *faults, enum fault fault)
{
    faults->chances[fault]++;
    return faults_draw(faults, fault) % FAULTS_PERCENT_MAX < faults->percent[fault];
}

bool faults_coin(const struct faults *faults, enum fault fault)
{
    return mix_bits(faults_draw(faults, fault)) % 2 == 0;
}
