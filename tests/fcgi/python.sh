# shellcheck shell=sh
# Read by the scripts beside it: runs one of the Python tests, or skips it.
run_python() {
    if ! command -v python3 >/dev/null; then
        echo "1..0 # SKIP python3 is not there"
        exit 0
    fi
    # No cache of compiled files in the source tree, which may be read-only.
    PYTHONDONTWRITEBYTECODE=1 exec python3 "${srcdir:-.}/tests/fcgi/$1"
}
