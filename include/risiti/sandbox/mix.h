/*
 * The sandbox's own draw of numbers: the same ones for the same seed on every machine, so that a
 * failing test can be repeated. Never for secrets.
 */
#ifndef RISITI_SANDBOX_MIX_H
#define RISITI_SANDBOX_MIX_H

#include "risiti/base/base.h"

/* Every bit of the result depends on every bit of `value` (the finisher of SplitMix64). */
static inline uint64_t mix_bits(uint64_t value)
{
    value += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

#endif
