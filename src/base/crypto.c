/* Random bytes, digests, sealing and text forms of bytes: see crypto.h. */
#define RISITI_OPENSSL_HEADERS
#include "risiti/base/base.h"

#include "risiti/base/crypto.h"

#include <limits.h>

/* OpenSSL has an unused type of the same name as one of our errors. */
#define ERR_STATE openssl_err_state
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "risiti/base/number.h"
#undef ERR_STATE

#define NONCE_BYTES 12
#define TAG_BYTES 16
/* OpenSSL counts in int. */
#define CRYPTO_BYTES_MAX ((size_t)(INT_MAX / 2))
#define CRC32_POLYNOMIAL UINT32_C(0xedb88320)

_Static_assert(NONCE_BYTES + TAG_BYTES == SEAL_OVERHEAD_BYTES, "what a sealed value is longer");

static void cipher_free_at(EVP_CIPHER_CTX **cipher)
{
    EVP_CIPHER_CTX_free(*cipher);
}

enum err crypto_random(void *ret_bytes, size_t count)
{
    if (count > CRYPTO_BYTES_MAX)
        return ERR_CRYPTO;
    return count == 0 || RAND_bytes(ret_bytes, (int)count) == 1 ? ERR_OK : ERR_CRYPTO;
}

enum err crypto_sha256(struct str text, struct sha256 *ret_digest)
{
    struct sha256 digest;
    unsigned length = 0;

    if (EVP_Digest(text.length > 0 ? text.data : "", text.length, digest.bytes, &length,
                   EVP_sha256(), NULL) != 1 ||
        length != SHA256_BYTES)
        return ERR_CRYPTO;
    *ret_digest = digest;
    return ERR_OK;
}

bool crypto_equal(const void *a, const void *b, size_t count)
{
    return count == 0 || CRYPTO_memcmp(a, b, count) == 0;
}

void crypto_wipe(void *bytes, size_t count)
{
    if (count > 0)
        OPENSSL_cleanse(bytes, count);
}

void crypto_wipe_str(struct str secret)
{
    void *bytes;

    /* A view promises not to write; this is the one exception, made without a cast. */
    memcpy(&bytes, &secret.data, sizeof(bytes));
    crypto_wipe(bytes, secret.length);
}

enum err crypto_seal(const unsigned char key[SEAL_KEY_BYTES], struct str plain, struct arena *arena,
                     struct str *ret_sealed)
{
    RISITI_CLEANUP(cipher_free_at) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    unsigned char *sealed, *body, *tag;
    int count = 0, last = 0;

    if (plain.length > CRYPTO_BYTES_MAX)
        return ERR_CRYPTO;
    sealed = arena_alloc(arena, plain.length + SEAL_OVERHEAD_BYTES, 1);
    if (cipher == NULL || sealed == NULL)
        return ERR_NOMEM;
    body = sealed + NONCE_BYTES;
    tag = body + plain.length;
    if (crypto_random(sealed, NONCE_BYTES) != ERR_OK ||
        EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, sealed) != 1)
        return ERR_CRYPTO;
    if (plain.length > 0 &&
        EVP_EncryptUpdate(cipher, body, &count, (const unsigned char *)plain.data,
                          (int)plain.length) != 1)
        return ERR_CRYPTO;
    if ((size_t)count != plain.length || EVP_EncryptFinal_ex(cipher, tag, &last) != 1 ||
        last != 0 || EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, tag) != 1)
        return ERR_CRYPTO;
    *ret_sealed = (struct str){(const char *)sealed, plain.length + SEAL_OVERHEAD_BYTES};
    return ERR_OK;
}

enum err crypto_open(const unsigned char key[SEAL_KEY_BYTES], struct str sealed,
                     struct arena *arena, struct str *ret_plain)
{
    RISITI_CLEANUP(cipher_free_at) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    const unsigned char *nonce = (const unsigned char *)sealed.data;
    unsigned char *plain, tag[TAG_BYTES], none[TAG_BYTES];
    size_t length;
    int count = 0, last = 0;

