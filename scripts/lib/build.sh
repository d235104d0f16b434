# shellcheck shell=bash
# Builds the programs out of tree. Needs common.sh; `top` is the source tree.

# Runs COMMAND… with its output in LOG, whose end is shown when it fails.
logged() {
    local log=$1
    shift
    "$@" >>"$log" 2>&1 </dev/null || {
        tail -n 40 "$log" >&2
        warn "failed: $* (all of it in $log)"
        return 1
    }
}

# build_prepare FOLDER CONFIGURE_OPTION…: makes FOLDER a configured build tree.
build_prepare() {
    local build=$1 log=$1/build.log
    shift
    mkdir -p "$build"
    : >"$log"
    if [ ! -x "$top/configure" ] || [ "$top/configure.ac" -nt "$top/configure" ]; then
        (cd "$top" && logged "$log" ./scripts/bootstrap) || return 1
    fi
    # Relative, because automake refuses a source folder whose name has a space in it.
    [ -e "$build/config.status" ] ||
        (cd "$build" && logged "$log" ../configure -q "$@") || return 1
}

# build_make FOLDER TARGET…
build_make() {
    local build=$1
    shift
    logged "$build/build.log" make -s -C "$build" -j"$(nproc)" "$@"
}

# Builds the programs in FOLDER, one caller at a time.
build_programs() {
    mkdir -p "$1"
    (
        flock 9
        build_prepare "$@" && build_make "$1" all
    ) 9>"$1/.lock"
}
