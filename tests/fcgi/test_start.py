"""The ways of being started: which socket is served, and what is refused with a clear sentence."""
import os
import pathlib
import signal
import socket
import stat
import subprocess
import time

import fcgi_client as fcgi
from harness import (PROGRAM, READ_TIMEOUT, REQUEST_TIMEOUT, START_SECONDS, Service, is_alive, run,
                     wait_for)

PROBLEM = b"Content-Type: application/problem+json\r\n"


def program(*arguments, **options):
    """The program run to its end."""
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([str(PROGRAM), *arguments], capture_output=True, timeout=20, check=False,
                          **options)


def refuses(service, word, *arguments, status=1):
    """The service does not start, and the last line of standard error has the word in it."""
    result = program("--config", str(service.config), *arguments)
    lines = result.stderr.decode().splitlines()
    assert result.returncode == status, result
    assert word in lines[-1] and lines[-1].startswith("risiti-fcgi: "), lines


def free_port():
    """A port that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def help_and_version_are_printed():
    assert b"--listen" in program("--help").stdout
    assert program("--version").stdout.startswith(b"risiti-fcgi ")
    assert program("--help").returncode == program("--version").returncode == 0


def wrong_flags_are_usage_errors():
    for wrong in (["--nonsense"], ["word"], ["--workers", "many"], ["--workers", "257"],
                  ["--workers", "-1"], ["--config"]):
        result = program(*wrong)
        assert result.returncode == 2 and result.stderr, (wrong, result)


def a_configuration_that_is_missing_or_wrong_is_refused():
    with Service() as service:
        assert program("--config", "/nonexistent/risiti.ini").returncode == 1
        service.write_config(extra="[service]\nnonsense = 1\n")
        result = program("--config", str(service.config))
        assert result.returncode == 1 and b"risiti.ini:" in result.stderr, result


def a_second_instance_on_a_path_is_refused():
    with Service(1).start() as service:
        refuses(service, "another instance")
        assert service.answers()
        assert service.stop() == 0
        assert sorted(os.listdir(service.dir)) == ["log", "risiti.ini", "stderr"]


def a_stale_socket_is_replaced():
    with Service(1) as service:
        with socket.socket(socket.AF_UNIX) as old:
            old.bind(service.socket)
        assert service.start().answers()


def a_path_that_is_no_socket_is_left_alone():
    with Service(1) as service:
        pathlib.Path(service.socket).write_text("precious")
        refuses(service, "is not a socket")
        assert pathlib.Path(service.socket).read_text() == "precious"


def a_path_that_somebody_else_took_meanwhile_is_left_alone():
    with Service(1).start() as service:
        os.unlink(service.socket)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(service.socket)
            assert service.stop() == 0
            assert os.path.exists(service.socket)


def the_flag_goes_before_the_configuration():
    with Service(1) as service:
        configured = service.socket
        service.socket = str(service.dir / "other.sock")
        service.arguments += ["--listen", service.socket]
        service.start()
        assert not os.path.exists(configured)


def the_group_gets_the_socket():
    if os.geteuid() != 0:
        return "needs root"
    with Service(1) as service:
        service.write_config(listen_group="www-data")
        service.start()
        found = os.stat(service.socket)
        assert found.st_gid != os.getegid() and stat.S_IMODE(found.st_mode) == 0o660
    return None


def an_unknown_group_is_refused():
    with Service(1) as service:
        service.write_config(listen_group="no-such-group")
        refuses(service, "no-such-group")


def loopback_tcp_is_served():
    with Service(1) as service:
        service.socket = ("127.0.0.1", free_port())
        service.write_config(listen=f"localhost:{service.socket[1]}")
        assert service.start().answers()
        refuses(service, "in use")


def tcp_open_to_the_network_is_refused():
    with Service(1) as service:
        for address in ("0.0.0.0:9000", "192.0.2.1:9000", "[::]:9000"):
            refuses(service, "loopback", "--listen", address)


def addresses_that_are_none_are_refused():
    with Service(1) as service:
        for address in ("nonsense", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", ":9000",
                        "example.com:9000"):
            refuses(service, "HOST:PORT", "--listen", address)
        refuses(service, "107 bytes", "--listen", "/" + "x" * 107)


def listening(path):
    """A socket as a web server makes it for the programs that it starts."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(64)
    return server


