# Scripts: what they are for stands in the first lines of each.
EXTRA_DIST += scripts/demo scripts/test scripts/lib/build.sh scripts/lib/common.sh \
	scripts/lib/database.sh scripts/lib/packages.sh scripts/lib/process.sh scripts/lib/stack.sh \
	scripts/lib/steps.sh scripts/lib/webserver.sh
EXTRA_DIST += scripts/bootstrap scripts/check-headers scripts/check-sizes \
	scripts/lint scripts/test-db .clang-tidy .shellcheckrc

# Each layer sees only those below it.
EXTRA_DIST += src/base/.may_include src/net/.may_include src/http/.may_include \
	src/db/.may_include src/daraja/.may_include src/domain/.may_include src/jobs/.may_include \
	src/api/.may_include src/fcgi/.may_include src/cli/.may_include src/sandbox/.may_include
dist_check_SCRIPTS += scripts/check-layers
TESTS += scripts/check-layers

.PHONY: check-headers lint
check-headers:
	@CC='$(CC)' CHECK_FLAGS='-DHAVE_CONFIG_H -I. $(AM_CPPFLAGS) $(AM_CFLAGS) $(JSONC_CFLAGS)' \
	  srcdir='$(srcdir)' $(SHELL) '$(srcdir)/scripts/check-headers'
lint: all
	@bash '$(srcdir)/scripts/lint' '$(abs_builddir)'
