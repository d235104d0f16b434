/*
 * Callbacks by Safaricom: each is journaled with its effect in one transaction, and durable before
 * it is answered. What it says is applied at most once, however often it comes.
 */
#ifndef RISITI_DOMAIN_CALLBACK_H
#define RISITI_DOMAIN_CALLBACK_H

#include "risiti/base/base.h"
#include "risiti/base/crypto.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"
#include "risiti/base/uuid.h"
#include "risiti/db/inbox_store.h"
#include "risiti/domain/service.h"

/* What one callback may need: its body, its tree, and the rows it touches. */
#define CALLBACK_ARENA_BYTES_MAX ((size_t)8 * 1024 * 1024)

struct callback {
    enum inbox_kind kind;
    struct str body;
    struct str source;               /* the client's address; empty when not known */
    const struct sha256 *token_hash; /* of a known secret in its path, or NULL */
    bool is_listed;                  /* the address is one of Safaricom's */
    bool is_released;                /* a person vouches for it */
    bool token_unproven;             /* nobody has looked yet whether the secret is known */
    struct uuid id;                  /* of its journal row; zero: a new one is made */
    int64_t received_at_us;          /* 0: now */
    struct str request_id;           /* data NULL: the service's */
};

/* What a callback did. */
struct callback_effect {
    enum inbox_state state;
    bool has_payment;
    struct uuid payment_id;
    const char *note; /* why, for people; NULL for none */
};

/* The hash of a secret in a callback's path. ERR_ROUTE for what cannot be one. */
RISITI_CHECKED enum err callback_token_hash(struct str token, struct sha256 *ret_hash);
/* Whether the secret in a callback's path is one of ours, and its hash. ERR_ROUTE when not. */
RISITI_CHECKED enum err callback_token_find(struct service *service, enum inbox_kind kind,
                                            struct str token, struct sha256 *ret_hash);

/* The same by the secret's hash. */
RISITI_CHECKED enum err callback_token_check(struct service *service, enum inbox_kind kind,
                                             const struct sha256 *hash);

/*
 * Journals and applies one callback. ERR_OK: the journal row is committed, whatever its state (an
 * effect that failed here is journaled alone and said so). A secret that was not proven and is not
 * known puts it into quarantine. ERR_DUPLICATE: its row is there already, only for one that came
 * with an id. Any other error: nothing is kept, and it must not be answered 200.
 */
RISITI_CHECKED enum err callback_receive(struct service *service, const struct callback *callback,
                                         struct callback_effect *ret_effect);

/*
 * The effect of one callback, inside its unit; `inbox_id` is its journal row. From an address that
 * is not listed there is none: INBOX_STATE_QUARANTINED. Errors are those of the two below.
 */
RISITI_CHECKED enum err callback_apply(struct service *service, const struct callback *callback,
                                       const struct uuid *inbox_id,
                                       struct callback_effect *ret_effect);

/*
 * The two effects, inside the callback's unit; `inbox_id` is its journal row. Only database errors
 * and ERR_NOMEM are returned: everything about the body is said in the effect. One that answers
 * INBOX_STATE_WAITING has changed nothing, and is tried again later: see callback_replay.h.
 */
RISITI_CHECKED enum err callback_apply_stk(struct service *service, const struct callback *callback,
                                           const struct uuid *inbox_id,
                                           struct callback_effect *ret_effect);
RISITI_CHECKED enum err callback_apply_c2b(struct service *service, const struct callback *callback,
                                           const struct uuid *inbox_id,
                                           struct callback_effect *ret_effect);

#endif