def a_socket_on_descriptor_0_is_served(workers):
    with Service(workers) as service:
        with listening(service.socket) as server:
            service.popen["stdin"] = server
            service.start()
        assert len(service.workers()) == workers
        assert service.get("/echo", method="POST", body=b"abc").body.endswith("body=abc")
        assert service.stop() == 0
        assert os.path.exists(service.socket), "the web server's socket is not ours to remove"


def a_socket_on_descriptor_0_is_served_by_workers():
    a_socket_on_descriptor_0_is_served(2)


def a_socket_on_descriptor_0_is_served_by_the_process_itself():
    a_socket_on_descriptor_0_is_served(0)


def closed_standard_descriptors_do_not_hurt():
    # mod_fcgid and old spawners leave 1 and 2 closed; a log or a database must not get them.
    with Service(0) as service:
        service.arguments = ["sh", "-c", 'exec "$0" "$@" 1>&- 2>&-'] + service.arguments
        with listening(service.socket) as server:
            service.popen["stdin"] = server
            service.start()
        links = [os.readlink(f"/proc/{service.process.pid}/fd/{fd}") for fd in (0, 1, 2)]
        assert links == ["/dev/null"] * 3, links


def several_processes_serve_one_socket_as_under_mod_fcgid():
    with Service(0) as one, Service(0) as two:
        with listening(one.socket) as server:
            one.popen["stdin"] = two.popen["stdin"] = server
            two.socket = one.socket
            one.start()
            two.start()
        pids = set()

        def both_answer():
            pids.add(one.get("/echo").fields["pid"])
            return len(pids) == 2

        wait_for(both_answer, START_SECONDS, "both answer")
        assert one.stop() == 0
        assert all(one.get("/echo").ok for _ in range(20))
        assert two.stop() == 0


