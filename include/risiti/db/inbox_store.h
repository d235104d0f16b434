/*
 * Rows of `callback_inbox`, the journal: every callback body as it came, what became of it, and
 * which payment it was about.
 */
#ifndef RISITI_DB_INBOX_STORE_H
#define RISITI_DB_INBOX_STORE_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/crypto.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/db/db.h"

enum inbox_kind { INBOX_KIND_STK, INBOX_KIND_C2B };

enum inbox_state {
    INBOX_STATE_APPLIED,     /* it changed a payment */
    INBOX_STATE_REPEATED,    /* everything in it was known */
    INBOX_STATE_UNMATCHED,   /* no payment of ours is named by it */
    INBOX_STATE_MALFORMED,   /* not understandable */
    INBOX_STATE_FOREIGN,     /* for a short code that is not ours */
    INBOX_STATE_CONFLICT,    /* it contradicts what is known: for a person */
    INBOX_STATE_QUARANTINED, /* from an address that is not listed: for a person */
    INBOX_STATE_FAILED,      /* understood, but its effect failed here: to be tried again */
};

struct inbox_row {
    struct uuid id;
    enum inbox_kind kind;
    enum inbox_state state;
    int64_t received_at_us;
    struct str source; /* the client's address, empty when not known */
    struct str request_id;
    const struct sha256 *token_hash; /* of the secret in its path, or NULL */
    const struct uuid *payment_id;   /* or NULL */
    struct str body;
    struct str note; /* why, for people; data NULL for none */
};

/* "applied" and so on: the words of the database and of logs. */
struct str inbox_state_name(enum inbox_state state);
/* ERR_DUPLICATE when the id is there. */
RISITI_CHECKED enum err inbox_store_insert(struct db *db, const struct inbox_row *row);
RISITI_CHECKED enum err inbox_store_has(struct db *db, struct arena *arena, const struct uuid *id,
                                        bool *ret_found);
/* How many rows are in this state, counted up to `count_max`. */
RISITI_CHECKED enum err inbox_store_count(struct db *db, struct arena *arena,
                                          enum inbox_state state, unsigned count_max,
                                          unsigned *ret_count);

#endif
