/* The form of an API key, for the modules that make and check them. */
#ifndef RISITI_DOMAIN_KEY_H
#define RISITI_DOMAIN_KEY_H

#include "risiti/base/base.h"
#include "risiti/base/crypto.h"
#include "risiti/base/err.h"
#include "risiti/db/app_store.h"
#include "risiti/domain/app.h"

/* A new random key, its row and its hash. Nothing is stored. ERR_CRYPTO. */
RISITI_CHECKED enum err key_make(const struct app *app, int64_t expires_at_us,
                                 struct api_key *ret_row, struct sha256 *ret_hash,
                                 struct app_new_key *ret_key);

#endif
