# cli: the operator's command line.
bin_PROGRAMS += risiti
risiti_SOURCES = \
	include/risiti/cli/cli.h \
	src/cli/app.c \
	src/cli/config.c \
	src/cli/conflict.c \
	src/cli/daraja.c \
	src/cli/db.c \
	src/cli/jobs.c \
	src/cli/inbox.c \
	src/cli/key.c \
	src/cli/main.c \
	src/cli/payment.c \
	src/cli/urls.c
risiti_LDADD = $(JOBS_LINK)
