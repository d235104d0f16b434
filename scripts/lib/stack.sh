# shellcheck shell=bash
# The whole service under one folder: database, workers, web server, and the file that tells other
# programs where everything is. Needs the other files of scripts/lib. Set before: `dir`, `build`,
# `server`, `port`, `mount` (the path of the service, without a slash at its end).

SHORT_CODE=600111
DB_NAME=risiti
DB_USER=risiti

# Everything below `dir` that a start makes and the next start replaces.
STACK_FOLDERS=(bin conf data log run spool tmp tools www)

# As root all programs run as an unprivileged user that every Debian has; nobody is created.
user_choose() {
    run_user=$(id -un)
    run_as=()
    [ "$(id -u)" -eq 0 ] || return 0
    for run_user in www-data nobody ''; do
        ! id "$run_user" >/dev/null 2>&1 || break
    done
    [ -n "$run_user" ] || die "as root there is no one to run as: neither www-data nor nobody"
    run_as=(setpriv "--reuid=$run_user" "--regid=$(id -g "$run_user")" --clear-groups --
        env HOME=/nonexistent)
}

# Names under `dir`; called before anything is read or written there.
stack_locate() {
    state=$dir/run
    tools=$top/build/tools
    CONFIG=$dir/conf/risiti.ini
    RISITI=$dir/bin/risiti
    RISITI_FCGI=$dir/bin/risiti-fcgi
    SANDBOX=$dir/bin/risiti-sandbox
    run_dir=$(cat "$dir/run/sockets" 2>/dev/null || printf '%s' "$dir/run")
}

