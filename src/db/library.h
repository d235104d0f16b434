/*
 * The files of this folder that call the client library include this first, in the place of
 * base.h: the library's header has macros that name functions which base.h bans, so it must be
 * read before the ban.
 */
#ifndef RISITI_DB_LIBRARY_H
#define RISITI_DB_LIBRARY_H

#include "build-config.h"

#include <mysql.h>

#include "risiti/base/base.h"

#endif
