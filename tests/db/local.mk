# Tests that need a database: scripts/test-db make check. Without one they are skipped.
check_LIBRARIES += libtestdb.a
libtestdb_a_SOURCES = tests/db/testdb.c tests/db/testdb.h
libtestdb_a_CPPFLAGS = $(DB_TEST_CPPFLAGS)

DB_TEST_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/tests/db $(MARIADB_CFLAGS)
DB_TEST_LIBS = libtestdb.a libtap.a libdb.a libbase.a $(DB_LIBS) $(BASE_LIBS) $(CUNIT_LIBS)

check_PROGRAMS += tests/db/test_statement
tests_db_test_statement_SOURCES = tests/db/test_statement.c
tests_db_test_statement_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_statement_LDADD = $(DB_TEST_LIBS)
TESTS += tests/db/test_statement
