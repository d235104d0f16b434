# Unit tests of domain that need no database.
DOMAIN_TEST_LIBS = libtap.a $(DOMAIN_LINK) $(CUNIT_LIBS)

check_PROGRAMS += tests/unit/domain/test_account
tests_unit_domain_test_account_SOURCES = tests/unit/domain/test_account.c
tests_unit_domain_test_account_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_domain_test_account_LDADD = $(DOMAIN_TEST_LIBS)
TESTS += tests/unit/domain/test_account

check_PROGRAMS += tests/unit/domain/test_key
tests_unit_domain_test_key_SOURCES = tests/unit/domain/test_key.c
tests_unit_domain_test_key_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_domain_test_key_LDADD = $(DOMAIN_TEST_LIBS)
TESTS += tests/unit/domain/test_key

check_PROGRAMS += tests/unit/domain/test_path_token
tests_unit_domain_test_path_token_SOURCES = tests/unit/domain/test_path_token.c
tests_unit_domain_test_path_token_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_domain_test_path_token_LDADD = $(DOMAIN_TEST_LIBS)
TESTS += tests/unit/domain/test_path_token
