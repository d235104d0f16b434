# daraja: talks to Daraja, and nothing else.
noinst_LIBRARIES += libdaraja.a
libdaraja_a_SOURCES = \
	include/risiti/daraja/codes.h include/risiti/daraja/payload.h \
	include/risiti/daraja/text.h src/daraja/payload_field.h \
	src/daraja/c2b_payment.c src/daraja/codes.c src/daraja/payload_field.c \
	src/daraja/stk_result.c src/daraja/text.c
