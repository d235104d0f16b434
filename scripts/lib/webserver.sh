# shellcheck shell=bash
# Web servers for the demo and the tests. Each includes the very file from conf/ that users install.
# Needs common.sh, packages.sh, process.sh.
# Set before: `top`, `tools`, `dir`, `run_dir`, `port`, `mount`.

# Unpacks what SERVER needs, beside the packages that are installed for it.
webserver_prepare() {
    case $1 in
        lighttpd | fcgid) tool_prepare "$1" "$tools" ;;
    esac
    mkdir -p "$dir/tools"
    # A copy that the unprivileged user can reach, wherever the source tree is.
    for tool in lighttpd fcgid; do
        [ ! -e "$tools/$tool/.ready" ] || cp -a "$tools/$tool" "$dir/tools/"
    done
}

# The first of the paths that exists.
first_existing() {
    local path
    for path in "$@"; do
        [ ! -e "$path" ] || {
            printf '%s' "$path"
            return 0
        }
    done
    return 1
}

# webserver_start SERVER: on $port of the loopback interface. Its number is in started_pid.
webserver_start() {
    case $1 in
        lighttpd) lighttpd_start ;;
        apache) apache_start "$(apache_proxy_part)" ;;
        fcgid) apache_start "$(apache_fcgid_part)" ;;
    esac
    wait_until 20 webserver_answers_or_ended
    process_runs webserver || {
        tail -n 20 "$dir/log/webserver.log" >&2
        die "the web server did not start; see $dir/log/webserver.log"
    }
}

webserver_answers_or_ended() {
    curl -s -o /dev/null --max-time 5 "http://127.0.0.1:$port/" || ! process_runs webserver
}

lighttpd_start() {
    local unpacked=$dir/tools/lighttpd program modules
    program=$(first_existing "$unpacked/usr/sbin/lighttpd" /usr/sbin/lighttpd) ||
        die "lighttpd is not there"
    modules=$(first_existing "$unpacked/usr/lib/lighttpd" /usr/lib/lighttpd)
    # Only the two values at the top of the file are the administrator's.
    sed -e "s|^var.risiti_socket *=.*|var.risiti_socket = \"$run_dir/risiti.sock\"|" \
        -e "s|^var.risiti_path *=.*|var.risiti_path = \"$mount/\"|" \
        "$top/conf/lighttpd/risiti.conf" >"$dir/conf/risiti.conf"
    cat >"$dir/conf/lighttpd.conf" <<CONF
server.modules = ( "mod_accesslog" )
server.document-root = "$dir/www"
server.bind = "127.0.0.1"
server.port = $port
server.errorlog = "$dir/log/webserver.log"
server.max-connections = 1024
server.max-fds = 4096
accesslog.filename = "$dir/log/access.log"
# Addresses that are wrong reach the service too, whose answers say what is wrong with them.
server.http-parseopts = ( "url-ctrls-reject" => "disable", "url-invalid-utf8-reject" => "disable" )
include "$dir/conf/risiti.conf"
CONF
    process_start webserver "$dir/log/webserver.log" \
        env LD_LIBRARY_PATH="$(library_path "$unpacked")" \
        "$program" -D -f "$dir/conf/lighttpd.conf" -m "$modules"
}

# What an Apache that includes PART needs around it.
apache_start() {
    local modules=/usr/lib/apache2/modules
    cat >"$dir/conf/apache.conf" <<CONF
ServerRoot "$dir"
ServerName 127.0.0.1
Listen 127.0.0.1:$port
PidFile "$run_dir/apache.pid"
DefaultRuntimeDir "$run_dir"
Mutex file:$run_dir default
ErrorLog "$dir/log/webserver.log"
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule setenvif_module $modules/mod_setenvif.so
LoadModule alias_module $modules/mod_alias.so
LoadModule dir_module $modules/mod_dir.so
StartServers 2
ThreadsPerChild 64
MaxRequestWorkers 256
MaxKeepAliveRequests 0
KeepAliveTimeout 60
DocumentRoot "$dir/www"
<Directory "/">
    AllowOverride None
    Require all denied
</Directory>
<Directory "$dir/www">
    Require all granted
</Directory>
LogFormat "%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" combined
$1
CONF
    process_start webserver "$dir/log/webserver.log" \
        apache2 -DFOREGROUND -f "$dir/conf/apache.conf"
}

# The virtual host, as a user would write it around the shipped FILE.
apache_site() {
    cat <<CONF
Define RISITI_SOCKET "$run_dir/risiti.sock"
Define RISITI_FCGI "$run_dir/bin/risiti-fcgi"
Define RISITI_CONFIG "$dir/conf/risiti.ini"
Define RISITI_PATH "$mount/"
<VirtualHost 127.0.0.1:$port>
    ServerName 127.0.0.1
    CustomLog "$dir/log/access.log" combined env=!risiti_hook
    CustomLog "$dir/log/access.log" risiti_hook env=risiti_hook
    Include "$dir/conf/$1"
</VirtualHost>
CONF
}

apache_proxy_part() {
    cp "$top/conf/apache/risiti-proxy-fcgi.conf" "$dir/conf/"
    echo "LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so"
    echo "LoadModule proxy_fcgi_module /usr/lib/apache2/modules/mod_proxy_fcgi.so"
    apache_site risiti-proxy-fcgi.conf
}

apache_fcgid_part() {
    local module
    module=$(first_existing "$dir/tools/fcgid/usr/lib/apache2/modules/mod_fcgid.so" \
        /usr/lib/apache2/modules/mod_fcgid.so) || die "mod_fcgid is not there"
    cp "$top/conf/apache/risiti-fcgid.conf" "$dir/conf/"
    # mod_fcgid splits a program's path at spaces; where the sockets lie there are none.
    ln -sfn "$dir/bin" "$run_dir/bin"
    echo "LoadModule fcgid_module \"$module\""
    echo "FcgidIPCDir \"$run_dir/fcgid\""
    echo "FcgidProcessTableFile \"$run_dir/fcgid.shm\""
    apache_site risiti-fcgid.conf
}
