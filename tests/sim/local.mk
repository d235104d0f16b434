# Simulated histories: tests/sim/run builds and runs as many as one asks for.
SIM_WRAP = \
	-Wl,--wrap=mysql_real_connect \
	-Wl,--wrap=mysql_real_query \
	-Wl,--wrap=mysql_stmt_prepare \
	-Wl,--wrap=mysql_stmt_execute \
	-Wl,--wrap=mysql_errno \
	-Wl,--wrap=mysql_error \
	-Wl,--wrap=mysql_stmt_errno \
	-Wl,--wrap=mysql_stmt_error \
	-Wl,--wrap=mysql_close \
	-Wl,--wrap=clock_now_us \
	-Wl,--wrap=clock_monotonic_ms \
	-Wl,--wrap=clock_sleep_ms \
	-Wl,--wrap=crypto_random \
	-Wl,--wrap=spool_write \
	-Wl,--wrap=db_deadline_begin \
	-Wl,--wrap=db_deadline_end

check_PROGRAMS += tests/sim/sim
tests_sim_sim_SOURCES = \
	tests/sim/check.c \
	tests/sim/daraja.c \
	tests/sim/faults.c \
	tests/sim/finish.c \
	tests/sim/lanes.c \
	tests/sim/main.c \
	tests/sim/sim.h \
	tests/sim/sql.c \
	tests/sim/step.c \
	tests/sim/tasks.c \
	tests/sim/tasks.h \
	tests/sim/world.c
tests_sim_sim_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/sim $(MARIADB_CFLAGS)
tests_sim_sim_LDFLAGS = $(AM_LDFLAGS) -pthread $(SIM_WRAP)
tests_sim_sim_LDADD = $(DOMAIN_LINK)

dist_check_SCRIPTS += tests/sim/test_sim.sh tests/sim/run tests/sim/mutations
TESTS += tests/sim/test_sim.sh