def systemd_sockets_are_served():
    with Service(1) as service:
        paths = [str(service.dir / name) for name in ("one.sock", "two.sock")]
        servers = [listening(path) for path in paths]

        def hand_over():  # in the child: as the service manager does, from descriptor 3 on
            moved = [os.dup2(server.fileno(), 20 + i) for i, server in enumerate(servers)]
            for i, fd in enumerate(moved):
                os.dup2(fd, 3 + i)
                os.close(fd)
        service.arguments = ["sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=2 exec "$0" "$@"'] \
            + service.arguments
        service.popen.update(preexec_fn=hand_over, pass_fds=(3, 4))
        service.start(wait=False)
        for path in paths:
            wait_for(lambda path=path: fcgi.get(path, "/echo").ok, 5, "an answer")
        assert not os.path.exists(service.socket), "the configured socket was made, too"
        assert service.stop() == 0
        assert all(os.path.exists(path) for path in paths)
        for server in servers:
            server.close()


def sockets_for_another_process_are_not_taken():
    with Service(1, environment={"LISTEN_PID": "1", "LISTEN_FDS": "1"}) as service:
        assert service.start().answers()


def a_handed_over_socket_that_is_open_to_the_network_is_refused():
    with Service(0) as service, socket.socket() as server:
        server.bind(("0.0.0.0", 0))
        server.listen()
        result = program("--config", str(service.config), stdin=server)
        assert result.returncode == 1 and b"open to the network" in result.stderr, result


def a_process_that_serves_by_itself_ends_when_it_is_stuck():
    with Service(0).start() as service, fcgi.connect(service.socket) as peer:
        peer.sendall(fcgi.request("/spin"))
        wait_for(lambda: service.process.poll() is not None, REQUEST_TIMEOUT + 2, "its end")
        assert service.process.returncode == -signal.SIGKILL


def a_process_that_serves_by_itself_leaves_on_sighup():
    # Its spawner starts another one, which reads the configuration anew.
    with Service(0).start() as service:
        service.process.send_signal(signal.SIGHUP)
        assert service.process.wait(2) == 0


def cgi(service, uri="/echo", method="GET", arguments=(), stdin=b"", **variables):
    """One plain CGI request."""
    environment = {"GATEWAY_INTERFACE": "CGI/1.1", "RISITI_CONFIG": str(service.config),
                   "REQUEST_METHOD": method, "REQUEST_URI": uri, "PATH": os.environ["PATH"],
                   "STUB_EFFECTS": str(service.effects_file), **variables}
    return subprocess.run([str(PROGRAM), *arguments], input=stdin, capture_output=True, timeout=20,
                          check=False, env=environment)


def a_cgi_get_is_answered():
    with Service() as service:
        result = cgi(service, "/echo?a=1")
        assert result.returncode == 0 and result.stdout.startswith(b"Status: 200 "), result
        assert b"method=GET query=a=1" in result.stdout


def a_cgi_post_is_answered():
    with Service() as service:
        result = cgi(service, method="POST", stdin=b"x" * 60000, CONTENT_LENGTH="60000")
        assert result.stdout.endswith(b"body=" + b"x" * 60000), result.stdout[-80:]


def a_cgi_body_that_ends_early_changes_nothing():
    with Service() as service:
        result = cgi(service, "/effect", "POST", stdin=b"x" * 5, CONTENT_LENGTH="10")
        assert result.stdout == b"" and result.returncode == 1, result
        assert service.effects() == 0


def a_cgi_body_that_stalls_is_given_up():
    with Service() as service:
        environment = {"GATEWAY_INTERFACE": "CGI/1.1", "RISITI_CONFIG": str(service.config),
                       "REQUEST_METHOD": "POST", "REQUEST_URI": "/effect", "CONTENT_LENGTH": "10",
                       "STUB_EFFECTS": str(service.effects_file)}
        with subprocess.Popen([str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env=environment) as process:
            process.stdin.write(b"x" * 5)
            process.stdin.flush()
            started = time.monotonic()
            assert process.wait(READ_TIMEOUT + 2) == 1
            assert time.monotonic() - started > READ_TIMEOUT / 2
        assert service.effects() == 0


def words_of_a_query_string_are_no_flags_for_cgi():
    # GET /risiti.cgi?--config+/tmp/evil.ini arrives as arguments.
    with Service() as service:
        for words in (["--config", "/nonexistent"], ["--version"], ["--help"], ["--nonsense"]):
            result = cgi(service, arguments=words)
            assert result.returncode == 0 and b"Status: 200 " in result.stdout, (words, result)


def cgi_without_a_configuration_answers_503():
    with Service() as service:
        result = cgi(service, RISITI_CONFIG="/nonexistent/risiti.ini")
        assert result.stdout.startswith(b"Status: 503 ") and PROBLEM in result.stdout, result
        assert result.returncode == 1


TESTS = [
    help_and_version_are_printed,
    wrong_flags_are_usage_errors,
    a_configuration_that_is_missing_or_wrong_is_refused,
    a_second_instance_on_a_path_is_refused,
    a_stale_socket_is_replaced,
    a_path_that_is_no_socket_is_left_alone,
    a_path_that_somebody_else_took_meanwhile_is_left_alone,
    the_flag_goes_before_the_configuration,
    the_group_gets_the_socket,
    an_unknown_group_is_refused,
    loopback_tcp_is_served,
    tcp_open_to_the_network_is_refused,
    addresses_that_are_none_are_refused,
    a_socket_on_descriptor_0_is_served_by_workers,
    a_socket_on_descriptor_0_is_served_by_the_process_itself,
    closed_standard_descriptors_do_not_hurt,
    several_processes_serve_one_socket_as_under_mod_fcgid,
    systemd_sockets_are_served,
    sockets_for_another_process_are_not_taken,
    a_handed_over_socket_that_is_open_to_the_network_is_refused,
    a_process_that_serves_by_itself_ends_when_it_is_stuck,
    a_process_that_serves_by_itself_leaves_on_sighup,
    a_cgi_get_is_answered,
    a_cgi_post_is_answered,
    a_cgi_body_that_ends_early_changes_nothing,
    a_cgi_body_that_stalls_is_given_up,
    words_of_a_query_string_are_no_flags_for_cgi,
    cgi_without_a_configuration_answers_503,
]

if __name__ == "__main__":
    raise SystemExit(run(TESTS))
