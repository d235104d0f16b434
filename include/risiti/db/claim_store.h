/* Rows of `claim`: the second barrier. A payment and a receipt can each be in it once. */
#ifndef RISITI_DB_CLAIM_STORE_H
#define RISITI_DB_CLAIM_STORE_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/db/db.h"
#include "risiti/db/payment_store.h"

/* `token` is the claim's own mark. ERR_DUPLICATE when the payment or receipt was claimed before. */
RISITI_CHECKED enum err claim_store_insert(struct db *db, const struct uuid *payment_id,
                                           struct str receipt, const struct uuid *app_id,
                                           const struct uuid *token, int64_t claimed_at_us);
/* The payment was claimed before its receipt was known. ERR_DUPLICATE like claim_store_insert. */
RISITI_CHECKED enum err claim_store_set_receipt(struct db *db, const struct uuid *payment_id,
                                                struct str receipt);
/* The payment that the claim with this mark took. ERR_NOT_FOUND when there is no such claim. */
RISITI_CHECKED enum err claim_store_by_token(struct db *db, struct arena *arena,
                                             const struct uuid *token, struct uuid *ret_payment_id);
/* Whether the claim's row is there just when the payment is claimed, and has its receipt. */
RISITI_CHECKED enum err claim_store_agrees(struct db *db, struct arena *arena,
                                           const struct payment *payment, bool *ret_agrees);

#endif
