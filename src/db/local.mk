# db: the only folder with SQL, and the only one that calls MariaDB's client library.
noinst_LIBRARIES += libdb.a
libdb_a_SOURCES = \
	include/risiti/db/db.h include/risiti/db/migrate.h \
	src/db/connection.c src/db/error.c src/db/internal.h src/db/library.h src/db/migrate.c \
	src/db/rows.c src/db/statement.c src/db/unit.c
nodist_libdb_a_SOURCES = src/db/migrations.c
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
