# Configuration of web servers and systemd, as users install it and as the tests run it; and risiti.ini.example,
# which is what `risiti config example` prints: tests/docs/check-docs compares them.
nobase_dist_doc_DATA += conf/lighttpd/risiti.conf conf/apache/risiti-proxy-fcgi.conf \
	conf/apache/risiti-fcgid.conf conf/apache/htaccess conf/systemd/risiti.service \
	conf/systemd/risiti-jobs.service \
	conf/risiti.ini.example
