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
