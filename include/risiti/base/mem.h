/*
 * The only place that allocates from the heap: sizes are checked for overflow, memory is zeroed.
 * Request-lifetime memory comes from an arena (base/arena.h) instead.
 */
#ifndef RISITI_BASE_MEM_H
#define RISITI_BASE_MEM_H

#include "risiti/base/base.h"

/* Zeroed memory for `count` objects of `size` bytes; NULL when there is none. mem_free it. */
RISITI_CHECKED void *mem_alloc(size_t count, size_t size);
/*
 * Grows `block` (NULL or from mem_alloc) to `count` objects of `size` bytes; new bytes are not
 * zeroed. NULL when there is no memory; `block` is then untouched.
 */
RISITI_CHECKED void *mem_grow(void *block, size_t count, size_t size);
/* NULL is fine. */
void mem_free(void *block);

#endif
