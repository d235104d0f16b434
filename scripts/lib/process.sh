# shellcheck shell=bash
# Processes that outlive the script: each is started in a session of its own and recorded with its
# start time, so that only it is ended later, whatever has got its number meanwhile.
# Needs common.sh. Set before: `state` (folder of the records), `run_as` (command prefix).

# Field 22 of /proc/PID/stat, counted behind the name, which may have spaces: when it started.
process_start_time() {
    local text
    text=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # shellcheck disable=SC2086 # fields are words
    set -- ${text##*) }
    [ "$1" != Z ] || return 1
    printf '%s' "${20}"
}

# Whether PID is still the process that started at TIME.
process_is() {
    [ "$(process_start_time "$1")" = "$2" ]
}

# A log must be the user's own: some servers open it once more by themselves.
log_make() {
    "${run_as[@]}" touch "$1"
}

# process_start NAME LOG COMMAND…: starts it in the background; its number is in started_pid.
process_start() {
    local name=$1 log=$2
    shift 2
    log_make "$log"
    setsid "${run_as[@]}" "$@" >>"$log" 2>&1 </dev/null 8>&- 9>&- &
    started_pid=$!
    disown "$started_pid"
    printf '%s %s\n' "$started_pid" "$(process_start_time "$started_pid")" >"$state/$name.process"
}

# Whether the process recorded as NAME runs.
process_runs() {
    local pid started
    read -r pid started 2>/dev/null <"$state/$1.process" && process_is "$pid" "$started"
}

processes_are_gone() {
    local pid
    for pid in "$@"; do
        [ ! -e "/proc/$pid" ] || return 1
    done
}

process_ended() {
    ! process_is "$1" "$2"
}

# Numbers of the processes in the session that PID began at TIME; PID itself may be gone.
session_members() {
    python3 - "$1" "$2" <<'PYTHON'
import pathlib
import sys

leader, started = int(sys.argv[1]), int(sys.argv[2])


def fields(path):
    """pid, state, session and start time, or None when the process has gone."""
    try:
        text = path.read_text()
    except OSError:
        return None
    rest = text.rpartition(")")[2].split()
    return int(path.parent.name), rest[0], int(rest[3]), int(rest[19])


found = [row for row in map(fields, pathlib.Path("/proc").glob("[0-9]*/stat")) if row]
is_reused = any(pid == leader and start != started for pid, _, _, start in found)
for pid, state, session, start in found:
    if session == leader and start >= started and state != "Z" and not is_reused:
        print(pid)
PYTHON
}

# process_stop NAME SECONDS: TERM, after SECONDS KILL, then whatever it has left in its session.
process_stop() {
    local pid started member
    read -r pid started 2>/dev/null <"$state/$1.process" || return 0
    if process_is "$pid" "$started"; then
        kill -TERM "$pid" 2>/dev/null || true
        wait_until "$2" process_ended "$pid" "$started" || kill -KILL "$pid" 2>/dev/null || true
        wait_until 5 process_ended "$pid" "$started" || warn "$1 ($pid) does not end"
    fi
    for member in $(session_members "$pid" "$started"); do
        kill -KILL "$member" 2>/dev/null || true
    done
    rm -f "$state/$1.process"
}

# Whether somebody listens on the unix socket PATH.
socket_is_served() {
    awk -v path=" $1" '{ at = length($0) - length(path) + 1 }
        at > 0 && substr($0, at) == path { found = 1 }
        END { exit !found }' /proc/net/unix
}

# The first socket in FOLDER that somebody serves.
served_socket() {
    local path
    [ -d "$1" ] || return 0
    find "$1" -maxdepth 1 -type s | while read -r path; do
        ! socket_is_served "$path" || {
            printf '%s' "$path"
            break
        }
    done
}

# Removes the sockets in FOLDER that nobody serves any more.
sockets_remove() {
    local path
    [ -d "$1" ] || return 0
    find "$1" -maxdepth 1 -type s | while read -r path; do
        socket_is_served "$path" || rm -f "$path"
    done
}
