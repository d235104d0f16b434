#!/bin/sh
# A server that is killed and started again under open connections: one of its own, so that the
# other tests keep theirs. Prints the TAP of the program that does it.
set -eu
if [ -z "${RISITI_TEST_DB_SOCKET:-}" ]; then
    echo '1..0 # SKIP no database: run it through scripts/test-db'
    exit 0
fi
exec "${srcdir:?}/scripts/test-db" "${builddir:?}/tests/db/check_restart"
