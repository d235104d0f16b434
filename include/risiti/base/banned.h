/*
 * Functions that are not used in this project, each with what is used in its place. Calling one
 * of them does not compile. System headers that declare them are included first, so that only
 * calls of ours are caught.
 */
#ifndef RISITI_BASE_BANNED_H
#define RISITI_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* struct str, struct buffer, snprintf with its result checked */
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok strtok_r gets
/* clock_format_* and clock_parse_* (base/clock.h) */
#pragma GCC poison gmtime localtime ctime asctime
/* number_parse (base/number.h) */
#pragma GCC poison atoi atol atoll atof strtol strtoll strtoul strtoull strtod sscanf
/* crypto_random (base/crypto.h); no shell is ever started */
#pragma GCC poison srand random system popen
/* OpenSSL's headers have parameters of this name; crypto.c alone is exempt. */
#ifndef RISITI_OPENSSL_HEADERS
#pragma GCC poison rand
#endif

/* mem_alloc, mem_copy, mem_free (base/mem.h) or an arena; mem.c alone is exempt. */
#ifndef RISITI_RAW_ALLOCATION
#pragma GCC poison malloc calloc realloc reallocarray strdup strndup
#endif

#endif
