/* The sandbox's context: its options, its state and the lock round that state. */
#ifndef RISITI_SANDBOX_SANDBOX_H
#define RISITI_SANDBOX_SANDBOX_H

#include "risiti/base/base.h"

#include <pthread.h>

#include "risiti/sandbox/courier.h"
#include "risiti/sandbox/exchange.h"
#include "risiti/sandbox/faults.h"
#include "risiti/sandbox/ids.h"
#include "risiti/sandbox/ledger.h"
#include "risiti/sandbox/merchant.h"
#include "risiti/sandbox/oauth.h"

struct sandbox_options {
    int64_t delay_ms; /* how long a customer thinks */
    bool allow_http;
    bool external_validation;
    bool production_like;
    bool twin_c2b;
};

/* Handlers and the courier's tasks run with `lock` held; everything below is theirs. */
struct sandbox {
    struct sandbox_options options; /* not changed after the start */
    pthread_mutex_t lock;
    struct merchants merchants;
    struct ids ids;
    struct ledger *ledger;
    struct oauth oauth;
    struct faults faults;
    struct fates fates;
    struct courier *courier;
};

/* One endpoint: answers the exchange, or holds it. */
typedef void sandbox_handler(struct sandbox *sandbox, struct exchange *exchange);

sandbox_handler sandbox_oauth_generate;
sandbox_handler sandbox_stk_push;
sandbox_handler sandbox_stk_query;
sandbox_handler sandbox_c2b_register_v1;
sandbox_handler sandbox_c2b_register_v2;
sandbox_handler sandbox_c2b_simulate_v1;
sandbox_handler sandbox_c2b_simulate_v2;
sandbox_handler sandbox_c2b_inject;
sandbox_handler sandbox_payments_list;
sandbox_handler sandbox_faults_show;
sandbox_handler sandbox_faults_set;
sandbox_handler sandbox_state_show;
sandbox_handler sandbox_reverse;

/* Which of Daraja's products a token is checked for: they refuse it differently. */
enum oauth_product { OAUTH_STK, OAUTH_C2B };

/* Whether the request has a valid token; when not, it is answered. */
RISITI_CHECKED bool sandbox_oauth_check(struct sandbox *sandbox, struct exchange *exchange,
                                        enum oauth_product product);
/* Finds the row for method and path and lets it answer; 404 and 405 are decided here. */
void sandbox_routes_dispatch(struct sandbox *sandbox, struct exchange *exchange, struct str method,
                             struct str path);

#endif
