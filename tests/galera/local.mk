# Races on three Galera nodes: tests/galera/run. Not a part of `make check`: it fetches packages.
check_PROGRAMS += tests/galera/race
tests_galera_race_SOURCES = tests/galera/race.c
tests_galera_race_CPPFLAGS = $(DB_TEST_CPPFLAGS)
tests_galera_race_LDADD = $(DOMAIN_DB_TEST_LIBS)
EXTRA_DIST += tests/galera/run
