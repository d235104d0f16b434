# Unit tests of base.
check_LIBRARIES += libtap.a
libtap_a_SOURCES = tests/unit/tap.c tests/unit/tap.h
libtap_a_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)

UNIT_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit $(CUNIT_CFLAGS)
BASE_TEST_LIBS = libtap.a libbase.a $(BASE_LIBS) $(CUNIT_LIBS)

check_PROGRAMS += tests/unit/base/test_str
tests_unit_base_test_str_SOURCES = tests/unit/base/test_str.c
tests_unit_base_test_str_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_str_LDADD = $(BASE_TEST_LIBS)
TESTS += tests/unit/base/test_str

check_PROGRAMS += tests/unit/base/test_memory
tests_unit_base_test_memory_SOURCES = tests/unit/base/test_memory.c
tests_unit_base_test_memory_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_memory_LDADD = $(BASE_TEST_LIBS)
TESTS += tests/unit/base/test_memory

check_PROGRAMS += tests/unit/base/test_err
tests_unit_base_test_err_SOURCES = tests/unit/base/test_err.c
tests_unit_base_test_err_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_err_LDADD = $(BASE_TEST_LIBS)
TESTS += tests/unit/base/test_err

check_PROGRAMS += tests/unit/base/test_clock
tests_unit_base_test_clock_SOURCES = tests/unit/base/test_clock.c
tests_unit_base_test_clock_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_clock_LDADD = $(BASE_TEST_LIBS)
TESTS += tests/unit/base/test_clock

check_PROGRAMS += tests/unit/base/test_config
tests_unit_base_test_config_SOURCES = tests/unit/base/test_config.c \
	tests/unit/base/config_fixture.c tests/unit/base/config_fixture.h
tests_unit_base_test_config_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_config_LDADD = $(BASE_TEST_LIBS)
TESTS += tests/unit/base/test_config

check_PROGRAMS += tests/unit/base/test_config_rules
tests_unit_base_test_config_rules_SOURCES = tests/unit/base/test_config_rules.c \
	tests/unit/base/config_fixture.c tests/unit/base/config_fixture.h
tests_unit_base_test_config_rules_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_config_rules_LDADD = $(BASE_TEST_LIBS)
TESTS += tests/unit/base/test_config_rules

check_PROGRAMS += tests/unit/base/test_crypto
tests_unit_base_test_crypto_SOURCES = tests/unit/base/test_crypto.c
tests_unit_base_test_crypto_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_crypto_LDADD = $(BASE_TEST_LIBS)
TESTS += tests/unit/base/test_crypto

check_PROGRAMS += tests/unit/base/test_money
tests_unit_base_test_money_SOURCES = tests/unit/base/test_money.c
tests_unit_base_test_money_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_money_LDADD = $(BASE_TEST_LIBS)
TESTS += tests/unit/base/test_money

check_PROGRAMS += tests/unit/base/test_phone
tests_unit_base_test_phone_SOURCES = tests/unit/base/test_phone.c
tests_unit_base_test_phone_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_phone_LDADD = $(BASE_TEST_LIBS)
TESTS += tests/unit/base/test_phone

check_PROGRAMS += tests/unit/base/test_uuid
tests_unit_base_test_uuid_SOURCES = tests/unit/base/test_uuid.c
tests_unit_base_test_uuid_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_uuid_LDADD = $(BASE_TEST_LIBS)
TESTS += tests/unit/base/test_uuid

check_PROGRAMS += tests/unit/base/test_jwrite
tests_unit_base_test_jwrite_SOURCES = tests/unit/base/test_jwrite.c
tests_unit_base_test_jwrite_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_jwrite_LDADD = $(BASE_TEST_LIBS)
TESTS += tests/unit/base/test_jwrite

check_PROGRAMS += tests/unit/base/test_jread
tests_unit_base_test_jread_SOURCES = tests/unit/base/test_jread.c
tests_unit_base_test_jread_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_jread_LDADD = $(BASE_TEST_LIBS)
TESTS += tests/unit/base/test_jread

check_PROGRAMS += tests/unit/base/test_log
tests_unit_base_test_log_SOURCES = tests/unit/base/test_log.c
tests_unit_base_test_log_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_log_LDADD = $(BASE_TEST_LIBS)
TESTS += tests/unit/base/test_log
