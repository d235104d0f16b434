# Unit tests of api that need no database.
API_TEST_LIBS = libtap.a $(API_LINK) $(CUNIT_LIBS)

check_PROGRAMS += tests/unit/api/test_routes
tests_unit_api_test_routes_SOURCES = tests/unit/api/test_routes.c
tests_unit_api_test_routes_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_api_test_routes_LDADD = $(API_TEST_LIBS)
TESTS += tests/unit/api/test_routes

check_PROGRAMS += tests/unit/api/test_fields
tests_unit_api_test_fields_SOURCES = tests/unit/api/test_fields.c
tests_unit_api_test_fields_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_api_test_fields_LDADD = $(API_TEST_LIBS)
TESTS += tests/unit/api/test_fields
