# shellcheck shell=bash
# What every script uses: where things are, how to talk to the person who runs them.
# Sourced with `top` set to the source tree.

export LC_ALL=C.UTF-8
# Where Debian keeps servers; the PATH of an ordinary user lacks it.
export PATH="$PATH:/usr/sbin:/sbin"

# With `set -e` a script must not end without a word.
set -o errtrace
trap 'warn "failed in line $LINENO of ${BASH_SOURCE[0]##*/}: $BASH_COMMAND"' ERR

say() {
    printf '%s\n' "$*"
}

warn() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# Ends the script: something went wrong.
die() {
    warn "$@"
    exit 1
}

# Ends the script: it was called in a way that it does not know.
wrong_usage() {
    warn "$@"
    exit 2
}

# VALUE in quotes that every POSIX shell understands.
shell_quote() {
    printf "'%s'" "${1//\'/\'\\\'\'}"
}

is_number() {
    [[ $1 =~ ^[0-9]{1,9}$ ]]
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# Calls COMMAND… every 50 ms until it succeeds; fails after SECONDS.
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.05
    done
}

# A TCP port of the loopback interface that nobody listens on, below those that the kernel hands to
# outgoing connections.
free_port() {
    python3 - <<'PYTHON'
import random
import socket

for _ in range(1000):
    port = random.randint(20000, 32000)
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
    print(port)
    break
PYTHON
}

# Whether PORT of the loopback interface can be bound.
port_is_free() {
    python3 -c 'import socket, sys
probe = socket.socket()
probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
probe.bind(("127.0.0.1", int(sys.argv[1])))' "$1" 2>/dev/null
}

# COUNT random bytes as lower-case hex.
random_hex() {
    od -An -tx1 -N"$1" /dev/urandom | tr -d ' \n'
}
