# db: the only folder with SQL, and the only one that calls MariaDB's client library.
noinst_LIBRARIES += libdb.a
libdb_a_SOURCES = \
	include/risiti/db/app_store.h \
	include/risiti/db/check_store.h \
	include/risiti/db/claim_store.h \
	include/risiti/db/conflict_store.h \
	include/risiti/db/db.h \
	include/risiti/db/event_store.h \
	include/risiti/db/hold_store.h \
	include/risiti/db/inbox_store.h \
	include/risiti/db/job_store.h \
	include/risiti/db/migrate.h \
	include/risiti/db/payment_store.h \
	include/risiti/db/push_store.h \
	include/risiti/db/token_store.h \
	src/db/app_store.c \
	src/db/check_store.c \
	src/db/claim_store.c \
	src/db/conflict_store.c \
	src/db/event_store.c \
	src/db/hold_store.c \
	src/db/inbox_store.c \
	src/db/job_store.c \
	src/db/payment_store.c \
	src/db/push_store.c \
	src/db/token_store.c \
	src/db/connection.c \
	src/db/deadline.c \
	src/db/error.c \
	src/db/internal.h \
	src/db/library.h \
	src/db/migrate.c \
	src/db/rows.c \
	src/db/statement.c \
	src/db/unit.c
nodist_libdb_a_SOURCES = \
	src/db/migrations.c
libdb_a_CFLAGS = $(AM_CFLAGS) $(MARIADB_CFLAGS)
DB_LIBS = $(MARIADB_LIBS)

# The schema, embedded. A new file goes into this list; a released one is never changed.
MIGRATIONS = \
	db/0001_initial.sql
EXTRA_DIST += $(MIGRATIONS) scripts/embed-sql
CLEANFILES += src/db/migrations.c
src/db/migrations.c: $(MIGRATIONS) scripts/embed-sql
	$(AM_V_GEN)$(MKDIR_P) src/db && \
	  (cd '$(srcdir)' && $(SHELL) scripts/embed-sql $(MIGRATIONS)) >$@.tmp && mv $@.tmp $@
