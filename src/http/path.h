/*
 * Which path a request asks for, below where the service is mounted: decoded once, folded, and
 * free of whatever a web server and this service could read differently.
 */
#ifndef RISITI_HTTP_PATH_H
#define RISITI_HTTP_PATH_H

#include "risiti/base/arena.h"
#include "risiti/base/base.h"
#include "risiti/base/err.h"
#include "risiti/base/str.h"

#include "environment.h"

/*
 * ERR_MALFORMED with a sentence in `ret_why`; ERR_ROUTE outside `base_path` ("" or "/pay"), where
 * `ret_path` is the whole path, for the log; ERR_NOMEM.
 */
RISITI_CHECKED enum err path_read(struct arena *arena, const struct environment *environment,
                                  struct str base_path, struct str *ret_path, const char **ret_why);

#endif
