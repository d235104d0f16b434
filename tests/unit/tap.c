/* CUnit results as TAP: see tap.h. */
#include "risiti/base/base.h"

#include "tap.h"

#include <CUnit/TestRun.h>

static unsigned tests_done;

static void test_complete(const CU_pTest test, const CU_pSuite suite,
                          const CU_pFailureRecord first_failure)
{
    printf("%s %u - %s: %s\n", first_failure == NULL ? "ok" : "not ok", ++tests_done, suite->pName,
           test->pName);
    for (CU_pFailureRecord failure = first_failure; failure != NULL; failure = failure->pNext)
        printf("# %s:%u: %s\n", failure->strFileName, failure->uiLineNumber, failure->strCondition);
    (void)fflush(stdout);
}

int tap_run(const char *suite_name, const struct tap_test *tests, size_t test_count)
{
    CU_pSuite suite;
    unsigned failures;

    if (CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    suite = CU_add_suite(suite_name, NULL, NULL);
    if (suite == NULL)
        return EXIT_FAILURE;
    for (size_t i = 0; i < test_count; i++)
        if (CU_add_test(suite, tests[i].name, tests[i].run) == NULL)
            return EXIT_FAILURE;
    printf("1..%zu\n", test_count);
    CU_set_test_complete_handler(test_complete);
    if (CU_run_all_tests() != CUE_SUCCESS)
        return EXIT_FAILURE;
    failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 && tests_done == test_count ? EXIT_SUCCESS : EXIT_FAILURE;
}
