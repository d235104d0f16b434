/* The secret that stands in the path of a callback's URL, of a push or of a short code. */
#ifndef RISITI_DOMAIN_PATH_TOKEN_H
#define RISITI_DOMAIN_PATH_TOKEN_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/crypto.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"

#define PATH_TOKEN_LENGTH 32

/*
 * A new one in the arena, and the hash by which it is found again: 128 random bits as lower-case
 * hex, an alphabet that cannot spell a word that Daraja refuses. ERR_CRYPTO, ERR_NOMEM.
 */
RISITI_CHECKED enum err path_token_make(struct arena *arena, struct str *ret_token,
                                        struct sha256 *ret_hash);

#endif
