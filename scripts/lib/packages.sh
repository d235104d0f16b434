# shellcheck shell=bash
# Installs what is missing, and only that: no upgrade, no removal, no service. Web servers that
# would start themselves when installed are unpacked under build/tools instead.

# One line a need: what to look for (a command, a pkg-config module), and the package that has it.
BUILD_NEEDS="
command:autoconf autoconf
command:automake automake
command:pkg-config pkg-config
command:gcc gcc
command:make make
file:/usr/include/stdlib.h libc6-dev
module:fcgi libfcgi-dev
module:libcurl libcurl4-openssl-dev
module:libmariadb libmariadb-dev
module:json-c libjson-c-dev
module:libcrypto libssl-dev
module:cunit libcunit1-dev
module:inih libinih-dev
module:libmicrohttpd libmicrohttpd-dev
"
RUN_NEEDS="
command:curl curl
command:python3 python3
command:mariadbd mariadb-server-core
command:mariadb-install-db mariadb-server-core
command:mariadb mariadb-client-core
command:setpriv util-linux
file:/etc/ssl/certs/ca-certificates.crt ca-certificates
"
TEST_NEEDS="
command:openssl openssl
"
APACHE_NEEDS="
command:apache2 apache2-bin
"
LINT_NEEDS="
command:clang-format clang-format
command:clang-tidy clang-tidy
command:cppcheck cppcheck
command:shellcheck shellcheck
"

need_is_met() {
    case $1 in
        command:*) have "${1#*:}" ;;
        module:*) have pkg-config && pkg-config --exists "${1#*:}" ;;
        file:*) [ -e "${1#*:}" ] ;;
    esac
}

# The packages for those of NEEDS that are not met, each once.
missing_packages() {
    local need package
    while read -r need package; do
        [ -z "$need" ] || need_is_met "$need" || printf '%s\n' "$package"
    done <<<"$1" | sort -u
}

# Sets `become`, what to put before a command that only root may run; fails where there is nothing.
become_root() {
    become=()
    [ "$(id -u)" -ne 0 ] || return 0
    become=(sudo)
    have sudo && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }
}

# Installs PACKAGE… as root; prints the command and ends the script where that is not possible.
apt_as_root() {
    local become output
    local options=(-y --no-install-recommends --no-upgrade --no-remove)
    become_root || {
        warn "some packages are missing, and only root may install them. Please run as root:"
        printf '  apt-get update && apt-get install %s %s\n' "${options[*]:0:3}" "$*" >&2
        exit 1
    }
    say "Installing: $*"
    # A machine that has just started may be upgrading itself: wait for that.
    local command=("${become[@]}" env DEBIAN_FRONTEND=noninteractive
        apt-get -qq -o DPkg::Lock::Timeout=300)
    # The lists of what there is may be old, or absent: what goes wrong with new ones is said.
    "${command[@]}" install "${options[@]}" "$@" </dev/null >/dev/null 2>&1 ||
        output=$({ "${command[@]}" update &&
            "${command[@]}" install "${options[@]}" "$@"; } </dev/null 2>&1) || {
        printf '%s\n' "$output" >&2
        die "apt-get could not install: $*"
    }
}

# Installs what NEEDS (one of the lists above, or several together) lack.
packages_install() {
    local missing
    missing=$(missing_packages "$1")
    [ -n "$missing" ] || return 0
    have apt-get || die "missing, and there is no apt-get to install them: ${missing//$'\n'/ }"
    # shellcheck disable=SC2086 # a list of words
    apt_as_root $missing
    missing=$(missing_packages "$1")
    [ -z "$missing" ] || die "still missing after the installation: ${missing//$'\n'/ }"
}

# Fetches PACKAGE without installing it, and unpacks it into FOLDER.
package_unpack() {
    local package=$1 folder=$2 scratch become
    scratch=$(mktemp -d)
    # apt fetches as its own user, which must be able to write here.
    chmod 755 "$scratch"
    [ "$(id -u)" -ne 0 ] || chown _apt "$scratch" 2>/dev/null || true
    (cd "$scratch" && { apt-get -qq download "$package" >/dev/null 2>&1 ||
        { become_root && "${become[@]}" apt-get -qq update &&
            apt-get -qq download "$package" >/dev/null; }; }) || {
        rm -rf "$scratch"
        die "could not fetch the package $package; after 'apt-get update' by root it may work"
    }
    mkdir -p "$folder"
    dpkg-deb -x "$scratch"/*.deb "$folder"
    dpkg-deb -f "$scratch"/*.deb Depends >"$folder/.depends-$package"
    rm -rf "$scratch"
}

# Unpacks the libraries that PROGRAM lacks, out of what its package depends on, into FOLDER.
libraries_unpack() {
    local program=$1 folder=$2 package
    ! LD_LIBRARY_PATH=$(library_path "$folder") ldd "$program" 2>/dev/null |
        grep -q 'not found' && return 0
    sed 's/|.*//' "$folder"/.depends-* | tr ',' '\n' | sed 's/^ *//; s/ .*//' | grep '^lib' |
        sort -u | while read -r package; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' ||
            [ -e "$folder/.depends-$package" ] || package_unpack "$package" "$folder"
    done
}

# Where libraries unpacked under FOLDER lie.
library_path() {
    local folders=("$1"/usr/lib/*-linux-* "$1"/lib/*-linux-*)
    local IFS=:
    printf '%s' "${folders[*]}"
}

# Makes lighttpd or mod_fcgid available under TOOLS, unless the machine has it.
tool_prepare() {
    local tool=$1 tools=$2
    case $tool in
        lighttpd)
            [ -x /usr/sbin/lighttpd ] || [ -e "$tools/lighttpd/.ready" ] && return 0
            package_unpack lighttpd "$tools/lighttpd"
            libraries_unpack "$tools/lighttpd/usr/sbin/lighttpd" "$tools/lighttpd"
            ;;
        fcgid)
            [ -e /usr/lib/apache2/modules/mod_fcgid.so ] || [ -e "$tools/fcgid/.ready" ] && return 0
            package_unpack libapache2-mod-fcgid "$tools/fcgid"
            ;;
    esac
    touch "$tools/$tool/.ready"
}
