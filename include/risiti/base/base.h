/*
 * What every source file includes first: the build's settings, the functions that this project
 * does not use, and the attributes that make the compiler check our conventions.
 */
#ifndef RISITI_BASE_BASE_H
#define RISITI_BASE_BASE_H

#include "build-config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "risiti/base/banned.h"

/* The caller must look at the result. */
#define RISITI_CHECKED __attribute__((warn_unused_result))
/* printf-like: the format is parameter number `position`, its values start at `first_value`. */
#define RISITI_PRINTF(position, first_value) __attribute__((format(printf, position, first_value)))
/* Runs `function` with the variable's address when it leaves scope. */
#define RISITI_CLEANUP(function) __attribute__((cleanup(function)))

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/*
 * For our own mistakes only, never for input, network or database content: says where on standard
 * error and aborts. It is always compiled in, and its condition has no side effects.
 */
#define ASSERT(condition) ((condition) ? (void)0 : assert_failed(#condition, __FILE__, __LINE__))

__attribute__((noreturn)) void assert_failed(const char *condition, const char *file, int line);

#endif
