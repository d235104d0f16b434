/*
 * Memory with the lifetime of one request: many allocations, one reset. An arena also ends things
 * that libraries own (a JSON tree, say), through functions registered on it.
 */
#ifndef RISITI_BASE_ARENA_H
#define RISITI_BASE_ARENA_H

#include "risiti/base/base.h"
#include "risiti/base/str.h"

struct arena;

/* An arena that gives at most `bytes_max` bytes between two resets. NULL without memory. */
RISITI_CHECKED struct arena *arena_new(size_t bytes_max);
/* Ends everything in it, the arena too. NULL is fine. */
void arena_free(struct arena *arena);
void arena_free_at(struct arena **arena);
/* Runs the registered endings, newest first, and makes all memory available again. */
void arena_reset(struct arena *arena);
/* Whether something was not given since the last reset: text that looks empty may be lost. */
bool arena_has_failed(const struct arena *arena);

/*
 * Zeroed, aligned for any type, valid until the reset. NULL at the maximum or without memory, and
 * from then on until the reset: work that has lost one text must not go on with the next.
 */
RISITI_CHECKED void *arena_alloc(struct arena *arena, size_t count, size_t size);
/* A NUL-terminated copy of the bytes. NULL like arena_alloc. */
RISITI_CHECKED char *arena_copy(struct arena *arena, struct str text);
/* The same as a view; data is NULL when there is no memory. */
RISITI_CHECKED struct str arena_str(struct arena *arena, struct str text);
/* Formatted text; data is NULL when there is no memory. */
RISITI_CHECKED RISITI_PRINTF(2, 3) struct str
    arena_format(struct arena *arena, const char *format, ...);
/* Calls end(object) at the next reset. False without memory: nothing is registered then. */
RISITI_CHECKED bool arena_on_reset(struct arena *arena, void (*end)(void *object), void *object);

#endif
