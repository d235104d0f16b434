# api: one module an endpoint; checks the input, calls the domain, shapes the answer.
noinst_LIBRARIES += libapi.a
libapi_a_SOURCES = \
	include/risiti/api/call.h \
	include/risiti/api/fields.h \
	include/risiti/api/gateway.h \
	include/risiti/api/guard.h \
	include/risiti/api/payment_json.h \
	include/risiti/api/routes.h \
	include/risiti/api/selector.h \
	src/api/callback_receive.c \
	src/api/callback_validate.c \
	src/api/fields.c \
	src/api/gateway.c \
	src/api/guard.c \
	src/api/health.c \
	src/api/payment_claim.c \
	src/api/payment_json.c \
	src/api/payment_list.c \
	src/api/payment_show.c \
	src/api/payment_verify.c \
	src/api/routes.c \
	src/api/selector.c \
	src/api/stk_push.c
API_LINK = libapi.a libhttp.a $(DOMAIN_LINK)