    if (sealed.length < SEAL_OVERHEAD_BYTES || sealed.length > CRYPTO_BYTES_MAX)
        return ERR_CRYPTO;
    length = sealed.length - SEAL_OVERHEAD_BYTES;
    plain = arena_alloc(arena, length + 1, 1);
    if (cipher == NULL || plain == NULL)
        return ERR_NOMEM;
    memcpy(tag, nonce + NONCE_BYTES + length, TAG_BYTES);
    if (EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce) != 1 ||
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) != 1)
        return ERR_CRYPTO;
    if ((length > 0 &&
         EVP_DecryptUpdate(cipher, plain, &count, nonce + NONCE_BYTES, (int)length) != 1) ||
        (size_t)count != length || EVP_DecryptFinal_ex(cipher, none, &last) != 1) {
        /* What was decrypted without a valid tag must not stay readable. */
        crypto_wipe(plain, length);
        return ERR_CRYPTO;
    }
    *ret_plain = (struct str){(const char *)plain, length};
    return ERR_OK;
}

const char *crypto_hex(const void *bytes, size_t count, char *buffer)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = bytes;

    for (size_t i = 0; i < count; i++) {
        buffer[2 * i] = digits[from[i] >> 4];
        buffer[2 * i + 1] = digits[from[i] & 0xf];
    }
    buffer[2 * count] = '\0';
    return buffer;
}

enum err crypto_unhex(struct str text, void *ret_bytes, size_t count)
{
    unsigned char *to = ret_bytes;

    if (text.length / 2 != count || text.length % 2 != 0)
        return ERR_INVALID;
    for (size_t i = 0; i < text.length; i++)
        if (number_hex_digit(text.data[i]) < 0)
            return ERR_INVALID;
    for (size_t i = 0; i < count; i++)
        to[i] = (unsigned char)(number_hex_digit(text.data[2 * i]) * 16 +
                                number_hex_digit(text.data[2 * i + 1]));
    return ERR_OK;
}

struct str crypto_base64(struct str bytes, struct arena *arena)
{
    size_t length = (bytes.length + 2) / 3 * 4;
    unsigned char *text;

    if (bytes.length > CRYPTO_BYTES_MAX)
        return STR_EMPTY;
    text = arena_alloc(arena, length + 1, 1);
    if (text == NULL)
        return STR_EMPTY;
    if (bytes.length > 0)
        (void)EVP_EncodeBlock(text, (const unsigned char *)bytes.data, (int)bytes.length);
    return (struct str){(const char *)text, length};
}

/*
 * How many padding bytes end the text; -1 for text that is not padded base64. The bits that
 * padding leaves over must be zero, so that every value has one text only.
 */
static int base64_padding(struct str text)
{
    static const struct str alphabet =
        STR_INIT("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    static const struct str last[] = {STR_INIT(""), STR_INIT("AEIMQUYcgkosw048"), STR_INIT("AQgw")};
    int padding = str_ends_with(text, STR("==")) ? 2 : str_ends_with(text, STR("=")) ? 1 : 0;
    struct str body = str_first(text, text.length - (size_t)padding);

    if (text.length % 4 != 0 || !str_consists_of(body, alphabet))
        return -1;
    if (padding > 0 && !str_consists_of(str_skip(body, body.length - 1), last[padding]))
        return -1;
    return padding;
}

enum err crypto_unbase64(struct str text, struct arena *arena, struct str *ret_bytes)
{
    int padding = base64_padding(text);
    size_t length = text.length / 4 * 3;
    unsigned char *bytes;

    if (padding < 0 || text.length > CRYPTO_BYTES_MAX)
        return ERR_INVALID;
    bytes = arena_alloc(arena, length + 1, 1);
    if (bytes == NULL)
        return ERR_NOMEM;
    if (text.length > 0 &&
        EVP_DecodeBlock(bytes, (const unsigned char *)text.data, (int)text.length) != (int)length)
        return ERR_INVALID;
    *ret_bytes = (struct str){(const char *)bytes, length - (size_t)padding};
    return ERR_OK;
}

uint32_t crypto_crc32(struct str bytes)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < bytes.length; i++) {
        crc ^= (unsigned char)bytes.data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? CRC32_POLYNOMIAL : 0);
    }
    return ~crc;
}
