# Unit tests of net, and the server that they and those of daraja talk to.
check_LIBRARIES += libmock.a
libmock_a_SOURCES = tests/unit/net/mock_server.c tests/unit/net/mock_server.h

NET_TEST_LIBS = libtap.a libmock.a libnet.a libbase.a $(NET_LIBS) $(BASE_LIBS) $(CUNIT_LIBS) \
	-lpthread

check_PROGRAMS += tests/unit/net/test_http_url
tests_unit_net_test_http_url_SOURCES = tests/unit/net/test_http_url.c
tests_unit_net_test_http_url_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_net_test_http_url_LDADD = $(NET_TEST_LIBS)
TESTS += tests/unit/net/test_http_url

check_PROGRAMS += tests/unit/net/test_http_client
tests_unit_net_test_http_client_SOURCES = tests/unit/net/test_http_client.c \
	tests/unit/net/http_test.h
tests_unit_net_test_http_client_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_net_test_http_client_LDADD = $(NET_TEST_LIBS)
TESTS += tests/unit/net/test_http_client

check_PROGRAMS += tests/unit/net/test_http_faults
tests_unit_net_test_http_faults_SOURCES = tests/unit/net/test_http_faults.c \
	tests/unit/net/http_test.h
tests_unit_net_test_http_faults_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_net_test_http_faults_LDADD = $(NET_TEST_LIBS)
TESTS += tests/unit/net/test_http_faults

# One GET from the command line, for test_http_tls.sh.
check_PROGRAMS += tests/unit/net/http_get
tests_unit_net_http_get_SOURCES = tests/unit/net/http_get.c
tests_unit_net_http_get_LDADD = libnet.a libbase.a $(NET_LIBS) $(BASE_LIBS)
dist_check_SCRIPTS += tests/unit/net/test_http_tls.sh
TESTS += tests/unit/net/test_http_tls.sh
