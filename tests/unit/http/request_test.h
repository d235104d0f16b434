/* What the tests of requests share: one request at a time, made out of a CGI environment. */
#ifndef RISITI_TESTS_REQUEST_TEST_H
#define RISITI_TESTS_REQUEST_TEST_H

#include "risiti/base/base.h"

#include "risiti/base/arena.h"
#include "risiti/http/request.h"

#define TEST_ARENA_BYTES 262144
/* A NULL-terminated list of "NAME=value". */
#define VARIABLES(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct arena *arena;
static struct request request;
static struct request_options options;
static const char *why;

static inline enum err init(const char *const *environment)
{
    arena_free(arena);
    arena = arena_new(TEST_ARENA_BYTES);
    why = NULL;
    return request_init(&request, arena, environment, &options, &why);
}

static inline void end(void)
{
    arena_free(arena);
    arena = NULL;
    options = (struct request_options){.base_path = STR_EMPTY};
}

/* That the environment is malformed, and what is said about it. */
static inline bool refused(const char *const *environment, const char *sentence)
{
    return init(environment) == ERR_MALFORMED && why != NULL && request.id.length > 0 &&
           str_equal(str_from(why), str_from(sentence));
}

#endif
