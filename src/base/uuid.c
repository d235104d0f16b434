/* UUIDs, version 7: see uuid.h. */
#include "risiti/base/base.h"

#include "risiti/base/uuid.h"

#include "risiti/base/clock.h"
#include "risiti/base/crypto.h"

#define TIME_BYTES 8 /* milliseconds, version and fraction */
#define MS_BYTES 6
#define US_PER_MS 1000
/* What the 12 bits behind the version count in a millisecond. */
#define FRACTIONS_PER_MS 4096

/* Whether a hyphen stands before byte `index` in the text form. */
static bool hyphen_before(size_t index)
{
    return index == 4 || index == 6 || index == 8 || index == 10;
}

enum err uuid_new(struct uuid *ret_uuid)
{
    uint64_t now_us = (uint64_t)clock_now_us();
    uint64_t ms = now_us / US_PER_MS;
    uint64_t fraction = now_us % US_PER_MS * FRACTIONS_PER_MS / US_PER_MS;
    struct uuid uuid;

    if (crypto_random(uuid.bytes + TIME_BYTES, UUID_BYTES - TIME_BYTES) != ERR_OK)
        return ERR_CRYPTO;
    for (size_t i = 0; i < MS_BYTES; i++)
        uuid.bytes[i] = (unsigned char)(ms >> (8 * (MS_BYTES - 1 - i)));
    uuid.bytes[6] = (unsigned char)(fraction >> 8 | 0x70);
    uuid.bytes[7] = (unsigned char)fraction;
    uuid.bytes[8] = (unsigned char)((uuid.bytes[8] & 0x3f) | 0x80);
    *ret_uuid = uuid;
    return ERR_OK;
}

enum err uuid_parse(struct str text, struct uuid *ret_uuid)
{
    struct uuid uuid;

    if (text.length != UUID_TEXT_SIZE - 1)
        return ERR_INVALID;
    for (size_t i = 0, at = 0; i < UUID_BYTES; i++, at += 2) {
        if (hyphen_before(i) && text.data[at++] != '-')
            return ERR_INVALID;
        if (crypto_unhex((struct str){text.data + at, 2}, uuid.bytes + i, 1) != ERR_OK)
            return ERR_INVALID;
    }
    *ret_uuid = uuid;
    return ERR_OK;
}

const char *uuid_format(const struct uuid *uuid, char buffer[UUID_TEXT_SIZE])
{
    for (size_t i = 0, at = 0; i < UUID_BYTES; i++, at += 2) {
        if (hyphen_before(i))
            buffer[at++] = '-';
        (void)crypto_hex(uuid->bytes + i, 1, buffer + at);
    }
    return buffer;
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->bytes, b->bytes, UUID_BYTES) == 0;
}

bool uuid_is_zero(const struct uuid *uuid)
{
    static const struct uuid zero;

    return uuid_equal(uuid, &zero);
}
