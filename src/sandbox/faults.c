/* Faults on demand: see faults.h. */
#include "risiti/base/base.h"

#include "risiti/sandbox/faults.h"

#include "risiti/sandbox/mix.h"

static const char *const names[FAULT_COUNT] = {
    [FAULT_TOKEN_INVALID] = "token_invalid",
    [FAULT_STK_500] = "stk_500",
    [FAULT_STK_403] = "stk_403",
    [FAULT_STK_503] = "stk_503",
    [FAULT_STK_SOAP] = "stk_soap",
    [FAULT_STK_CUT] = "stk_cut",
    [FAULT_QUERY_403] = "query_403",
    [FAULT_QUERY_EARLY] = "query_early",
    [FAULT_QUERY_PENDING] = "query_pending",
    [FAULT_QUERY_DISAGREES] = "query_disagrees",
    [FAULT_CALLBACK_LOST] = "callback_lost",
    [FAULT_RESULT_LOST] = "result_lost",
    [FAULT_CALLBACK_LATE] = "callback_late",
    [FAULT_CALLBACK_DUPLICATE] = "callback_duplicate",
    [FAULT_CALLBACK_SWAP] = "callback_swap",
    [FAULT_REDELIVER] = "redeliver",
    [FAULT_CALLBACK_BEFORE_ANSWER] = "callback_before_answer",
    [FAULT_TWIN] = "twin",
    [FAULT_TWIN_BEFORE] = "twin_before",
    [FAULT_TWIN_AFTER] = "twin_after",
    [FAULT_PAYER_PLAIN] = "payer_plain",
    [FAULT_PAYER_HASHED] = "payer_hashed",
    [FAULT_PAYER_HASH_MASKED] = "payer_hash_masked",
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

struct fate fates_next(struct fates *fates, struct str who, uint64_t what)
{
    uint64_t number = mix_bits(what);
    uint16_t *met;

    for (size_t i = 0; i < who.length; i++)
        number = mix_bits(number ^ (unsigned char)who.data[i]);
    met = &fates->met[number % FATES_SLOTS];
    number = mix_bits(number + *met);
    (*met)++; /* after 65535 from 0 again */
    return (struct fate){.number = number};
}

struct fate fate_derive(struct fate fate, uint64_t n)
{
    fate.number = mix_bits(fate.number ^ mix_bits(n));
    return fate;
}

static uint64_t faults_draw(const struct faults *faults, enum fault fault, struct fate fate)
{
    return mix_bits(fate.number ^ mix_bits(faults->seed ^ mix_bits((uint64_t)fault)));
}

bool faults_happen(const struct faults *faults, enum fault fault, struct fate fate)
{
    return (fate.certain & FAULT_BIT(fault)) != 0 ||
           faults_draw(faults, fault, fate) % FAULTS_PERCENT_MAX < faults->percent[fault];
}

uint64_t faults_number(const struct faults *faults, enum fault fault, struct fate fate,
                       uint64_t below)
{
    return mix_bits(faults_draw(faults, fault, fate)) % below;
}

bool faults_coin(const struct faults *faults, enum fault fault, struct fate fate)
{
    return faults_number(faults, fault, fate, 2) == 0;
}
