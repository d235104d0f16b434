# Tests of the sandbox: its parts, and the program as a whole.
SANDBOX_TEST_LIBS = libtap.a libsandbox.a libbase.a $(BASE_LIBS) $(MHD_LIBS) $(CURL_LIBS) \
	$(CUNIT_LIBS) -lpthread

check_PROGRAMS += tests/unit/sandbox/test_ids tests/unit/sandbox/test_ledger \
	tests/unit/sandbox/test_rules
tests_unit_sandbox_test_ids_SOURCES = tests/unit/sandbox/test_ids.c
tests_unit_sandbox_test_ids_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_sandbox_test_ids_LDADD = $(SANDBOX_TEST_LIBS)
tests_unit_sandbox_test_ledger_SOURCES = tests/unit/sandbox/test_ledger.c
tests_unit_sandbox_test_ledger_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_sandbox_test_ledger_LDADD = $(SANDBOX_TEST_LIBS)
tests_unit_sandbox_test_rules_SOURCES = tests/unit/sandbox/test_rules.c
tests_unit_sandbox_test_rules_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_sandbox_test_rules_LDADD = $(SANDBOX_TEST_LIBS)
TESTS += tests/unit/sandbox/test_ids tests/unit/sandbox/test_ledger tests/unit/sandbox/test_rules

dist_check_SCRIPTS += tests/e2e/sandbox.sh
EXTRA_DIST += tests/e2e/sandbox_test.py
TESTS += tests/e2e/sandbox.sh
