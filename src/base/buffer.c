/* A growing run of bytes with a maximum: see buffer.h. */
#include "risiti/base/base.h"

#include "risiti/base/buffer.h"

#include <stdarg.h>

#include "risiti/base/mem.h"

#define BUFFER_FIRST_BYTES 256

void buffer_init(struct buffer *buffer, size_t bytes_max)
{
    *buffer = (struct buffer){.bytes_max = bytes_max};
}

void buffer_init_over(struct buffer *buffer, char *memory, size_t memory_size)
{
    ASSERT(memory_size > 0);
    memory[0] = '\0';
    *buffer =
        (struct buffer){.data = memory, .capacity = memory_size, .bytes_max = memory_size - 1};
}

void buffer_release(struct buffer *buffer)
{
    mem_free(buffer->data);
    buffer_init(buffer, buffer->bytes_max);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
    buffer->err = ERR_OK;
    if (buffer->data != NULL)
        buffer->data[0] = '\0';
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
    data = mem_grow(buffer->data, capacity, 1);
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
