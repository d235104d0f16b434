# fcgi: the service as a process. Everything but main.c is a library, which the tests link too;
# it is not called libfcgi.a, since that is the name of the library that it stands on.
noinst_LIBRARIES += librisitifcgi.a
librisitifcgi_a_SOURCES = \
	include/risiti/fcgi/cgi.h \
	include/risiti/fcgi/connection.h \
	include/risiti/fcgi/deadline.h \
	include/risiti/fcgi/heartbeat.h \
	include/risiti/fcgi/jobs_process.h \
	include/risiti/fcgi/listener.h \
	include/risiti/fcgi/master.h \
	include/risiti/fcgi/pool.h \
	include/risiti/fcgi/process.h \
	include/risiti/fcgi/signals.h \
	include/risiti/fcgi/worker.h \
	src/fcgi/cgi.c \
	src/fcgi/connection.c \
	src/fcgi/deadline.c \
	src/fcgi/heartbeat.c \
	src/fcgi/jobs_process.c \
	src/fcgi/listener.c \
	src/fcgi/master.c \
	src/fcgi/pool.c \
	src/fcgi/process.c \
	src/fcgi/signals.c \
	src/fcgi/worker.c
librisitifcgi_a_CFLAGS = $(AM_CFLAGS) $(FCGI_CFLAGS)

bin_PROGRAMS += risiti-fcgi
risiti_fcgi_SOURCES = \
	src/fcgi/main.c
risiti_fcgi_LDADD = librisitifcgi.a libjobs.a $(API_LINK) $(FCGI_LIBS)
dist_man_MANS += man/risiti-fcgi.8
