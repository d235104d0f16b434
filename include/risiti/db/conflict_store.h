/*
 * Rows of `conflict`: contradictions that only a person can judge, what they are about, and how
 * they were decided; and the changes of payments that a decision makes.
 */
#ifndef RISITI_DB_CONFLICT_STORE_H
#define RISITI_DB_CONFLICT_STORE_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/db/db.h"
#include "risiti/db/payment_store.h"

enum conflict_kind {
    CONFLICT_AMOUNT,            /* the amount paid is not the amount asked */
    CONFLICT_SECOND_RECEIPT,    /* another receipt for a push that has one */
    CONFLICT_PHONE,             /* another phone paid */
    CONFLICT_RECEIPT_TAKEN,     /* the receipt is another payment's */
    CONFLICT_CLAIMED_ELSEWHERE, /* another app has used the money */
    CONFLICT_RECEIPT_AWAITED,   /* may be the money of a paid push that has no receipt */
    CONFLICT_UNPROVEN,          /* a result without secret that no query has agreed with */
};

enum conflict_decision {
    CONFLICT_MOVE,    /* the money is the push's app's */
    CONFLICT_RELEASE, /* it is not the push's: any app may claim it, as before */
    CONFLICT_FAIL,    /* the same, and the push has failed */
    CONFLICT_PROVEN,  /* later evidence has settled it */
};

/* The words of the database and of answers. */
struct str conflict_kind_name(enum conflict_kind kind);
struct str conflict_decision_name(enum conflict_decision decision);
/* ERR_INVALID for other words. */
RISITI_CHECKED enum err conflict_decision_parse(struct str text,
                                                enum conflict_decision *ret_decision);

struct conflict {
    struct uuid id, push_id;
    bool has_payment;
    struct uuid payment_id; /* the money, where there is a row for it */
    enum conflict_kind kind;
    struct str note;
    int64_t created_at_us;
    int64_t resolved_at_us; /* 0: open */
    struct str decision;    /* data NULL while open */
    struct str decided_by;
};

struct conflicts {
    struct conflict *items;
    size_t count;
};

/* Open, whatever the struct says of its end. */
RISITI_CHECKED enum err conflict_store_insert(struct db *db, const struct conflict *conflict);
/* Newest first; the open ones only, or all. */
RISITI_CHECKED enum err conflict_store_list(struct db *db, struct arena *arena, bool open_only,
                                            size_t rows_max, struct conflicts *ret_conflicts);
/* ERR_NOT_FOUND. */
RISITI_CHECKED enum err conflict_store_by_id(struct db *db, struct arena *arena,
                                             const struct uuid *id, struct conflict *ret_conflict);
/* The newest, open or decided, between this push and this money (NULL: no money). ERR_NOT_FOUND. */
RISITI_CHECKED enum err conflict_store_between(struct db *db, struct arena *arena,
                                               const struct uuid *push_id,
                                               const struct uuid *payment_id,
                                               struct conflict *ret_conflict);
/* How many open ones name this payment, as push or as money. */
RISITI_CHECKED enum err conflict_store_count_open(struct db *db, struct arena *arena,
                                                  const struct uuid *payment_id,
                                                  unsigned *ret_count);
/* Ends one that is open. ERR_DB_CONFLICT when somebody has ended it meanwhile. */
RISITI_CHECKED enum err conflict_store_resolve(struct db *db, const struct uuid *id,
                                               enum conflict_decision decision,
                                               struct str decided_by, int64_t now_us);

/*
 * The end of a conflict on a row: `conflict` is taken back unless `stays`, a hold ends, and the
 * owner and its reference become those given (NULL and no data: as they were). Requires the
 * version: ERR_DB_CONFLICT.
 */
RISITI_CHECKED enum err conflict_store_clear(struct db *db, const struct payment *payment,
                                             bool stays, const struct uuid *new_owner,
                                             struct str new_reference);

#endif
