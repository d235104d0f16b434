# shellcheck shell=bash
# A private MariaDB: its own data folder, a unix socket, no network. Needs common.sh, process.sh.

# database_start NAME DATA SOCKET LOG: makes the data folder when it is empty, starts the server,
# waits until it answers. Its number is in started_pid.
database_start() {
    local name=$1 data=$2 socket=$3 log=$4
    log_make "$log"
    if [ ! -d "$data/mysql" ]; then
        "${run_as[@]}" mariadb-install-db --no-defaults --force --skip-test-db \
            --auth-root-authentication-method=normal --skip-name-resolve \
            --datadir="$data" >>"$log" 2>&1 </dev/null || {
            tail -n 20 "$log" >&2
            die "mariadb-install-db failed; see $log"
        }
    fi
    # The log is flushed at each commit, as in production; all else is small.
    process_start "$name" "$log" mariadbd --no-defaults --skip-networking --datadir="$data" \
        --socket="$socket" --pid-file="$data/mariadbd.pid" --tmpdir="$data" \
        --innodb-flush-log-at-trx-commit=1 --innodb-buffer-pool-size=128M \
        --innodb-log-file-size=48M --max-connections=400 --skip-name-resolve \
        --skip-log-bin --performance-schema=OFF --character-set-server=utf8mb4
    wait_until 60 database_answers_or_ended "$name" "$socket"
    process_runs "$name" || {
        tail -n 20 "$log" >&2
        die "MariaDB did not start; see $log"
    }
}

database_answers_or_ended() {
    database_query "$2" 'SELECT 1' >/dev/null 2>&1 || ! process_runs "$1"
}

# database_query SOCKET SQL: as the server's root.
database_query() {
    "${run_as[@]}" mariadb --no-defaults --socket="$1" --user=root --batch \
        --skip-column-names --execute "$2"
}

# database_create SOCKET NAME USER: an empty database, and a user with rights on it alone.
database_create() {
    database_query "$1" "CREATE DATABASE \`$2\` CHARACTER SET utf8mb4;
        CREATE USER '$3'@'localhost' IDENTIFIED BY '';
        GRANT ALL PRIVILEGES ON \`$2\`.* TO '$3'@'localhost';"
}
