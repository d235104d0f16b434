#!/bin/sh
# Walks every endpoint of risiti-sandbox, over HTTP; prints TAP.
set -eu
command -v python3 >/dev/null || {
    echo "1..0 # SKIP python3 is not installed"
    exit 0
}
exec python3 -B "$srcdir/tests/e2e/sandbox_test.py" "$builddir/risiti-sandbox" \
    "$srcdir/man/risiti-sandbox.1"
