"""The master: its workers' deaths, signals, and what must not be lost on the way."""
import collections
import contextlib
import os
import pathlib
import signal
import socket
import stat
import threading
import time

import fcgi_client as fcgi
from harness import REQUEST_TIMEOUT, START_SECONDS, Service, is_alive, run, wait_for


class Load:
    """Requests from several threads until the end; what became of each."""

    def __init__(self, service, threads=4, uri="/echo"):
        self.service, self.uri = service, uri
        self.counts = collections.Counter()
        self.done = threading.Event()
        self.threads = [threading.Thread(target=self.loop) for _ in range(threads)]

    def loop(self):
        """One thread: `refused` means that nobody listened, `cut` that an answer is missing."""
        while not self.done.is_set():
            try:
                peer = fcgi.connect(self.service.socket)
            except OSError:
                self.counts["refused"] += 1
                time.sleep(0.005)
                continue
            with peer:
                try:
                    peer.sendall(fcgi.request(self.uri))
                    answered = fcgi.Answer(fcgi.read_all(peer)).ok
                except OSError:
                    answered = False
            self.counts["answered" if answered else "cut"] += 1

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        wait_for(lambda: self.counts["answered"] > 20, 10, "the load runs")
        return self

    def __exit__(self, *_):
        self.done.set()
        for thread in self.threads:
            thread.join()


def restarted(service, before, count):
    """Whether there are `count` workers, none of them among those of before."""
    now = set(service.workers())
    return len(now) == count and not now & set(before)


def a_killed_worker_costs_its_own_request_only():
    with Service(2).start() as service:
        victim = service.workers()[0]
        with Load(service) as load:
            os.kill(victim, signal.SIGKILL)
            wait_for(lambda: victim not in service.workers() and len(service.workers()) == 2, 3,
                     "a new worker")
            time.sleep(0.3)
        assert load.counts["cut"] <= 1 and load.counts["refused"] == 0, load.counts
        assert f"worker={victim}" in service.log_text() and "number=9" in service.log_text()


def workers_killed_all_the_time_refuse_no_connection():
    with Service(4).start() as service:
        kills = 0
        with Load(service) as load:
            for _ in range(15):
                workers = service.workers()
                if workers:
                    os.kill(workers[kills % len(workers)], signal.SIGKILL)
                    kills += 1
                time.sleep(0.1)
            wait_for(lambda: service.workers() and service.answers(), 10, "it serves again")
        assert load.counts["refused"] == 0 and load.counts["cut"] <= kills, (kills, load.counts)


def a_crash_is_logged_and_its_worker_replaced():
    with Service(1).start() as service:
        before = service.workers()
        assert not service.get("/crash").ended
        wait_for(lambda: restarted(service, before, 1), 3, "a new worker")
        wait_for(service.answers, 3, "it serves again")
        assert "event=worker_died" in service.log_text(), service.log_text()


def a_killed_runner_of_tasks_comes_back():
    with Service(1, jobs=True).start() as service:
        wait_for(service.jobs_pids, 3, "a runner")
        victim, = service.jobs_pids()
        assert victim in service.workers()
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: len(service.jobs_pids()) == 2, 3, "a new runner")
        assert service.answers()


def a_stuck_runner_of_tasks_is_killed():
    with Service(1, jobs=True, environment={"STUB_JOBS_STUCK": "1"}).start() as service:
        wait_for(service.jobs_pids, 3, "a runner")
        victim = service.jobs_pids()[0]
        wait_for(lambda: not is_alive(victim), REQUEST_TIMEOUT + 3, "its end")
        assert "event=worker_stuck" in service.log_text() and service.answers()


def the_runner_of_tasks_ends_with_the_master():
    with Service(1, jobs=True).start() as service:
        wait_for(service.jobs_pids, 3, "a runner")
        runner, = service.jobs_pids()
        assert service.stop() == 0 and not is_alive(runner)
        assert "event=jobs_ended" in service.log_text()
    with Service(1, jobs=True).start() as service:
        wait_for(service.jobs_pids, 3, "a runner")
        runner, = service.jobs_pids()
        service.process.kill()
        service.process.wait()
        wait_for(lambda: not is_alive(runner), 2, "the runner is gone")


