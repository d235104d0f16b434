/* One callback as a file: see spool_file.h. */
#include "risiti/base/base.h"

#include "spool_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "risiti/base/buffer.h"
#include "risiti/base/jread.h"
#include "risiti/base/jwrite.h"
#include "risiti/base/number.h"

#define FILE_VERSION 1
#define FILE_MODE 0600
#define HASH_TEXT_SIZE (2 * SHA256_BYTES + 1)

static void header_write(struct jwrite *json, const struct callback *callback)
{
    char hash[HASH_TEXT_SIZE];

    jwrite_object_begin(json, NULL);
    jwrite_int(json, "version", FILE_VERSION);
    jwrite_str(json, "kind", inbox_kind_name(callback->kind));
    jwrite_int(json, "received_at_us", callback->received_at_us);
    jwrite_str(json, "source", callback->source.data != NULL ? callback->source : STR(""));
    jwrite_str(json, "request_id", callback->request_id);
    if (callback->token_hash != NULL)
        jwrite_text(json, "token_hash",
                    crypto_hex(callback->token_hash->bytes, SHA256_BYTES, hash));
    jwrite_bool(json, "token_unproven", callback->token_unproven);
    jwrite_bool(json, "listed", callback->is_listed);
    jwrite_int(json, "body_bytes", (int64_t)callback->body.length);
    jwrite_object_end(json);
}

static bool write_all(int file, struct str bytes)
{
    while (bytes.length > 0) {
        ssize_t done = write(file, bytes.data, bytes.length);

        if (done < 0 && errno != EINTR)
            return false;
        if (done > 0)
            bytes = str_skip(bytes, (size_t)done);
    }
    return true;
}

enum err spool_file_write(int folder, const char *name, const struct callback *callback)
{
    struct buffer text;
    struct jwrite json;
    bool written;
    int file, why;

    buffer_init(&text, SPOOL_FILE_BYTES_MAX);
    jwrite_init(&json, &text);
    header_write(&json, callback);
    buffer_append_byte(&text, '\n');
    buffer_append(&text, callback->body);
    if (text.err != ERR_OK) {
        buffer_release(&text);
        errno = EFBIG;
        return ERR_IO;
    }
    file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    written = file >= 0 && write_all(file, buffer_str(&text)) && fsync(file) == 0;
    why = errno;
    if (file >= 0 && close(file) != 0 && written) {
        written = false;
        why = errno;
    }
    buffer_release(&text);
    if (written)
        return ERR_OK;
    if (file >= 0)
        (void)unlinkat(folder, name, 0); /* what remains is removed by the next turn */
    errno = why;
    return ERR_IO;
}

/* The whole file, into the arena. */
static enum err file_read(int folder, const char *name, struct arena *arena, struct str *ret_text)
{
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    char *bytes = arena_alloc(arena, 1, SPOOL_FILE_BYTES_MAX + 1);
    size_t length = 0;
    enum err err = ERR_OK;

    if (file < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    if (bytes == NULL)
        err = ERR_NOMEM;
    while (err == ERR_OK && length <= SPOOL_FILE_BYTES_MAX) {
        ssize_t got = read(file, bytes + length, SPOOL_FILE_BYTES_MAX + 1 - length);

        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            err = ERR_IO;
        length += got > 0 ? (size_t)got : 0;
    }
    (void)close(file); /* it was only read */
    if (err == ERR_OK && length > SPOOL_FILE_BYTES_MAX)
        err = ERR_INVALID;
    if (err == ERR_OK)
        *ret_text = (struct str){bytes, length};
    return err;
}

static bool number_member(const struct jread *header, const char *name, uint64_t max,
                          uint64_t *ret_number)
{
    return number_parse(jread_number(jread_member(header, name)), 0, max, ret_number) == ERR_OK;
}

/* The members that are not text. */
static bool header_numbers(const struct jread *header, size_t body_bytes, struct callback *callback)
{
    uint64_t version, received_at_us, length;

    if (!number_member(header, "version", FILE_VERSION, &version) || version != FILE_VERSION ||
        !number_member(header, "received_at_us", INT64_MAX, &received_at_us) ||
        !number_member(header, "body_bytes", SPOOL_FILE_BYTES_MAX, &length) ||
        length != body_bytes ||
        !jread_boolean(jread_member(header, "listed"), &callback->is_listed) ||
        !jread_boolean(jread_member(header, "token_unproven"), &callback->token_unproven))
        return false;
    callback->received_at_us = (int64_t)received_at_us;
    return true;
}

static enum err header_read(struct arena *arena, const struct jread *header,
                            struct callback *callback)
{
    struct str kind = jread_string(jread_member(header, "kind"));
    struct str hash_text = jread_string(jread_member(header, "token_hash"));
    struct sha256 *hash;

    callback->source = jread_string(jread_member(header, "source"));
    callback->request_id = jread_string(jread_member(header, "request_id"));
    if (inbox_kind_parse(kind, &callback->kind) != ERR_OK || callback->source.data == NULL ||
        callback->request_id.data == NULL ||
        !header_numbers(header, callback->body.length, callback))
        return ERR_INVALID;
    if (hash_text.data == NULL)
        return callback->token_unproven ? ERR_INVALID : ERR_OK;
    hash = arena_alloc(arena, 1, sizeof(*hash));
    if (hash == NULL)
        return ERR_NOMEM;
    callback->token_hash = hash;
    return crypto_unhex(hash_text, hash->bytes, SHA256_BYTES) == ERR_OK ? ERR_OK : ERR_INVALID;
}

enum err spool_file_read(int folder, const char *name, struct arena *arena,
                         struct callback *ret_callback)
{
    struct callback callback = {.token_hash = NULL};
    const struct jread *header = NULL;
    struct str text, line;
    const char *why;
    enum err err = file_read(folder, name, arena, &text);

    if (err != ERR_OK)
        return err;
    if (str_find(text, '\n') >= text.length)
        return ERR_INVALID;
    line = str_cut(&text, '\n');
    callback.body = text.data != NULL ? text : STR("");
    err = jread_parse(arena, line, &header, &why);
    if (err == ERR_OK)
        err = header_read(arena, header, &callback);
    if (err == ERR_OK)
        *ret_callback = callback;
    return err == ERR_SYNTAX || err == ERR_TOO_LARGE ? ERR_INVALID : err;
}
