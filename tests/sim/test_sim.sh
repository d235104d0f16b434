#!/bin/sh
# A few simulated histories with every `make check`; `.ci/run` runs some hundreds, and tests/sim/run
# as many as one asks for.
set -u
if [ -z "${RISITI_TEST_DB_SOCKET:-}" ]; then
    echo "1..0 # SKIP no database: run it through scripts/test-db"
    exit 0
fi
echo 1..1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if "${builddir:-.}/tests/sim/sim" --seeds 25 >"$log" 2>&1; then
    echo "ok 1 - simulated histories end with the accounts of the ledger"
else
    sed 's/^/# /' "$log"
    echo "not ok 1 - simulated histories end with the accounts of the ledger"
    exit 1
fi
