# The program over the real wire, with a stub where the service would be: no database is needed.
check_PROGRAMS += tests/fcgi/stub-fcgi
tests_fcgi_stub_fcgi_SOURCES = src/fcgi/main.c tests/fcgi/stub_gateway.c
tests_fcgi_stub_fcgi_LDADD = librisitifcgi.a libbase.a $(FCGI_LIBS) $(BASE_LIBS)

FCGI_TESTS = tests/fcgi/test_worker.sh tests/fcgi/test_master.sh tests/fcgi/test_start.sh
dist_check_SCRIPTS += $(FCGI_TESTS)
EXTRA_DIST += tests/fcgi/python.sh tests/fcgi/fcgi_client.py tests/fcgi/harness.py \
	tests/fcgi/test_worker.py tests/fcgi/test_master.py tests/fcgi/test_start.py
TESTS += $(FCGI_TESTS)
