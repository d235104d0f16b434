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
    INBOX_STATE_WAITING,     /* for something that has not come yet: to be tried again */
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
    struct str checkout_request_id;  /* of an STK result; data NULL for none */
    struct str body;
    struct str note;        /* why, for people; data NULL for none */
    unsigned attempts;      /* read only: how often its effect was tried */
    int64_t next_try_at_us; /* read only: 0 for never */
    int64_t received_ago_s; /* read only: by the database's clock */
};

/* The longest checkout id that a row can name. */
#define INBOX_CHECKOUT_BYTES_MAX 64

/* "applied" and so on: the words of the database and of logs. */
struct str inbox_state_name(enum inbox_state state);
/* "stk", "c2b". */
struct str inbox_kind_name(enum inbox_kind kind);
/* ERR_INVALID for other words. */
RISITI_CHECKED enum err inbox_kind_parse(struct str text, enum inbox_kind *ret_kind);
RISITI_CHECKED enum err inbox_state_parse(struct str text, enum inbox_state *ret_state);
/* Tried again after `pause_s`; never with 0. ERR_DUPLICATE when the id is there. */
RISITI_CHECKED enum err inbox_store_insert(struct db *db, const struct inbox_row *row,
                                           unsigned pause_s);
RISITI_CHECKED enum err inbox_store_has(struct db *db, struct arena *arena, const struct uuid *id,
                                        bool *ret_found);
/* How many rows are in this state, counted up to `count_max`. */
RISITI_CHECKED enum err inbox_store_count(struct db *db, struct arena *arena,
                                          enum inbox_state state, unsigned count_max,
                                          unsigned *ret_count);

/* How many rows from this address are in quarantine, counted up to `count_max`. */
RISITI_CHECKED enum err inbox_store_count_source(struct db *db, struct arena *arena,
                                                 struct str source, unsigned count_max,
                                                 unsigned *ret_count);

enum inbox_lock { INBOX_READ, INBOX_LOCK };

/* One row with its body, locked until the unit's end with INBOX_LOCK. ERR_NOT_FOUND. */
RISITI_CHECKED enum err inbox_store_by_id(struct db *db, struct arena *arena, const struct uuid *id,
                                          enum inbox_lock lock, struct inbox_row *ret_row);

/*
 * Writes state, payment (NULL: as it was) and note of a row whose effect was tried once more; the
 * next try comes after `pause_s`, never with 0. `row->attempts` is what was read: ERR_DB_CONFLICT
 * when somebody else has tried meanwhile.
 */
RISITI_CHECKED enum err inbox_store_retried(struct db *db, const struct inbox_row *row,
                                            unsigned pause_s);

struct inbox_rows {
    struct inbox_row *items;
    size_t count;
};

/* Rows in a state, or with NULL all that are not applied or repeated: newest first, no bodies. */
RISITI_CHECKED enum err inbox_store_list(struct db *db, struct arena *arena,
                                         const enum inbox_state *state, unsigned rows_max,
                                         struct inbox_rows *ret_rows);

struct inbox_ids {
    struct uuid *items;
    size_t count;
};

/* Rows that are due for another try, longest due first. */
RISITI_CHECKED enum err inbox_store_due(struct db *db, struct arena *arena, unsigned rows_max,
                                        struct inbox_ids *ret_ids);
/*
 * Puts a due row off by `pause_s`, so that nobody else takes it now, and not at once either when
 * this process ends while it tries. `ret_taken` is false when it is not due any more.
 */
RISITI_CHECKED enum err inbox_store_take(struct db *db, const struct uuid *id, unsigned pause_s,
                                         bool *ret_taken);
/* Rows that wait or failed and name this checkout id, or this payment: oldest first. */
RISITI_CHECKED enum err inbox_store_of_checkout(struct db *db, struct arena *arena,
                                                struct str checkout_request_id, unsigned rows_max,
                                                struct inbox_ids *ret_ids);
RISITI_CHECKED enum err inbox_store_of_payment(struct db *db, struct arena *arena,
                                               const struct uuid *payment_id, unsigned rows_max,
                                               struct inbox_ids *ret_ids);

#endif