# Makes `dir` afresh. What lies in it beside our own folders is not touched.
stack_folders() {
    local folder served
    mkdir -p "$dir"
    for folder in "${STACK_FOLDERS[@]}"; do
        [ ! -e "$dir/$folder" ] || [ -e "$dir/.risiti-demo" ] ||
            die "$dir/$folder is there, and not from a demo: choose another --dir"
    done
    # A server that replaced ours and goes on: its data lie here.
    served=$(served_socket "$run_dir")
    [ -z "$served" ] || die "somebody serves $served: end that, or choose another --dir"
    touch "$dir/.risiti-demo"
    rm -rf "${STACK_FOLDERS[@]/#/$dir/}" "$dir/demo.env"
    mkdir -p "${STACK_FOLDERS[@]/#/$dir/}"
    # Whoever can reach the sockets is the database's administrator.
    chmod 700 "$dir/run" "$dir/data" "$dir/conf" "$dir/spool"
    run_dir=$dir/run
    # Socket paths have at most 107 bytes, and not every server takes every character in them.
    if [ ${#run_dir} -gt 80 ] || [[ $run_dir =~ [^A-Za-z0-9/._-] ]]; then
        run_dir=$(mktemp -d /tmp/risiti-run.XXXXXX)
    fi
    printf '%s' "$run_dir" >"$dir/run/sockets"
    DB_SOCKET=$run_dir/mariadb.sock
    if [ "$(id -u)" -eq 0 ]; then
        chown "$run_user:" "${STACK_FOLDERS[@]/#/$dir/}" "$run_dir"
        "${run_as[@]}" test -x "$dir" || chmod a+x "$dir"
        "${run_as[@]}" test -w "$dir/run" ||
            die "the user $run_user cannot reach $dir: choose a --dir such as /var/tmp/risiti"
    fi
}

stack_programs() {
    local program
    for program in risiti risiti-fcgi risiti-sandbox; do
        [ -x "$build/$program" ] || die "$build has no $program"
        install -m 755 "$build/$program" "$dir/bin/$program"
    done
}

# Safaricom, on this machine.
stack_sandbox() {
    local ready=$run_dir/sandbox.url
    process_start sandbox "$dir/log/sandbox.log" \
        "$SANDBOX" --listen 127.0.0.1:0 --ready-file "$ready" --allow-http \
        --delay-ms 300
    wait_until 20 sandbox_is_ready_or_ended "$ready"
    process_runs sandbox || {
        tail -n 20 "$dir/log/sandbox.log" >&2
        die "the sandbox did not start; see $dir/log/sandbox.log"
    }
    SANDBOX_URL=$(cat "$ready")
}

sandbox_is_ready_or_ended() {
    [ -s "$1" ] || ! process_runs sandbox
}

stack_database() {
    database_start mariadb "$dir/data/mariadb" "$DB_SOCKET" "$dir/log/mariadb.log"
    MARIADB_PID=$started_pid
    database_create "$DB_SOCKET" "$DB_NAME" "$DB_USER"
}

# The configuration: what differs from production is said beside it.
stack_configuration() {
    (
        umask 077
        random_hex 32 >"$dir/conf/secret_key"
        cat >"$CONFIG" <<INI
[service]
listen = $run_dir/risiti.sock
workers = 4
base_path = $mount
public_url = $BASE_URL
secret_key = file:$dir/conf/secret_key
; The sandbox and this machine's webhook receivers speak plain HTTP.
allow_http = yes

[database]
socket = $DB_SOCKET
name = $DB_NAME
user = $DB_USER

[log]
target = $dir/log/risiti.log

[limits]
; Far above what a load test asks for.
lookup_misses_free = 1000000
lookup_misses_max = 1000000

[daraja]
base_url = $SANDBOX_URL
consumer_key = sandbox-key
consumer_secret = sandbox-secret

[jobs]
; This database has just been made: there is nothing to wait for.
quiet_seconds = 0

[callbacks]
; Here Safaricom is a program on this machine.
allow_loopback = yes
spool = $dir/spool
plain_stk_trusted = yes

[shortcode $SHORT_CODE]
type = paybill
passkey = risiti-sandbox-passkey
default = yes

[shortcode 600222]
type = till
store_number = 600333
passkey = risiti-sandbox-passkey
INI
    )
    [ "$(id -u)" -ne 0 ] || chown "$run_user:" "$dir/conf/secret_key" "$CONFIG"
    log_make "$dir/log/setup.log"
    risiti config check >>"$dir/log/setup.log" 2>&1 || {
        cat "$dir/log/setup.log" >&2
        die "the configuration is refused"
    }
    risiti db migrate >>"$dir/log/setup.log" 2>&1 || {
        cat "$dir/log/setup.log" >&2
        die "the database could not be prepared"
    }
}

# The command line program, as the user that runs everything.
risiti() {
    "${run_as[@]}" "$RISITI" --config "$CONFIG" "$@"
}

# json_field NAME: a member of the JSON object on standard input, as text.
json_field() {
    python3 -c 'import json, sys
value = json.load(sys.stdin).get(sys.argv[1], "")
print(value if isinstance(value, str) else json.dumps(value))' "$1"
}

# app_create NAME: prints its API key.
app_create() {
    risiti --json app create "$1" | json_field api_key
}

# The pre-forked workers, whose master runs the background tasks too; with fcgid the web server
# starts the workers, and the tasks have a process of their own.
stack_workers() {
    MASTER_PID=
    if [ "$server" = fcgid ]; then
        process_start jobs "$dir/log/jobs.log" "$RISITI" --config "$CONFIG" jobs run
        return 0
    fi
    process_start workers "$dir/log/risiti-fcgi.log" "$RISITI_FCGI" --config "$CONFIG"
    MASTER_PID=$started_pid
    wait_until 20 workers_listen_or_ended
    process_runs workers || {
        tail -n 20 "$dir/log/risiti-fcgi.log" "$dir/log/risiti.log" >&2
        die "the workers did not start"
    }
}

workers_listen_or_ended() {
    socket_is_served "$run_dir/risiti.sock" || ! process_runs workers
}

stack_webserver() {
    webserver_start "$server"
    SERVER_PID=$started_pid
    wait_until 20 service_is_ready ||
        die "the service is not ready: $(curl -s --max-time 5 "$BASE_URL/readyz")"
}

service_is_ready() {
    [ "$(curl -s -o /dev/null -w '%{http_code}' --max-time 5 "$BASE_URL/readyz")" = 200 ]
}

# DIR/demo.env, for shells.
stack_environment() {
    local name
    for name in BASE_URL API_KEY API_KEY_2 CONFIG DB_SOCKET DB_NAME DB_USER DB_PASSWORD \
        SANDBOX_URL SERVER_PID MASTER_PID MARIADB_PID RISITI RISITI_FCGI SHORT_CODE; do
        printf '%s=%s\n' "$name" "$(shell_quote "${!name-}")"
    done >"$dir/demo.env.new"
    chmod 600 "$dir/demo.env.new"
    mv "$dir/demo.env.new" "$dir/demo.env"
}

# Whether anything that was started under `dir` still runs.
stack_runs() {
    local name
    for name in webserver workers jobs sandbox mariadb; do
        ! process_runs "$name" || return 0
    done
    return 1
}

# Ends what was started under `dir`, from the outside in, and nothing else.
stack_stop() {
    local pids
    pids=$(sed -s 's/ .*//' "$state"/*.process 2>/dev/null || true)
    process_stop webserver 10
    process_stop jobs 10
    process_stop workers 35
    process_stop sandbox 5
    process_stop mariadb 60
    # An ended process keeps its number until its parent has asked for it; most parents do at once.
    # shellcheck disable=SC2086 # a list of numbers
    wait_until 3 processes_are_gone $pids || true
    sockets_remove "$run_dir"
    sockets_remove "$run_dir/fcgid"
    # A folder that was made for the sockets alone goes too, unless one of them is served again.
    [ "$run_dir" = "$dir/run" ] || [ -n "$(find "$run_dir" -type s 2>/dev/null)" ] ||
        rm -rf "$run_dir"
}
