# Tests that need a database: scripts/test-db make check. Without one they are skipped.
check_LIBRARIES += libtestdb.a
libtestdb_a_SOURCES = tests/db/testdb.c tests/db/testdb.h tests/db/testproxy.c tests/db/testproxy.h
libtestdb_a_CPPFLAGS = $(DB_TEST_CPPFLAGS)

DB_TEST_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/tests/db $(MARIADB_CFLAGS)
DB_TEST_LIBS = libtestdb.a libtap.a libdb.a libbase.a $(DB_LIBS) $(BASE_LIBS) $(CUNIT_LIBS)

check_PROGRAMS += tests/db/test_statement
tests_db_test_statement_SOURCES = tests/db/test_statement.c
tests_db_test_statement_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_statement_LDADD = $(DB_TEST_LIBS)
TESTS += tests/db/test_statement

check_PROGRAMS += tests/db/test_unit
tests_db_test_unit_SOURCES = tests/db/test_unit.c
tests_db_test_unit_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_unit_LDADD = $(DB_TEST_LIBS)
TESTS += tests/db/test_unit

check_PROGRAMS += tests/db/test_deadline
tests_db_test_deadline_SOURCES = tests/db/test_deadline.c
tests_db_test_deadline_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_deadline_LDADD = $(DB_TEST_LIBS)
TESTS += tests/db/test_deadline

check_PROGRAMS += tests/db/test_connection
tests_db_test_connection_SOURCES = tests/db/test_connection.c
tests_db_test_connection_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_connection_LDADD = $(DB_TEST_LIBS)
TESTS += tests/db/test_connection

check_PROGRAMS += tests/db/test_migrate
tests_db_test_migrate_SOURCES = tests/db/test_migrate.c
tests_db_test_migrate_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_migrate_LDADD = $(DB_TEST_LIBS)
TESTS += tests/db/test_migrate

# The domain over a database.
check_LIBRARIES += libfixture.a
libfixture_a_SOURCES = tests/db/fixture.c tests/db/fixture.h
libfixture_a_CPPFLAGS = $(DB_TEST_CPPFLAGS)
DOMAIN_DB_TEST_LIBS = libfixture.a libtestdb.a libtap.a $(DOMAIN_LINK) $(CUNIT_LIBS)

# The domain over a database and a mock of Daraja.
DARAJA_FIXTURE = tests/db/daraja_fixture.c tests/db/daraja_fixture.h

check_PROGRAMS += tests/db/test_push
tests_db_test_push_SOURCES = tests/db/test_push.c $(DARAJA_FIXTURE)
tests_db_test_push_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_push_LDADD = libmock.a $(DOMAIN_DB_TEST_LIBS) -lpthread
TESTS += tests/db/test_push

check_PROGRAMS += tests/db/test_push_check
tests_db_test_push_check_SOURCES = tests/db/test_push_check.c $(DARAJA_FIXTURE)
tests_db_test_push_check_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_push_check_LDADD = libmock.a $(DOMAIN_DB_TEST_LIBS) -lpthread
TESTS += tests/db/test_push_check

check_PROGRAMS += tests/db/test_claim
tests_db_test_claim_SOURCES = tests/db/test_claim.c
tests_db_test_claim_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_claim_LDADD = $(DOMAIN_DB_TEST_LIBS)
TESTS += tests/db/test_claim

check_PROGRAMS += tests/db/test_callback_c2b
tests_db_test_callback_c2b_SOURCES = tests/db/test_callback_c2b.c
tests_db_test_callback_c2b_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_callback_c2b_LDADD = $(DOMAIN_DB_TEST_LIBS)
TESTS += tests/db/test_callback_c2b

check_PROGRAMS += tests/db/test_c2b_urls
tests_db_test_c2b_urls_SOURCES = tests/db/test_c2b_urls.c
tests_db_test_c2b_urls_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_c2b_urls_LDADD = $(DOMAIN_DB_TEST_LIBS)
TESTS += tests/db/test_c2b_urls

check_PROGRAMS += tests/db/test_callback_replay
tests_db_test_callback_replay_SOURCES = tests/db/test_callback_replay.c
tests_db_test_callback_replay_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_callback_replay_LDADD = $(DOMAIN_DB_TEST_LIBS)
TESTS += tests/db/test_callback_replay

check_PROGRAMS += tests/db/test_callback_spool
tests_db_test_callback_spool_SOURCES = tests/db/test_callback_spool.c
tests_db_test_callback_spool_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_callback_spool_LDADD = $(DOMAIN_DB_TEST_LIBS)
TESTS += tests/db/test_callback_spool

check_PROGRAMS += tests/db/test_callback_stk
tests_db_test_callback_stk_SOURCES = tests/db/test_callback_stk.c
tests_db_test_callback_stk_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_callback_stk_LDADD = $(DOMAIN_DB_TEST_LIBS)
TESTS += tests/db/test_callback_stk

check_PROGRAMS += tests/db/test_payment
tests_db_test_payment_SOURCES = tests/db/test_payment.c
tests_db_test_payment_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_payment_LDADD = $(DOMAIN_DB_TEST_LIBS)
TESTS += tests/db/test_payment

check_PROGRAMS += tests/db/test_intake
tests_db_test_intake_SOURCES = tests/db/test_intake.c
tests_db_test_intake_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_intake_LDADD = $(DOMAIN_DB_TEST_LIBS)
TESTS += tests/db/test_intake

check_PROGRAMS += tests/db/test_history
tests_db_test_history_SOURCES = tests/db/test_history.c
tests_db_test_history_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_history_LDADD = $(DOMAIN_DB_TEST_LIBS)
TESTS += tests/db/test_history

check_PROGRAMS += tests/db/test_conflict
tests_db_test_conflict_SOURCES = tests/db/test_conflict.c
tests_db_test_conflict_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_conflict_LDADD = $(DOMAIN_DB_TEST_LIBS)
TESTS += tests/db/test_conflict

check_PROGRAMS += tests/db/test_app
tests_db_test_app_SOURCES = tests/db/test_app.c
tests_db_test_app_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_app_LDADD = $(DOMAIN_DB_TEST_LIBS)
TESTS += tests/db/test_app

check_PROGRAMS += tests/db/test_oauth
tests_db_test_oauth_SOURCES = tests/db/test_oauth.c
tests_db_test_oauth_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_oauth_LDADD = libmock.a $(DOMAIN_DB_TEST_LIBS) -lpthread
TESTS += tests/db/test_oauth

check_PROGRAMS += tests/db/test_jobs
tests_db_test_jobs_SOURCES = tests/db/test_jobs.c
tests_db_test_jobs_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_test_jobs_LDADD = libfixture.a libtestdb.a libtap.a $(JOBS_LINK) $(CUNIT_LIBS)
TESTS += tests/db/test_jobs

check_PROGRAMS += tests/db/check_restart
tests_db_check_restart_SOURCES = tests/db/check_restart.c
tests_db_check_restart_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_db_check_restart_LDADD = $(DB_TEST_LIBS)
dist_check_SCRIPTS += tests/db/test_restart.sh tests/db/test_embed.sh
TESTS += tests/db/test_restart.sh tests/db/test_embed.sh
