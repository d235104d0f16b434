/*
 * Calls to Daraja: OAuth, STK push and query, C2B registration, for PayBills and tills. The client
 * keeps no token of its own: it asks a token source, which lends the one that all workers share.
 */
#ifndef RISITI_DARAJA_DARAJA_H
#define RISITI_DARAJA_DARAJA_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/base/err.h"
#include "risiti/base/money.h"
#include "risiti/base/phone.h"
#include "risiti/base/str.h"
#include "risiti/daraja/codes.h"

struct daraja;

/*
 * Where tokens come from. `rejected` is the token that Daraja just refused, or empty: the source
 * then gives another one, renewing it by daraja_oauth when it holds no newer one.
 */
struct daraja_token_source {
    enum err (*get)(void *context, struct daraja *daraja, struct arena *arena, struct str rejected,
                    struct str *ret_token);
    void *context;
};

/*
 * `config` outlives the client. NULL without memory. The first call sets up libcurl: it may be made
 * in the process that uses the client only, after any fork.
 */
RISITI_CHECKED struct daraja *daraja_new(const struct config *config,
                                         const struct daraja_token_source *source);
void daraja_free(struct daraja *daraja);

/* What Daraja said, for answers, events and logs. All text in the arena, printable, bounded. */
struct daraja_answer {
    enum daraja_reply reply;
    unsigned status;          /* HTTP; 0 when nothing came back */
    struct str code, message; /* errorCode/errorMessage or ResponseCode/ResponseDescription */
    struct str body;          /* the JSON as it came; empty when it was none */
    bool sent;                /* false: nothing reached Daraja */
    const char *why;          /* transport trouble; NULL when there was an answer */
};

struct stk_push {
    const struct config_short_code *short_code;
    struct phone phone;
    int64_t amount_shillings;
    struct str account_reference; /* at most 12 characters of [A-Za-z0-9 ._-] */
    struct str description;       /* cut to 13 safe characters on the way */
    struct str callback_url;
};

struct stk_push_accepted {
    struct str merchant_request_id, checkout_request_id;
};

/*
 * Sends one push, once, over a fresh connection; only a listed invalid-token refusal is sent again,
 * once, with a new token. All of it together takes no longer than daraja.timeout; when too little
 * of that is left to wait for an answer, nothing is sent. ERR_OK: accepted, and `ret_accepted` is
 * filled. ERR_PUSH_REFUSED, ERR_PUSH_LOCKED: Daraja's listed refusals. ERR_PUSH_UNKNOWN: sent,
 * outcome not known. After every other error no push is under way: ERR_DARAJA_DOWN: nothing was
 * sent; ERR_DARAJA_AUTH: Daraja takes no token of ours; ERR_INVALID: no such push can be made;
 * ERR_CONFIG, ERR_NOMEM, and what the token source returned. `ret_answer` is always filled.
 */
RISITI_CHECKED enum err daraja_stk_push(struct daraja *daraja, struct arena *arena,
                                        const struct stk_push *push,
                                        struct stk_push_accepted *ret_accepted,
                                        struct daraja_answer *ret_answer);

struct stk_query_result {
    struct str result_code, result_description;
    enum stk_verdict verdict;
};

/* Asks how a push ended. ERR_OK with the verdict (pending included), else as above. */
RISITI_CHECKED enum err daraja_stk_query(struct daraja *daraja, struct arena *arena,
                                         const struct config_short_code *short_code,
                                         struct str checkout_request_id,
                                         struct stk_query_result *ret_result,
                                         struct daraja_answer *ret_answer);

/*
 * Registers C2B URLs with the configured version. ERR_OK also when they are registered already
 * (reply DARAJA_REPLY_ALREADY: done by somebody, not verified).
 */
RISITI_CHECKED enum err daraja_c2b_register(struct daraja *daraja, struct arena *arena,
                                            const struct config_short_code *short_code,
                                            struct str confirmation_url, struct str validation_url,
                                            struct daraja_answer *ret_answer);

/*
 * A new token from Daraja, which ends the one before. For token sources.
 * ERR_DARAJA_AUTH: no credentials, or Daraja refused them; ERR_DARAJA_DOWN: no usable answer;
 * ERR_CONFIG, ERR_NOMEM. The body of the answer, which holds the token, is not kept.
 */
RISITI_CHECKED enum err daraja_oauth(struct daraja *daraja, struct arena *arena,
                                     struct str *ret_token, int64_t *ret_lifetime_seconds,
                                     struct daraja_answer *ret_answer);

#endif
