# http: requests as the CGI environment describes them, routes, answers; on base alone.
noinst_LIBRARIES += libhttp.a
libhttp_a_SOURCES = \
	include/risiti/http/problem.h include/risiti/http/query.h include/risiti/http/request.h \
	include/risiti/http/response.h include/risiti/http/router.h \
	src/http/client.c src/http/client.h src/http/environment.c src/http/environment.h \
	src/http/path.c src/http/path.h src/http/problem.c src/http/query.c src/http/request.c \
	src/http/response.c src/http/router.c
libhttp_a_CFLAGS = $(AM_CFLAGS)
