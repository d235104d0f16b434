# domain: what is true about payments; the only place where one changes state.
noinst_LIBRARIES += libdomain.a
libdomain_a_SOURCES = \
	include/risiti/domain/account.h \
	include/risiti/domain/app.h \
	include/risiti/domain/c2b.h \
	include/risiti/domain/c2b_token.h \
	include/risiti/domain/c2b_urls.h \
	include/risiti/domain/callback.h \
	include/risiti/domain/callback_accept.h \
	include/risiti/domain/callback_replay.h \
	include/risiti/domain/callback_spool.h \
	include/risiti/domain/claim.h \
	include/risiti/domain/conflict.h \
	include/risiti/domain/health.h \
	include/risiti/domain/history.h \
	include/risiti/domain/hold.h \
	include/risiti/domain/intake.h \
	include/risiti/domain/key.h \
	include/risiti/domain/oauth.h \
	include/risiti/domain/path_token.h \
	include/risiti/domain/payment.h \
	include/risiti/domain/push.h \
	include/risiti/domain/push_check.h \
	include/risiti/domain/push_lock.h \
	include/risiti/domain/service.h \
	include/risiti/domain/stk_result.h \
	include/risiti/domain/spool.h \
	include/risiti/domain/turn.h \
	src/domain/account.c \
	src/domain/app.c \
	src/domain/c2b.c \
	src/domain/c2b_token.c \
	src/domain/c2b_urls.c \
	src/domain/callback.c \
	src/domain/callback_accept.c \
	src/domain/callback_replay.c \
	src/domain/callback_spool.c \
	src/domain/claim.c \
	src/domain/conflict.c \
	src/domain/conflict_decide.c \
	src/domain/health.c \
	src/domain/history.c \
	src/domain/hold.c \
	src/domain/intake.c \
	src/domain/key.c \
	src/domain/oauth.c \
	src/domain/path_token.c \
	src/domain/payment.c \
	src/domain/push.c \
	src/domain/push_check.c \
	src/domain/push_lock.c \
	src/domain/service.c \
	src/domain/spool.c \
	src/domain/spool_file.c \
	src/domain/spool_file.h \
	src/domain/stk_result.c
# What a program links that uses the domain: every layer below it, highest first.
DOMAIN_LINK = libdomain.a libdaraja.a libnet.a libdb.a libbase.a $(NET_LIBS) $(DB_LIBS) $(BASE_LIBS)
