# How tests run: every program and script prints TAP (Test Anything Protocol).
TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
AM_TESTS_ENVIRONMENT = srcdir='$(srcdir)'; export srcdir; builddir='$(abs_builddir)'; export builddir;

include tests/e2e/local.mk

if ENABLE_TESTS
include tests/unit/base/local.mk
include tests/unit/http/local.mk
include tests/unit/net/local.mk
include tests/unit/daraja/local.mk
include tests/unit/domain/local.mk
include tests/unit/api/local.mk
include tests/db/local.mk
include tests/galera/local.mk
include tests/sim/local.mk
include tests/unit/sandbox/local.mk
endif
include tests/fuzz/local.mk
include tests/fcgi/local.mk
include tests/docs/local.mk
