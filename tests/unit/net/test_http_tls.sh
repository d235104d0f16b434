#!/usr/bin/env bash
# The HTTP client against TLS servers that it must trust or must not: `openssl s_server` with
# certificates made for this run. Each refusal has to come before anything is sent.
set -u
get=$builddir/tests/unit/net/http_get

if ! command -v openssl >/dev/null; then
    echo "1..0 # SKIP there is no openssl program"
    exit 0
fi
dir=$(mktemp -d)
servers=()
# shellcheck disable=SC2317 # called by the trap
cleanup() {
    for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null; done
    wait
    rm -rf "$dir"
}
trap cleanup EXIT
echo "1..8"
count=0

# authority NAME: a certificate authority in NAME.key and NAME.pem
authority() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$dir/$1.key" -out "$dir/$1.pem" -days 2 \
        -subj "/CN=$1" 2>/dev/null
}

# certificate NAME AUTHORITY DAYS ALTERNATIVE_NAMES
certificate() {
    openssl req -newkey rsa:2048 -nodes -keyout "$dir/$1.key" -out "$dir/$1.csr" \
        -subj "/CN=$1" 2>/dev/null
    printf 'subjectAltName=%s\n' "$4" >"$dir/$1.ext"
    openssl x509 -req -in "$dir/$1.csr" -CA "$dir/$2.pem" -CAkey "$dir/$2.key" -CAcreateserial \
        -days "$3" -extfile "$dir/$1.ext" -out "$dir/$1.pem" 2>/dev/null
}

# serve NAME [OPTION…]: starts a server with that certificate; its port is in $port
serve() {
    local name=$1
    shift
    openssl s_server -accept 127.0.0.1:0 -www -cert "$dir/$name.pem" -key "$dir/$name.key" "$@" \
        >"$dir/log" 2>&1 </dev/null &
    servers+=($!)
    port=
    for _ in $(seq 100); do
        port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$dir/log")
        [ -n "$port" ] && return
        sleep 0.05
    done
    echo "Bail out! openssl s_server did not start"
    exit 1
}

# expect WORDS URL AUTHORITY DESCRIPTION: the outcome must begin with WORDS
expect() {
    local said
    count=$((count + 1))
    said=$("$get" "$2" "$dir/$3.pem" 2>&1)
    case $said in
    "$1"*) echo "ok $count - tls: $4 ($said)" ;;
    *) echo "not ok $count - tls: $4 ($said)" ;;
    esac
}

authority ours
authority other
certificate good ours 2 'DNS:localhost,IP:127.0.0.1'
certificate elsewhere ours 2 'DNS:elsewhere.example'
certificate expired ours -1 'DNS:localhost,IP:127.0.0.1'

serve good
expect "answered 200" "https://127.0.0.1:$port/" ours "a trusted server is answered by address"
expect "answered 200" "https://localhost:$port/" ours "a trusted server is answered by name"
expect "not-sent" "https://127.0.0.1:$port/" other "another authority is not trusted"
serve ours
expect "not-sent" "https://127.0.0.1:$port/" other "a self-signed certificate is not trusted"
serve elsewhere
expect "not-sent" "https://127.0.0.1:$port/" ours "a certificate for another host is refused"
serve expired
expect "not-sent" "https://127.0.0.1:$port/" ours "an expired certificate is refused"
serve good -tls1_1 -cipher 'ALL:@SECLEVEL=0'
expect "not-sent" "https://127.0.0.1:$port/" ours "TLS 1.1 is refused"
serve good -tls1_2
expect "answered 200" "https://127.0.0.1:$port/" ours "TLS 1.2 is taken"
