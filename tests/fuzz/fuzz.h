/* What every fuzz target defines, under the name that libFuzzer calls. */
#ifndef RISITI_TESTS_FUZZ_H
#define RISITI_TESTS_FUZZ_H

#include "risiti/base/base.h"

/* Runs one input; aborts when something that must hold does not. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif
