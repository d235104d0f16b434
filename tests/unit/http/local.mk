# Unit tests of http.
HTTP_TEST_LIBS = libtap.a libhttp.a libbase.a $(BASE_LIBS) $(CUNIT_LIBS)

check_PROGRAMS += tests/unit/http/test_query
tests_unit_http_test_query_SOURCES = tests/unit/http/test_query.c
tests_unit_http_test_query_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_http_test_query_LDADD = $(HTTP_TEST_LIBS)
TESTS += tests/unit/http/test_query

check_PROGRAMS += tests/unit/http/test_router
tests_unit_http_test_router_SOURCES = tests/unit/http/test_router.c
tests_unit_http_test_router_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_http_test_router_LDADD = $(HTTP_TEST_LIBS)
TESTS += tests/unit/http/test_router

check_PROGRAMS += tests/unit/http/test_response
tests_unit_http_test_response_SOURCES = tests/unit/http/test_response.c
tests_unit_http_test_response_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_http_test_response_LDADD = $(HTTP_TEST_LIBS)
TESTS += tests/unit/http/test_response

check_PROGRAMS += tests/unit/http/test_problem
tests_unit_http_test_problem_SOURCES = tests/unit/http/test_problem.c
tests_unit_http_test_problem_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_http_test_problem_LDADD = $(HTTP_TEST_LIBS)
TESTS += tests/unit/http/test_problem

check_PROGRAMS += tests/unit/http/test_request
tests_unit_http_test_request_SOURCES = tests/unit/http/test_request.c \
	tests/unit/http/request_test.h
tests_unit_http_test_request_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_http_test_request_LDADD = $(HTTP_TEST_LIBS)
TESTS += tests/unit/http/test_request

check_PROGRAMS += tests/unit/http/test_headers
tests_unit_http_test_headers_SOURCES = tests/unit/http/test_headers.c \
	tests/unit/http/request_test.h
tests_unit_http_test_headers_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_http_test_headers_LDADD = $(HTTP_TEST_LIBS)
TESTS += tests/unit/http/test_headers

check_PROGRAMS += tests/unit/http/test_body
tests_unit_http_test_body_SOURCES = tests/unit/http/test_body.c
tests_unit_http_test_body_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_http_test_body_LDADD = $(HTTP_TEST_LIBS)
TESTS += tests/unit/http/test_body
