# Configuration of web servers, as users install it and as the tests run it.
EXTRA_DIST += conf/lighttpd/risiti.conf conf/apache/risiti-proxy-fcgi.conf \
	conf/apache/risiti-fcgid.conf conf/apache/htaccess