def a_reload_starts_and_ends_the_runner_of_tasks():
    with Service(1).start() as service:
        assert not service.jobs_pids()
        service.jobs = True
        service.write_config()
        service.process.send_signal(signal.SIGHUP)
        wait_for(service.jobs_pids, 5, "a runner")
        runner = service.jobs_pids()[0]
        service.jobs = False
        service.write_config()
        service.process.send_signal(signal.SIGHUP)
        wait_for(lambda: not is_alive(runner), 5, "the runner is gone")
        assert service.answers()


def sigterm_under_load_cuts_no_request():
    with Service(2).start() as service, Load(service, uri="/sleep?ms=5") as load:
        time.sleep(0.3)
        assert service.stop() == 0
        assert not os.path.exists(service.socket)
        assert load.counts["cut"] == 0 and load.counts["refused"] > 0, load.counts


def sigterm_lets_a_long_request_finish():
    with Service(1).start() as service, fcgi.connect(service.socket) as peer:
        peer.sendall(fcgi.request("/sleep?ms=1500"))
        time.sleep(0.2)
        service.process.send_signal(signal.SIGTERM)
        assert fcgi.Answer(fcgi.read_all(peer)).ok
        assert service.process.wait(3) == 0


def sigterm_does_not_wait_longer_than_the_drain_limit():
    service = Service(1)
    service.write_config(drain_timeout=1)
    with service.start(), fcgi.connect(service.socket) as peer:
        peer.sendall(fcgi.request("/sleep?ms=20000"))
        time.sleep(0.2)
        started = time.monotonic()
        assert service.stop() == 0 and 0.8 < time.monotonic() - started < 2.5
        assert "event=workers_killed" in service.log_text()


def requests_that_wait_in_the_backlog_are_answered_after_sigterm():
    with Service(1).start() as service, contextlib.ExitStack() as peers:
        for _ in range(5):
            peer = peers.enter_context(fcgi.connect(service.socket))
            peer.sendall(fcgi.request("/sleep?ms=100"))
        waiting = [fcgi.connect(service.socket) for _ in range(3)]
        for peer in waiting:
            peer.sendall(fcgi.request("/echo"))
        service.process.send_signal(signal.SIGTERM)
        for peer in waiting:
            with peer:
                assert fcgi.Answer(fcgi.read_all(peer)).ok
        assert service.process.wait(5) == 0


def workers_go_when_the_master_is_killed():
    with Service(3).start() as service, Load(service):
        workers = service.workers()
        assert len(workers) == 3
        service.process.kill()
        service.process.wait()
        wait_for(lambda: not any(is_alive(pid) for pid in workers), 1, "the workers are gone")


def a_new_master_starts_at_once_although_an_old_worker_is_busy():
    with Service(1).start() as service, fcgi.connect(service.socket) as peer:
        worker, = service.workers()
        peer.sendall(fcgi.request("/sleep?ms=1500"))
        time.sleep(0.2)
        service.process.kill()
        service.process.wait()
        old = os.stat(service.socket).st_ino
        service.start(wait=False)
        # Until the new one has the path, connections still go to the old socket.
        wait_for(lambda: os.path.exists(service.socket) and os.stat(service.socket).st_ino != old,
                 1, "a new socket")
        time.sleep(0.1)
        assert service.answers() and is_alive(worker)
        assert fcgi.Answer(fcgi.read_all(peer)).ok, "the old worker's request was cut"


def a_busy_worker_without_master_ends_by_its_last_resort():
    with Service(1).start() as service, fcgi.connect(service.socket) as peer:
        worker, = service.workers()
        peer.sendall(fcgi.request("/spin"))
        time.sleep(0.2)
        service.process.kill()
        service.process.wait()
        assert is_alive(worker)
        wait_for(lambda: not is_alive(worker), REQUEST_TIMEOUT + 3, "the worker is gone")


