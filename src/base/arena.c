/*
 * Request-lifetime memory: see arena.h. Blocks are chained and kept over a reset when they are the
 * first, so that a worker's usual request allocates nothing from the heap.
 */
#include "risiti/base/base.h"

#include "risiti/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>

#include "risiti/base/crypto.h"
#include "risiti/base/mem.h"

#define ARENA_BLOCK_BYTES 16384

struct arena_block {
    struct arena_block *next;
    size_t used, capacity;
    alignas(max_align_t) unsigned char bytes[];
};

/* Something that a reset ends; lives in the arena itself. */
struct arena_ending {
    struct arena_ending *next;
    void (*end)(void *object);
    void *object;
};

struct arena {
    struct arena_block *first, *current;
    struct arena_ending *endings;
    size_t bytes_used, bytes_max;
    bool has_failed; /* something was not given since the last reset: nothing is any more */
};

static struct arena_block *block_new(size_t capacity)
{
    struct arena_block *block;
    size_t bytes;

    if (__builtin_add_overflow(sizeof(*block), capacity, &bytes))
        return NULL;
    block = mem_alloc(1, bytes);
    if (block != NULL)
        block->capacity = capacity;
    return block;
}

struct arena *arena_new(size_t bytes_max)
{
    struct arena *arena = mem_alloc(1, sizeof(*arena));

    if (arena == NULL)
        return NULL;
    arena->first = block_new(ARENA_BLOCK_BYTES);
    if (arena->first == NULL) {
        mem_free(arena);
        return NULL;
    }
    arena->current = arena->first;
    arena->bytes_max = bytes_max;
    return arena;
}

void arena_reset(struct arena *arena)
{
    while (arena->endings != NULL) {
        struct arena_ending *ending = arena->endings;

        arena->endings = ending->next;
        ending->end(ending->object);
    }
    while (arena->first->next != NULL) {
        struct arena_block *block = arena->first->next;

        arena->first->next = block->next;
        crypto_wipe(block->bytes, block->used); /* tokens and keys pass through here */
        mem_free(block);
    }
    memset(arena->first->bytes, 0, arena->first->used);
    arena->first->used = 0;
    arena->current = arena->first;
    arena->bytes_used = 0;
    arena->has_failed = false;
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    arena_reset(arena);
    crypto_wipe(arena->first->bytes, arena->first->capacity);
    mem_free(arena->first);
    mem_free(arena);
}

void arena_free_at(struct arena **arena)
{
    arena_free(*arena);
}

/* False when there is no room for `bytes` more. */
static bool room_make(struct arena *arena, size_t bytes)
{
    struct arena_block *block;

    if (bytes > arena->bytes_max - arena->bytes_used)
        return false;
    if (bytes <= arena->current->capacity - arena->current->used)
        return true;
    block = block_new(bytes > ARENA_BLOCK_BYTES ? bytes : ARENA_BLOCK_BYTES);
    if (block == NULL)
        return false;
    arena->current->next = block;
    arena->current = block;
    return true;
}

bool arena_has_failed(const struct arena *arena)
{
    return arena->has_failed;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    const size_t alignment = alignof(max_align_t);
    size_t bytes;
    void *memory;

    if (arena->has_failed || __builtin_mul_overflow(count, size, &bytes) ||
        __builtin_add_overflow(bytes, alignment - 1, &bytes) ||
        !room_make(arena, bytes / alignment * alignment)) {
        arena->has_failed = true;
        return NULL;
    }
    bytes = bytes / alignment * alignment;
    memory = arena->current->bytes + arena->current->used;
    arena->current->used += bytes;
    arena->bytes_used += bytes;
    return memory;
}

char *arena_copy(struct arena *arena, struct str text)
{
    char *copy = text.length < SIZE_MAX ? arena_alloc(arena, text.length + 1, 1) : NULL;

    if (copy != NULL && text.length > 0)
        memcpy(copy, text.data, text.length);
    return copy;
}

struct str arena_str(struct arena *arena, struct str text)
{
    char *copy = arena_copy(arena, text);

    return (struct str){copy, copy != NULL ? text.length : 0};
}

struct str arena_format(struct arena *arena, const char *format, ...)
{
    va_list values, again;
    struct str text = STR_EMPTY;
    int length;

    va_start(values, format);
    va_copy(again, values);
    length = vsnprintf(NULL, 0, format, values);
    if (length >= 0) {
        char *copy = arena_alloc(arena, (size_t)length + 1, 1);

        if (copy != NULL && vsnprintf(copy, (size_t)length + 1, format, again) == length)
            text = (struct str){copy, (size_t)length};
    }
    va_end(again);
    va_end(values);
    return text;
}

bool arena_on_reset(struct arena *arena, void (*end)(void *object), void *object)
{
    struct arena_ending *ending = arena_alloc(arena, 1, sizeof(*ending));

    if (ending == NULL)
        return false;
    *ending = (struct arena_ending){.next = arena->endings, .end = end, .object = object};
    arena->endings = ending;
    return true;
}
