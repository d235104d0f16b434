# daraja: talks to Daraja, and nothing else.
noinst_LIBRARIES += libdaraja.a
libdaraja_a_SOURCES = \
	include/risiti/daraja/codes.h include/risiti/daraja/daraja.h \
	include/risiti/daraja/payload.h include/risiti/daraja/text.h \
	src/daraja/call.h src/daraja/payload_field.h src/daraja/stk_body.h \
	src/daraja/answer.c src/daraja/c2b_payment.c src/daraja/c2b_register.c \
	src/daraja/client.c src/daraja/codes.c src/daraja/oauth.c \
	src/daraja/payload_field.c src/daraja/stk_body.c \
	src/daraja/stk_push.c src/daraja/stk_query.c src/daraja/stk_result.c \
	src/daraja/text.c
