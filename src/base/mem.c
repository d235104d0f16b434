/* The heap, checked: see mem.h. */
#define RISITI_RAW_ALLOCATION
#include "risiti/base/base.h"

#include "risiti/base/mem.h"

void *mem_alloc(size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return calloc(1, bytes > 0 ? bytes : 1);
}

void *mem_grow(void *block, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return realloc(block, bytes > 0 ? bytes : 1);
}

void mem_free(void *block)
{
    free(block);
}
