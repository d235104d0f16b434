/*
 * Every configuration key but those of [shortcode …] sections: type, default, limits, one line of
 * help. The struct, the loader, the example file and the manual all come from these rows. Included
 * several times, each time with other macros; those not wanted are empty.
 */
#ifndef CONFIG_TEXT
#define CONFIG_TEXT(section, key, fallback, required, help)
#endif
#ifndef CONFIG_INT
#define CONFIG_INT(section, key, fallback, min, max, unit, help)
#endif
#ifndef CONFIG_BOOL
#define CONFIG_BOOL(section, key, fallback, help)
#endif
#ifndef CONFIG_SECRET
#define CONFIG_SECRET(section, key, help)
#endif
#ifndef CONFIG_CHOICE
#define CONFIG_CHOICE(section, key, fallback, choices, help)
#endif
#ifndef CONFIG_NETWORKS
#define CONFIG_NETWORKS(section, key, fallback, help)
#endif

/* clang-format off */
CONFIG_TEXT(service, listen, "/run/risiti/risiti.sock", false,
    "where risiti-fcgi listens when it is given no socket: a path or HOST:PORT")
CONFIG_TEXT(service, listen_group, "", false,
    "group that may connect to the socket (the web server's); empty: this program's own")
CONFIG_TEXT(service, base_path, "", false,
    "path prefix under which the web server mounts the service, such as /pay; empty for none")
CONFIG_TEXT(service, public_url, "", false,
    "URL under which Safaricom reaches this service, base_path included: https://pay.example.co.ke")
CONFIG_INT(service, workers, 4, 0, 256, "processes",
    "pre-forked workers; 0: the process serves by itself (mod_fcgid)")
CONFIG_INT(service, max_requests, 10000, 1, 1000000, "requests",
    "a worker is replaced after about this many requests")
CONFIG_INT(service, request_timeout, 40, 1, 3600, "seconds",
    "a worker busy with one request for longer is killed and replaced")
CONFIG_INT(service, read_timeout, 5, 1, 300, "seconds",
    "how long the web server may take to hand over one request, and to take the answer")
CONFIG_INT(service, drain_timeout, 30, 1, 600, "seconds",
    "how long requests under way may take after SIGTERM")
CONFIG_NETWORKS(service, trusted_proxies, "",
    "addresses of proxies in front of the web server whose X-Forwarded-For is believed")
CONFIG_NETWORKS(service, monitor_allow, "127.0.0.0/8, ::1",
    "addresses that may read /healthz and /readyz")
CONFIG_BOOL(service, allow_http, false,
    "take http:// URLs for loopback hosts: for the sandbox and tests only")
CONFIG_SECRET(service, secret_key,
    "64 hex digits (openssl rand -hex 32): encrypts what must be kept readable in the database")

CONFIG_TEXT(database, host, "", false, "host name; empty: the local socket")
CONFIG_INT(database, port, 3306, 1, 65535, "", "TCP port, with host")
CONFIG_TEXT(database, socket, "/run/mysqld/mysqld.sock", false, "unix socket, without host")
CONFIG_TEXT(database, name, "risiti", true, "database")
CONFIG_TEXT(database, user, "risiti", true, "user")
CONFIG_SECRET(database, password, "password; empty for socket authentication")
CONFIG_TEXT(database, tls_ca, "", false,
    "file with the certificate authority of the server; TLS is then demanded and verified")
CONFIG_INT(database, connect_timeout, 3, 1, 60, "seconds", "to connect")
CONFIG_INT(database, statement_timeout, 5, 1, 60, "seconds", "for one statement, on the server")

CONFIG_TEXT(log, target, "stderr", true, "stderr, syslog or an absolute path")
CONFIG_CHOICE(log, format, "text", "text|json", "key=value or JSON lines")
CONFIG_CHOICE(log, level, "info", "error|warning|info|debug", "the least important lines to write")

CONFIG_INT(limits, lookup_misses_free, 20, 0, 1000000, "look-ups",
    "receipts an app may ask for in vain per window before answers slow down")
