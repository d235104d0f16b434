# jobs: the background tasks and the runner that gives each its turns.
noinst_LIBRARIES += libjobs.a
libjobs_a_SOURCES = \
	include/risiti/jobs/jobs.h \
	src/jobs/runner.c \
	src/jobs/tasks.c
JOBS_LINK = libjobs.a $(DOMAIN_LINK)
