/* What the calls to Daraja have in common: the client, one request with a token, the answer. */
#ifndef RISITI_SRC_DARAJA_CALL_H
#define RISITI_SRC_DARAJA_CALL_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/config.h"
#include "risiti/base/err.h"
#include "risiti/base/jread.h"
#include "risiti/base/str.h"
#include "risiti/daraja/daraja.h"
#include "risiti/net/http_client.h"

/* Room for the body of any call, on the stack, where it can be wiped. */
#define CALL_BODY_SIZE 4096

struct daraja {
    const struct config *config;
    struct daraja_token_source source;
    struct http_client *http; /* made by the first call */
    int64_t deadline_ms;      /* of the call under way, token included; 0: none */
};

struct daraja_call {
    const char *path; /* "/mpesa/…" */
    struct str body;
    bool once; /* money may move */
};

/*
 * Sends the call with a token, and once more with another when Daraja refuses the first. The reply
 * is in `ret_answer`, the JSON object in `ret_root` (NULL when there is none). ERR_OK whatever
 * Daraja said; the errors of daraja_stk_push when nothing was sent.
 */
RISITI_CHECKED enum err daraja_call(struct daraja *daraja, struct arena *arena,
                                    const struct daraja_call *call, const struct jread **ret_root,
                                    struct daraja_answer *ret_answer);
/* What the reply to a call means as an error; ERR_OK for DARAJA_REPLY_ACCEPTED. */
enum err daraja_answer_err(const struct daraja_answer *answer);
/* Marks an answer that cannot be relied on. */
void daraja_answer_doubt(struct daraja_answer *answer, const char *why);
/* An answer for a call that was not sent. */
struct daraja_answer daraja_answer_not_sent(const char *why);
/*
 * One request to a path below base_url, within what is left of the deadline. ERR_OK whenever
 * `ret_answer` is filled; ERR_DARAJA_DOWN without time; ERR_CONFIG for a base_url that may not be
 * called; ERR_NOMEM.
 */
RISITI_CHECKED enum err daraja_send(struct daraja *daraja, struct arena *arena, const char *path,
                                    struct http_client_request *request,
                                    struct http_client_answer *ret_answer);
/* Reads an answer: JSON object, code, text, meaning. */
void daraja_answer_read(struct arena *arena, const struct http_client_answer *http,
                        const struct jread **ret_root, struct daraja_answer *ret_answer);

#endif
