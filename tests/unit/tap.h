/*
 * The thin layer between our tests and CUnit: a test program lists its functions in a table and
 * ends in TAP_MAIN, which prints one TAP line for each and exits with failure when one failed.
 */
#ifndef RISITI_TESTS_TAP_H
#define RISITI_TESTS_TAP_H

#include "risiti/base/base.h"

#include <CUnit/CUnit.h>

#include "risiti/base/str.h"

struct tap_test {
    const char *name;
    void (*run)(void);
};

/* Runs the tests in order under the suite's name. Returns main's result. */
int tap_run(const char *suite, const struct tap_test *tests, size_t test_count);

#define TAP_TEST(function) \
    { \
#function, function \
    }
#define TAP_MAIN(suite, table) \
    int main(void) \
    { \
        return tap_run(suite, table, ARRAY_LENGTH(table)); \
    }

/* Compares a view with a NUL-terminated text. */
#define ASSERT_STR(view, text) CU_ASSERT_TRUE(str_equal((view), str_from(text)))

#endif
