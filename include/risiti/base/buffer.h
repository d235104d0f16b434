/*
 * A growing run of bytes with a maximum that is set when it is made. The first append that fails
 * marks the buffer; later appends then do nothing, so that a writer checks once, at its end.
 */
#ifndef RISITI_BASE_BUFFER_H
#define RISITI_BASE_BUFFER_H

#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"

struct buffer {
    char *data;    /* always NUL-terminated after the first append, NULL before */
    size_t length; /* without that NUL */
    size_t capacity;
    size_t bytes_max;
    enum err err;   /* ERR_OK, ERR_TOO_LARGE or ERR_NOMEM: the first failure */
    bool is_secret; /* memory that it leaves is wiped */
};

/* Allocates nothing yet. */
void buffer_init(struct buffer *buffer, size_t bytes_max);
/* The same for what may hold a secret: it leaves none behind when it grows or is released. */
void buffer_init_secret(struct buffer *buffer, size_t bytes_max);
/*
 * Writes into the caller's memory and never allocates: at most memory_size - 1 bytes and a NUL.
 * Such a buffer is not released.
 */
void buffer_init_over(struct buffer *buffer, char *memory, size_t memory_size);
/* Frees the bytes; the buffer may be initialised again. */
void buffer_release(struct buffer *buffer);
/* Empties it and forgets a failure; the memory stays. */
void buffer_clear(struct buffer *buffer);
void buffer_append(struct buffer *buffer, struct str text);
void buffer_append_byte(struct buffer *buffer, char byte);
RISITI_PRINTF(2, 3) void buffer_format(struct buffer *buffer, const char *format, ...);
/* The bytes so far; valid until the next append. */
struct str buffer_str(const struct buffer *buffer);

#endif