def a_stuck_worker_is_killed_and_replaced():
    with Service(1).start() as service, fcgi.connect(service.socket) as peer:
        before = service.workers()
        peer.sendall(fcgi.request("/spin"))
        started = time.monotonic()
        assert not fcgi.Answer(fcgi.read_all(peer)).ended
        seconds = time.monotonic() - started
        assert REQUEST_TIMEOUT - 0.5 < seconds < REQUEST_TIMEOUT + 1, seconds
        wait_for(lambda: restarted(service, before, 1), 2, "a new worker")
        wait_for(service.answers, 2, "it serves again")
        assert service.log_text().count("event=worker_stuck") == 1, service.log_text()


def a_stopped_idle_worker_is_replaced():
    with Service(1).start() as service:
        before = service.workers()
        os.kill(before[0], signal.SIGSTOP)
        wait_for(lambda: restarted(service, before, 1), REQUEST_TIMEOUT + 2, "a new worker")
        wait_for(service.answers, 2, "it serves again")


def a_stopped_machine_kills_no_worker():
    with Service(2).start() as service:
        before = service.workers()
        pids = [service.process.pid] + before
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(REQUEST_TIMEOUT + 1)
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        time.sleep(1)
        assert sorted(service.workers()) == sorted(before), service.log_text()


def workers_that_cannot_start_are_tried_ever_more_rarely():
    service = Service(1, environment={"STUB_CANNOT_START": "1"})
    with service.start(wait=False):
        time.sleep(3)
        tries = service.log_text().count("event=worker_died")
        assert 3 <= tries <= 6, tries
        assert service.process.poll() is None, "the master gave up"
        ticks = pathlib.Path(f"/proc/{service.process.pid}/stat").read_text().split()[13:15]
        assert sum(map(int, ticks)) < 20, "the master is busy"
        assert service.stop() == 0


def a_worker_is_replaced_after_its_number_of_requests():
    service = Service(1)
    service.write_config(max_requests=20)
    with service.start():
        pids = [service.get("/echo").fields["pid"] for _ in range(100)]
        assert 4 <= len(set(pids)) <= 7, collections.Counter(pids)
        assert "event=worker_died" not in service.log_text()


def workers_share_the_listening_socket_and_little_else():
    with Service(2).start() as service:
        for worker in service.workers():
            folder = pathlib.Path(f"/proc/{worker}/fd")
            if not os.access(folder, os.R_OK):
                return "needs root"

            def links(folder=folder):
                return [os.readlink(fd) for fd in folder.iterdir() if int(fd.name) > 2]

            def kinds():
                return sorted(link.split(":")[0] for link in links() if ":" in link)
            # The connection of the last request may be there for a moment.
            wait_for(lambda: kinds() == ["pipe", "socket"], 2, "one socket and one pipe")
            files = {link for link in links() if ":" not in link}
            assert files == {str(service.log)}, files
    return None


def descriptors_of_a_worker_are_closed_on_exec():
    with Service(1).start() as service, fcgi.connect(service.socket) as peer:
        worker, = service.workers()
        peer.sendall(fcgi.request("/sleep?ms=500"))
        time.sleep(0.2)
        infos = pathlib.Path(f"/proc/{worker}/fdinfo")
        if not os.access(infos, os.R_OK):
            return "needs root"
        for info in infos.iterdir():
            if int(info.name) > 2:
                flags = int(info.read_text().split("flags:")[1].split()[0], 8)
                assert flags & os.O_CLOEXEC, os.readlink(f"/proc/{worker}/fd/{info.name}")
    return None


def sigusr1_opens_the_log_anew_everywhere():
    with Service(2).start() as service:
        moved = service.log.with_name("log.1")
        service.log.rename(moved)
        service.process.send_signal(signal.SIGUSR1)
        wait_for(service.log.exists, 2, "a new log")
        time.sleep(0.5)
        size = moved.stat().st_size
        for _ in range(4):
            fcgi.exchange(service.socket, b"no FastCGI")  # is logged by a worker
        service.workers()
        assert service.stop() == 0
        assert moved.stat().st_size == size, "somebody still writes to the old log"
        assert "event=request_incomplete" in service.log_text()


