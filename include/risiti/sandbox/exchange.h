/*
 * One request to the sandbox and its answer. A handler reads the one and fills in the other; it may
 * also hold the answer back, which then waits until the courier releases it.
 */
#ifndef RISITI_SANDBOX_EXCHANGE_H
#define RISITI_SANDBOX_EXCHANGE_H

#include "risiti/base/base.h"

#include "risiti/base/arena.h"
#include "risiti/base/buffer.h"
#include "risiti/base/jread.h"
#include "risiti/base/jwrite.h"
#include "risiti/base/str.h"

#define EXCHANGE_BODY_MAX 65536
#define EXCHANGE_ARENA_MAX 1048576
/* Room for LEDGER_PAYMENTS_MAX payments as JSON. */
#define EXCHANGE_ANSWER_MAX 67108864

struct sandbox;

struct exchange {
    struct arena *arena; /* ended with the exchange */
    struct str body;
    unsigned status; /* 0 until answered */
    const char *content_type;
    struct buffer answer;
    bool cut;          /* close the connection instead of answering */
    bool held;         /* wait for exchange_release */
    const char *error; /* the error code of the answer, for the log; NULL for none */
};

/* A header or query parameter; data is NULL when it is absent. */
struct str exchange_header(const struct exchange *exchange, const char *name);
struct str exchange_parameter(const struct exchange *exchange, const char *name);
/* Lets a held answer go. Only with the sandbox's lock, and once. */
void exchange_release(struct exchange *exchange);

/* Starts a JSON answer; the caller writes one value. */
void exchange_answer_json(struct exchange *exchange, unsigned status, struct jwrite *ret_writer);
/* A finished answer of another kind; `body` is static text. */
void exchange_answer_text(struct exchange *exchange, unsigned status, const char *content_type,
                          struct str body);
/* An error in Daraja's shape: {"requestId","errorCode","errorMessage"}. */
void exchange_answer_error(struct sandbox *sandbox, struct exchange *exchange, unsigned status,
                           const char *code, const char *message);
/* What calls of C2B are answered: {"OriginatorCoversationID","ResponseCode":"0",…}. */
void exchange_answer_accepted(struct sandbox *sandbox, struct exchange *exchange,
                              const char *description);
/* 400.002.02 "Bad Request - Invalid <field>". */
void exchange_answer_invalid(struct sandbox *sandbox, struct exchange *exchange, const char *field);
/* 500.003.02 "System is busy". */
void exchange_answer_busy(struct sandbox *sandbox, struct exchange *exchange);
/* Reads the body as a JSON object. False when it is none: the exchange is answered then. */
RISITI_CHECKED bool exchange_read_object(struct sandbox *sandbox, struct exchange *exchange,
                                         const struct jread **ret_root);
/* The same for Daraja's own calls, which also want a Content-Type of JSON. */
RISITI_CHECKED bool exchange_read_json(struct sandbox *sandbox, struct exchange *exchange,
                                       const struct jread **ret_root);

#endif
