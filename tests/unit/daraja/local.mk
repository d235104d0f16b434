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
