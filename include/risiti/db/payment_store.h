/*
 * Rows of `payment`: reading, inserting, and the few updates that the domain makes. Every update
 * repeats the version it relies on and says whether it changed the row. No rule is decided here.
 */
#ifndef RISITI_DB_PAYMENT_STORE_H
#define RISITI_DB_PAYMENT_STORE_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/crypto.h"
#include "risiti/base/err.h"
#include "risiti/base/money.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/db/db.h"

enum payment_type { PAYMENT_TYPE_STK, PAYMENT_TYPE_C2B };
enum payment_status { PAYMENT_STATUS_PENDING, PAYMENT_STATUS_SUCCESS, PAYMENT_STATUS_FAILED };

/* "STK", "SUCCESS": the words of the database and of answers. */
struct str payment_type_name(enum payment_type type);
struct str payment_status_name(enum payment_status status);
/* ERR_INVALID for other words. */
RISITI_CHECKED enum err payment_type_parse(struct str text, enum payment_type *ret_type);
RISITI_CHECKED enum err payment_status_parse(struct str text, enum payment_status *ret_status);

/* One payment as it stands. Text is in the arena it was read into; data is NULL for SQL's NULL. */
struct payment {
    struct uuid id, app_id;
    struct str external_reference; /* the app's own, or what the payer typed */
    struct str phone;              /* whole, masked or hashed: opaque */
    struct money amount;
    struct str receipt, checkout_request_id;
    enum payment_type type;
    enum payment_status status;
    bool claimed, held, reversed, conflict;
    bool is_merged; /* the same money as merged_into, which stands for both */
    struct uuid merged_into;
    int64_t claimed_at_us; /* 0 when not claimed */
    int64_t created_at_us;
    int64_t paid_at_us; /* 0 when not known */
    struct str short_code, account_reference, merchant_request_id;
    struct str result_code, result_description;
    bool is_unsettled; /* a push that has neither a receipt nor a listed final code */
    bool is_unknown;   /* it was pending for longer than a prompt can be open */
    bool has_token;    /* a push whose callback URL has a secret */
    unsigned version;  /* grows by one with every change */
};

enum payment_lock { PAYMENT_READ, PAYMENT_LOCK };

/* One payment, locked until the unit's end with PAYMENT_LOCK. ERR_NOT_FOUND. */
RISITI_CHECKED enum err payment_store_by_id(struct db *db, struct arena *arena,
                                            const struct uuid *id, enum payment_lock lock,
                                            struct payment *ret_payment);
RISITI_CHECKED enum err payment_store_by_receipt(struct db *db, struct arena *arena,
                                                 struct str receipt, enum payment_lock lock,
                                                 struct payment *ret_payment);
RISITI_CHECKED enum err payment_store_by_checkout(struct db *db, struct arena *arena,
                                                  struct str checkout_request_id,
                                                  struct payment *ret_payment);
/* By the hash of the secret in the push's callback URL. */
RISITI_CHECKED enum err payment_store_by_token(struct db *db, struct arena *arena,
                                               const struct sha256 *token_hash,
                                               struct payment *ret_payment);

/* Several payments, newest first. */
struct payments {
    struct payment *items;
    size_t count;
};

/* The one unsettled push of the short code with this reference, trimmed and upper-cased. */
RISITI_CHECKED enum err payment_store_unsettled(struct db *db, struct arena *arena,
                                                struct str short_code, struct str open_reference,
                                                struct payment *ret_payment);
/* The unsettled pushes of the short code that ask for this amount. */
RISITI_CHECKED enum err payment_store_unsettled_list(struct db *db, struct arena *arena,
                                                     struct str short_code, struct money amount,
                                                     size_t rows_max,
                                                     struct payments *ret_payments);

/* An app's own with this reference; with `claimable_only` those that a claim could take. */
RISITI_CHECKED enum err payment_store_by_reference(struct db *db, struct arena *arena,
                                                   const struct uuid *app_id, struct str reference,
                                                   bool claimable_only, size_t rows_max,
                                                   struct payments *ret_payments);

/* What a list is restricted to; every part is optional. */
struct payment_filter {
    bool has_status, has_type, has_claimed;
    enum payment_status status;
    enum payment_type type;
    bool claimed;
    struct str reference;      /* data NULL: any */
    int64_t from_us, to_us;    /* created at or after, created before; 0: no bound */
    const struct uuid *app_id; /* NULL: every app (for the operator) */
    struct uuid before;        /* only older ids than this; zero: from the newest */
};

RISITI_CHECKED enum err payment_store_list(struct db *db, struct arena *arena,
                                           const struct payment_filter *filter, size_t rows_max,
                                           struct payments *ret_payments);

/* Ids in ascending order, merged rows too: those after `after` (zero: from the first). */
RISITI_CHECKED enum err payment_store_ids(struct db *db, struct arena *arena,
                                          const struct uuid *after, size_t rows_max,
                                          struct uuid *ret_ids, size_t *ret_count);

/* What only an insert knows beside the payment itself. */
struct payment_insert {
    const struct payment *payment;      /* version 1 is written, whatever it holds */
    struct str open_reference;          /* pushes: trimmed and upper-cased; else NULL */
    struct str description, payer_name; /* may be NULL */
    struct str raw_callback;            /* may be NULL */
    const struct sha256 *token_hash;    /* pushes; else NULL */
    int64_t held_until_us;              /* 0: no end, or not held */
    unsigned first_check_s;             /* when a pending push is first looked at; 0: never */
};

/* ERR_DUPLICATE: the receipt, checkout id or open reference exists; nothing was inserted. */
RISITI_CHECKED enum err payment_store_insert(struct db *db, const struct payment_insert *insert);

/* What a result changes; written over the row's version `payment->version`, which grows by one. */
struct payment_result {
    enum payment_status status;
    struct str external_reference;              /* data NULL: as it was */
    struct str receipt;                         /* data NULL: as it was */
    struct str checkout_request_id;             /* data NULL: as it was */
    struct str merchant_request_id;             /* data NULL: as it was */
    struct str result_code, result_description; /* data NULL: as they were */
    struct str raw_callback;                    /* data NULL: as it was */
    struct str phone;                           /* data NULL: as it was */
    int64_t paid_at_us;                         /* 0: as it was */
    bool settled;                               /* ends the open reference */
    bool conflict; /* a contradiction was found; never taken back here */
};

/*
 * ERR_DB_CONFLICT when the version is not the row's any more (redo the unit); ERR_DUPLICATE when
 * the receipt or checkout id belongs to another row. SUCCESS is never overwritten by another
 * status: the statement refuses it (ERR_DB_CONFLICT), whatever the caller thought.
 */
RISITI_CHECKED enum err payment_store_apply(struct db *db, const struct payment *payment,
                                            const struct payment_result *result);

/*
 * The claim's own update, every condition repeated: owner, SUCCESS, not claimed, held, reversed or
 * merged. `ret_won` is false when it changed no row.
 */
RISITI_CHECKED enum err payment_store_claim(struct db *db, const struct payment *payment,
                                            const struct uuid *new_owner, int64_t claimed_at_us,
                                            bool *ret_won);
/*
 * Gives receipt, checkout id and any hold up and points to the payment that stands for the same
 * money. Requires the version, and a row that is neither claimed nor merged. ERR_DB_CONFLICT
 * otherwise.
 */
RISITI_CHECKED enum err payment_store_merge(struct db *db, const struct payment *payment,
                                            const struct uuid *survivor);

#endif
