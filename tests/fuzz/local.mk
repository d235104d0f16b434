# Fuzz targets. Here each is linked with standalone.c and runs over its stored inputs.
FUZZ_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/fuzz
FUZZ_MAIN = tests/fuzz/standalone.c tests/fuzz/fuzz.h

check_PROGRAMS += tests/fuzz/fuzz_jread
tests_fuzz_fuzz_jread_SOURCES = tests/fuzz/fuzz_jread.c $(FUZZ_MAIN)
tests_fuzz_fuzz_jread_CPPFLAGS = $(FUZZ_CPPFLAGS) -I$(top_srcdir)/src/base
tests_fuzz_fuzz_jread_LDADD = libbase.a $(BASE_LIBS)

check_PROGRAMS += tests/fuzz/fuzz_query
tests_fuzz_fuzz_query_SOURCES = tests/fuzz/fuzz_query.c $(FUZZ_MAIN)
tests_fuzz_fuzz_query_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_query_LDADD = libhttp.a libbase.a $(BASE_LIBS)

check_PROGRAMS += tests/fuzz/fuzz_request
tests_fuzz_fuzz_request_SOURCES = tests/fuzz/fuzz_request.c $(FUZZ_MAIN)
tests_fuzz_fuzz_request_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_request_LDADD = libhttp.a libbase.a $(BASE_LIBS)

check_PROGRAMS += tests/fuzz/fuzz_stk_result
tests_fuzz_fuzz_stk_result_SOURCES = tests/fuzz/fuzz_stk_result.c $(FUZZ_MAIN)
tests_fuzz_fuzz_stk_result_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_stk_result_LDADD = libdaraja.a libbase.a $(BASE_LIBS)

check_PROGRAMS += tests/fuzz/fuzz_c2b
tests_fuzz_fuzz_c2b_SOURCES = tests/fuzz/fuzz_c2b.c $(FUZZ_MAIN)
tests_fuzz_fuzz_c2b_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_c2b_LDADD = libdaraja.a libbase.a $(BASE_LIBS)

EXTRA_DIST += tests/fuzz/seeds
dist_check_SCRIPTS += tests/fuzz/replay.sh
TESTS += tests/fuzz/replay.sh
