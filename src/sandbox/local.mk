# The sandbox: a Daraja on this machine. What its unit tests link stands in a library of its own.
noinst_LIBRARIES += libsandbox.a
libsandbox_a_SOURCES = \
	include/risiti/sandbox/c2b.h \
	include/risiti/sandbox/courier.h \
	include/risiti/sandbox/exchange.h \
	include/risiti/sandbox/faults.h \
	include/risiti/sandbox/flags.h \
	include/risiti/sandbox/ids.h \
	include/risiti/sandbox/ledger.h \
	include/risiti/sandbox/lock.h \
	include/risiti/sandbox/merchant.h \
	include/risiti/sandbox/mix.h \
	include/risiti/sandbox/oauth.h \
	include/risiti/sandbox/outcome.h \
	include/risiti/sandbox/sandbox.h \
	include/risiti/sandbox/server.h \
	include/risiti/sandbox/stk.h \
	include/risiti/sandbox/url.h \
	src/sandbox/bind.c \
	src/sandbox/c2b.c \
	src/sandbox/c2b_inject.c \
	src/sandbox/c2b_register.c \
	src/sandbox/c2b_simulate.c \
	src/sandbox/control.c \
	src/sandbox/courier.c \
	src/sandbox/exchange.c \
	src/sandbox/faults.c \
	src/sandbox/flags.c \
	src/sandbox/ids.c \
	src/sandbox/ledger.c \
	src/sandbox/merchant.c \
	src/sandbox/oauth.c \
	src/sandbox/outcome.c \
	src/sandbox/routes.c \
	src/sandbox/server.c \
	src/sandbox/stk.c \
	src/sandbox/stk_push.c \
	src/sandbox/stk_query.c \
	src/sandbox/stk_result.c \
	src/sandbox/url.c
libsandbox_a_CFLAGS = $(AM_CFLAGS) -pthread $(MHD_CFLAGS) $(CURL_CFLAGS)

bin_PROGRAMS += risiti-sandbox
risiti_sandbox_SOURCES = \
	src/sandbox/main.c
risiti_sandbox_CFLAGS = $(AM_CFLAGS) -pthread $(CURL_CFLAGS)
risiti_sandbox_LDADD = libsandbox.a libbase.a $(BASE_LIBS) $(MHD_LIBS) $(CURL_LIBS) -lpthread
dist_man_MANS += man/risiti-sandbox.1
