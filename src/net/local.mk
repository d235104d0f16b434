# net: the only folder that calls libcurl.
noinst_LIBRARIES += libnet.a
libnet_a_SOURCES = \
	include/risiti/net/http_client.h \
	src/net/http_client.c src/net/http_options.c src/net/http_options.h src/net/http_url.c
libnet_a_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
NET_LIBS = $(CURL_LIBS)