def sighup_with_a_broken_configuration_changes_nothing():
    with Service(2).start() as service:
        before = sorted(service.workers())
        service.write_config(extra="[service]\nnonsense = 1\n")
        service.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "event=reload_refused" in service.log_text(), 2, "a line in the log")
        lines = service.config.read_text().splitlines()
        at = f"risiti.ini:{lines.index('nonsense = 1') + 1}:"
        assert at in service.log_text(), service.log_text()
        time.sleep(0.5)
        assert service.answers() and sorted(service.workers()) == before


def sighup_replaces_the_workers_one_by_one_without_a_lost_request():
    with Service(2).start() as service, Load(service) as load:
        before = service.workers()
        service.write_config(workers=3)
        service.process.send_signal(signal.SIGHUP)
        fewest = []

        def replaced():
            fewest.append(len(service.workers()))
            return restarted(service, before, 3)
        wait_for(replaced, 10, "three new workers")
        assert min(fewest) >= 1
        time.sleep(0.2)
        assert load.counts["cut"] == 0 and load.counts["refused"] == 0, load.counts


def sighup_can_take_workers_away():
    with Service(3).start() as service:
        service.write_config(workers=1)
        service.process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(service.workers()) == 1, 5, "one worker")
        time.sleep(0.5)
        assert service.answers() and len(service.workers()) == 1


def sighup_keeps_the_number_of_workers_of_the_flag():
    with Service(2, arguments=["--workers", "3"]).start() as service:
        wait_for(lambda: len(service.workers()) == 3, 5, "three workers")
        before = service.workers()
        service.process.send_signal(signal.SIGHUP)
        wait_for(lambda: restarted(service, before, 3), 10, "three new workers")


def the_service_manager_is_told():
    service = Service(1)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(service.dir / "notify"))
        manager.settimeout(START_SECONDS)
        service.environment["NOTIFY_SOCKET"] = str(service.dir / "notify")
        with service.start():
            said = set()
            while "READY=1" not in said:
                said.add(manager.recv(200).decode())
            assert service.stop() == 0
            manager.settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                while True:
                    said.add(manager.recv(200).decode())
            assert "STOPPING=1" in said and "WATCHDOG=1" in said, said


def the_socket_is_open_to_owner_and_group_only():
    with Service(1).start() as service:
        mode = os.stat(service.socket).st_mode
        assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660, oct(mode)


TESTS = [
    a_killed_worker_costs_its_own_request_only,
    workers_killed_all_the_time_refuse_no_connection,
    a_crash_is_logged_and_its_worker_replaced,
    a_killed_runner_of_tasks_comes_back,
    a_stuck_runner_of_tasks_is_killed,
    the_runner_of_tasks_ends_with_the_master,
    a_reload_starts_and_ends_the_runner_of_tasks,
    sigterm_under_load_cuts_no_request,
    sigterm_lets_a_long_request_finish,
    sigterm_does_not_wait_longer_than_the_drain_limit,
    requests_that_wait_in_the_backlog_are_answered_after_sigterm,
    workers_go_when_the_master_is_killed,
    a_new_master_starts_at_once_although_an_old_worker_is_busy,
    a_busy_worker_without_master_ends_by_its_last_resort,
    a_stuck_worker_is_killed_and_replaced,
    a_stopped_idle_worker_is_replaced,
    a_stopped_machine_kills_no_worker,
    workers_that_cannot_start_are_tried_ever_more_rarely,
    a_worker_is_replaced_after_its_number_of_requests,
    workers_share_the_listening_socket_and_little_else,
    descriptors_of_a_worker_are_closed_on_exec,
    sigusr1_opens_the_log_anew_everywhere,
    sighup_with_a_broken_configuration_changes_nothing,
    sighup_replaces_the_workers_one_by_one_without_a_lost_request,
    sighup_can_take_workers_away,
    sighup_keeps_the_number_of_workers_of_the_flag,
    the_service_manager_is_told,
    the_socket_is_open_to_owner_and_group_only,
]

if __name__ == "__main__":
    raise SystemExit(run(TESTS))