CONFIG_INT(limits, lookup_misses_max, 100, 1, 1000000, "look-ups",
    "receipts an app may ask for in vain per window before it is answered 429")
CONFIG_INT(limits, lookup_window, 600, 1, 86400, "seconds", "length of that window")

CONFIG_BOOL(jobs, enabled, true,
    "the master of risiti-fcgi runs the background tasks too; no: risiti jobs does")
CONFIG_INT(jobs, quiet_seconds, 600, 0, 86400, "seconds",
    "how long after an outage deadlines (of holds and pushes) do not count")

CONFIG_INT(pushes, hold_hours, 24, 1, 168, "hours",
    "how long money that may belong to an unsettled push is kept from every app")
CONFIG_INT(pushes, open_seconds, 300, 180, 3600, "seconds",
    "after this long without an end the result of a push is shown as unknown")
CONFIG_INT(pushes, query_hours, 24, 1, 168, "hours",
    "for how long Safaricom is asked, ever more rarely, how such a push has ended")
CONFIG_INT(pushes, queries_per_minute, 30, 1, 6000, "queries",
    "how often Safaricom is asked about pushes, by all workers and hosts together")
CONFIG_INT(pushes, proof_days, 7, 1, 90, "days",
    "how long money that arrives is matched with a push that is not settled")

CONFIG_TEXT(daraja, base_url, "https://api.safaricom.co.ke", true,
    "Daraja: https://api.safaricom.co.ke, or https://sandbox.safaricom.co.ke for its test system")
CONFIG_SECRET(daraja, consumer_key, "consumer key of the app on the Daraja portal")
CONFIG_SECRET(daraja, consumer_secret, "its consumer secret")
CONFIG_TEXT(daraja, ca_file, "/etc/ssl/certs/ca-certificates.crt", false,
    "certificate authorities that vouch for Daraja")
CONFIG_INT(daraja, connect_timeout, 5, 1, 30, "seconds", "to connect to Daraja")
CONFIG_INT(daraja, timeout, 25, 1, 60, "seconds", "for one call to Daraja; below request_timeout")
CONFIG_CHOICE(daraja, c2b_version, "v2", "v1|v2",
    "C2B registration: v2 sends masked phone numbers, v1 their SHA-256")

CONFIG_NETWORKS(callbacks, allow,
    "196.201.214.200, 196.201.214.206, 196.201.214.207, 196.201.214.208, 196.201.213.44, "
    "196.201.213.114, 196.201.212.69, 196.201.212.74, 196.201.212.127, 196.201.212.129, "
    "196.201.212.136, 196.201.212.138",
    "addresses that Safaricom's callbacks come from")
CONFIG_BOOL(callbacks, allow_loopback, false,
    "also take callbacks from this machine: for the sandbox and tests only")
CONFIG_BOOL(callbacks, plain_paths, true,
    "serve the /api/mpesa/ paths, which carry no secret, to the listed addresses")
CONFIG_BOOL(callbacks, plain_stk_trusted, false,
    "believe a success there for a push whose URL has a secret, without asking Daraja")
CONFIG_TEXT(callbacks, spool, "/var/lib/risiti/spool", false,
    "folder of this host for callbacks that come while the database is away; empty: answer 503")
CONFIG_INT(callbacks, spool_files, 100000, 1, 10000000, "files",
    "callbacks that may wait in it; beyond them the answer is 503")
CONFIG_INT(callbacks, spool_unlisted, 500, 0, 1000000, "files",
    "of these, callbacks from addresses that are not listed")
CONFIG_INT(callbacks, quarantine, 100, 0, 1000000, "callbacks",
    "kept in quarantine from one address that is not listed")
CONFIG_INT(callbacks, secret_idle, 24, 1, 8760, "hours",
    "a secret of C2B URLs can be ended when no confirmation came on it for this long")
/* clang-format on */

#undef CONFIG_TEXT
#undef CONFIG_INT
#undef CONFIG_BOOL
#undef CONFIG_SECRET
#undef CONFIG_CHOICE
#undef CONFIG_NETWORKS
