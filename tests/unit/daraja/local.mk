# Unit tests of daraja.
DARAJA_TEST_LIBS = libtap.a libdaraja.a libbase.a $(BASE_LIBS) $(CUNIT_LIBS)

check_PROGRAMS += tests/unit/daraja/test_codes
tests_unit_daraja_test_codes_SOURCES = tests/unit/daraja/test_codes.c
tests_unit_daraja_test_codes_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daraja_test_codes_LDADD = $(DARAJA_TEST_LIBS)
TESTS += tests/unit/daraja/test_codes

check_PROGRAMS += tests/unit/daraja/test_text
tests_unit_daraja_test_text_SOURCES = tests/unit/daraja/test_text.c
tests_unit_daraja_test_text_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daraja_test_text_LDADD = $(DARAJA_TEST_LIBS)
TESTS += tests/unit/daraja/test_text

check_PROGRAMS += tests/unit/daraja/test_stk_result
tests_unit_daraja_test_stk_result_SOURCES = tests/unit/daraja/test_stk_result.c
tests_unit_daraja_test_stk_result_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daraja_test_stk_result_LDADD = $(DARAJA_TEST_LIBS)
TESTS += tests/unit/daraja/test_stk_result

check_PROGRAMS += tests/unit/daraja/test_c2b_payment
tests_unit_daraja_test_c2b_payment_SOURCES = tests/unit/daraja/test_c2b_payment.c
tests_unit_daraja_test_c2b_payment_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daraja_test_c2b_payment_LDADD = $(DARAJA_TEST_LIBS)
TESTS += tests/unit/daraja/test_c2b_payment

check_PROGRAMS += tests/unit/daraja/test_stk_body
tests_unit_daraja_test_stk_body_SOURCES = tests/unit/daraja/test_stk_body.c
tests_unit_daraja_test_stk_body_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/src/daraja
tests_unit_daraja_test_stk_body_LDADD = $(DARAJA_TEST_LIBS)
TESTS += tests/unit/daraja/test_stk_body

# Calls, against the mock server of net's tests.
CALL_TEST_LIBS = libtap.a libmock.a libdaraja.a libnet.a libbase.a $(NET_LIBS) $(BASE_LIBS) \
	$(CUNIT_LIBS) -lpthread

check_PROGRAMS += tests/unit/daraja/test_stk_push
tests_unit_daraja_test_stk_push_SOURCES = tests/unit/daraja/test_stk_push.c \
	tests/unit/daraja/client_test.c tests/unit/daraja/client_test.h
tests_unit_daraja_test_stk_push_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daraja_test_stk_push_LDADD = $(CALL_TEST_LIBS)
TESTS += tests/unit/daraja/test_stk_push

check_PROGRAMS += tests/unit/daraja/test_calls
tests_unit_daraja_test_calls_SOURCES = tests/unit/daraja/test_calls.c \
	tests/unit/daraja/client_test.c tests/unit/daraja/client_test.h
tests_unit_daraja_test_calls_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daraja_test_calls_LDADD = $(CALL_TEST_LIBS)
TESTS += tests/unit/daraja/test_calls
