/*
 * What we need of cryptography, all of it OpenSSL's: random bytes, SHA-256, authenticated
 * encryption of small values at rest, constant-time comparison; and the text forms of bytes.
 */
#ifndef RISITI_BASE_CRYPTO_H
#define RISITI_BASE_CRYPTO_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"

#define SHA256_BYTES 32
#define SHA256_HEX_SIZE 65
#define SEAL_KEY_BYTES 32
/* What a sealed value is longer than the value: nonce and tag. */
#define SEAL_OVERHEAD_BYTES 28

struct sha256 {
    unsigned char bytes[SHA256_BYTES];
};

/* Fresh in every process, also after fork. ERR_CRYPTO when the system has none. */
RISITI_CHECKED enum err crypto_random(void *ret_bytes, size_t count);
RISITI_CHECKED enum err crypto_sha256(struct str text, struct sha256 *ret_digest);
/* Takes the same time wherever the first difference is. */
bool crypto_equal(const void *a, const void *b, size_t count);
/* Overwrites memory that held a secret; the compiler cannot drop it. */
void crypto_wipe(void *bytes, size_t count);
/* The same through a view: only for memory that the caller itself filled and may write. */
void crypto_wipe_str(struct str secret);

/* AES-256-GCM with a random nonce in front: plain.length + SEAL_OVERHEAD_BYTES bytes. */
RISITI_CHECKED enum err crypto_seal(const unsigned char key[SEAL_KEY_BYTES], struct str plain,
                                    struct arena *arena, struct str *ret_sealed);
/* ERR_CRYPTO when the key is another one or a bit has changed. */
RISITI_CHECKED enum err crypto_open(const unsigned char key[SEAL_KEY_BYTES], struct str sealed,
                                    struct arena *arena, struct str *ret_plain);

/* Lower case, with a NUL: needs 2 * count + 1 bytes. Returns `buffer`. */
const char *crypto_hex(const void *bytes, size_t count, char *buffer);
/* Exactly `count` bytes from 2 * count hex digits of either case. ERR_INVALID otherwise. */
RISITI_CHECKED enum err crypto_unhex(struct str text, void *ret_bytes, size_t count);
/* With padding, without line breaks. data is NULL without memory. */
RISITI_CHECKED struct str crypto_base64(struct str bytes, struct arena *arena);
/* ERR_INVALID for anything but padded base64. */
RISITI_CHECKED enum err crypto_unbase64(struct str text, struct arena *arena,
                                        struct str *ret_bytes);
/* CRC-32 (IEEE 802.3), the checksum inside API keys: against typing errors only. */
uint32_t crypto_crc32(struct str bytes);

#endif
