/* A growing run of bytes with a maximum: see buffer.h. */
#include "risiti/base/base.h"

#include "risiti/base/buffer.h"

#include <stdarg.h>

#include "risiti/base/crypto.h"
#include "risiti/base/mem.h"

#define BUFFER_FIRST_BYTES 256

void buffer_init(struct buffer *buffer, size_t bytes_max)
{
    *buffer = (struct buffer){.bytes_max = bytes_max};
}

void buffer_init_secret(struct buffer *buffer, size_t bytes_max)
{
    *buffer = (struct buffer){.bytes_max = bytes_max, .is_secret = true};
}

void buffer_init_over(struct buffer *buffer, char *memory, size_t memory_size)
{
    ASSERT(memory_size > 0);
    memory[0] = '\0';
    *buffer =
        (struct buffer){.data = memory, .capacity = memory_size, .bytes_max = memory_size - 1};
}

static void memory_free(const struct buffer *buffer)
{
    if (buffer->is_secret && buffer->data != NULL)
        crypto_wipe(buffer->data, buffer->capacity);
    mem_free(buffer->data);
}

void buffer_release(struct buffer *buffer)
{
    memory_free(buffer);
    *buffer = (struct buffer){.bytes_max = buffer->bytes_max, .is_secret = buffer->is_secret};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
    buffer->err = ERR_OK;
    if (buffer->data != NULL)
        buffer->data[0] = '\0';
}

/* Larger memory with the bytes so far; NULL, and the old one stays, when there is none. */
static char *memory_grow(const struct buffer *buffer, size_t capacity)
{
    char *data;

    if (!buffer->is_secret)
        return mem_grow(buffer->data, capacity, 1);
    data = mem_alloc(capacity, 1);
    if (data == NULL)
        return NULL;
    if (buffer->length > 0)
        memcpy(data, buffer->data, buffer->length);
    memory_free(buffer);
    return data;
}

/* Makes room for `more` bytes and a NUL; false marks the buffer. */
static bool buffer_reserve(struct buffer *buffer, size_t more)
{
    size_t capacity = buffer->capacity > 0 ? buffer->capacity : BUFFER_FIRST_BYTES;
    char *data;

    if (buffer->err != ERR_OK)
        return false;
    if (more > buffer->bytes_max - buffer->length) {
        buffer->err = ERR_TOO_LARGE;
        return false;
    }
    while (capacity < buffer->length + more + 1)
        capacity *= 2;
    if (capacity == buffer->capacity)
        return true;
    data = memory_grow(buffer, capacity);
    if (data == NULL) {
        buffer->err = ERR_NOMEM;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

void buffer_append(struct buffer *buffer, struct str text)
{
    if (!buffer_reserve(buffer, text.length))
        return;
    if (text.length > 0)
        memcpy(buffer->data + buffer->length, text.data, text.length);
    buffer->length += text.length;
    buffer->data[buffer->length] = '\0';
}

void buffer_append_byte(struct buffer *buffer, char byte)
{
    buffer_append(buffer, (struct str){&byte, 1});
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list values, again;
    int length;

    va_start(values, format);
    va_copy(again, values);
    length = vsnprintf(NULL, 0, format, values);
    if (length < 0) {
        buffer->err = buffer->err == ERR_OK ? ERR_INTERNAL : buffer->err;
    } else if (buffer_reserve(buffer, (size_t)length)) {
        (void)vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, again);
        buffer->length += (size_t)length;
    }
    va_end(again);
    va_end(values);
}

struct str buffer_str(const struct buffer *buffer)
{
    return (struct str){buffer->data, buffer->length};
}
