# bench: timings, as ratios measured side by side. Built by `make bench`, never by tests.
EXTRA_PROGRAMS += bench/hello
bench_hello_SOURCES = bench/hello.c
bench_hello_CFLAGS = $(AM_CFLAGS) $(FCGI_CFLAGS)
bench_hello_LDADD = libbase.a $(FCGI_LIBS) $(BASE_LIBS)
CLEANFILES += bench/hello
EXTRA_DIST += bench/side-by-side bench/claim.lua
.PHONY: bench
bench: all bench/hello
	'$(srcdir)/bench/side-by-side' '$(abs_builddir)'
