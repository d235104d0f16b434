/*
 * The domain over a test database and a mock of Daraja: a service whose pushes and queries go to a
 * script of answers.
 */
#ifndef RISITI_TESTS_DARAJA_FIXTURE_H
#define RISITI_TESTS_DARAJA_FIXTURE_H

#include "risiti/base/base.h"

#include "../unit/net/mock_server.h"

#include "fixture.h"
#include "risiti/daraja/daraja.h"

struct daraja_fixture {
    struct mock_server *server;
    struct service service; /* the fixture's, with a client */
};

/* Answers the requests in order, the last one all further ones. */
void daraja_begin(struct daraja_fixture *daraja, const struct mock_step *steps, size_t step_count);
void daraja_end(struct daraja_fixture *daraja);
/* From now on nothing listens where Daraja should be. */
void daraja_stop(struct daraja_fixture *daraja);
/* A client of its own for a process that was forked after daraja_begin: daraja_free it. */
RISITI_CHECKED struct daraja *daraja_client(void);

/* Answers of one step each; they stay until a few dozen later ones. */
struct mock_step step_answer(const char *status, const char *body);
/* A push is accepted, with a new checkout id. */
struct mock_step step_accepted(void);
/* A query's answer with this result code. */
struct mock_step step_result(struct str checkout, const char *code);

#endif
