"""What the tests of the worker and the master share: TAP, and a service with the stub behind it."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import fcgi_client as fcgi

PROGRAM = pathlib.Path(os.environ.get("builddir", ".")) / "tests/fcgi/stub-fcgi"
# Sanitizers make everything slower; no test is about the last tenth of a second.
START_SECONDS = 10
READ_TIMEOUT = 1
REQUEST_TIMEOUT = 2


def run(tests):
    """Runs the functions in order, prints TAP, returns the exit status."""
    wanted = sys.argv[1:]
    tests = [test for test in tests if not wanted or test.__name__ in wanted]
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, test in enumerate(tests, 1):
        started = time.monotonic()
        try:
            why = test()
            skipped = f" # SKIP {why}" if why else ""
            print(f"ok {number} - {test.__name__}{skipped}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {test.__name__}")
            for line in traceback.format_exc().splitlines():
                print(f"# {line}", flush=True)
        print(f"# {time.monotonic() - started:.1f} s", flush=True)
    return 1 if failed else 0


def wait_for(condition, seconds, what):
    """Waits until the condition holds and returns how long it took."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if condition():
            return time.monotonic() - started
        time.sleep(0.01)
    raise AssertionError(f"not within {seconds} s: {what}")


def is_alive(pid):
    """Whether the process runs; one that is dead but not yet collected does not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Service:
    """A service in a folder of its own. It is killed, with its workers, at the end."""

    def __init__(self, workers=2, arguments=(), environment=None, prefix=None, jobs=False,
                 **popen):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="risiti-fcgi-"))
        self.socket = str(self.dir / "s.sock")
        self.config = self.dir / "risiti.ini"
        self.log = self.dir / "log"
        self.effects_file = self.dir / "effects"
        self.settings = {"listen": self.socket, "workers": workers, "read_timeout": READ_TIMEOUT,
                         "request_timeout": REQUEST_TIMEOUT}
        self.jobs = jobs
        self.write_config()
        self.arguments = list(prefix or []) + [str(PROGRAM), "--config", str(self.config)]
        self.arguments += arguments
        self.environment = dict(os.environ, STUB_EFFECTS=str(self.effects_file),
                                **(environment or {}))
        self.popen = popen
        self.process = None
        self.pids = set()

    def write_config(self, extra="", **changes):
        """Writes the configuration anew, with changes to its [service] section."""
        self.settings.update(changes)
        lines = "".join(f"{key} = {value}\n" for key, value in self.settings.items())
        self.config.write_text(f"[service]\n{lines}[daraja]\ntimeout = 1\nconnect_timeout = 1\n"
                               f"[jobs]\nenabled = {'yes' if self.jobs else 'no'}\n"
                               f"[log]\ntarget = {self.log}\nlevel = debug\n{extra}")
        self.config.chmod(0o600)

    def start(self, wait=True):
        """Starts it and waits until it answers and all its workers are there."""
        with open(self.dir / "stderr", "ab") as stderr:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                self.arguments, env=self.environment, stderr=stderr, **self.popen)
        if wait:
            wait_for(self.answers, START_SECONDS, "the service answers")
            if "--workers" not in self.arguments:
                wait_for(lambda: len(self.workers()) == self.settings["workers"] + self.jobs,
                         START_SECONDS, "the workers are there")
        return self

    def answers(self):
        """Whether a request is answered now."""
        try:
            return fcgi.get(self.socket, "/echo").ok
        except OSError:
            return False

    def get(self, uri, **options):
        """The answer to a request."""
        return fcgi.get(self.socket, uri, **options)

    def stderr(self):
        """What the program wrote to standard error."""
        return (self.dir / "stderr").read_text()

    def log_text(self):
        """The log so far."""
        return self.log.read_text() if self.log.exists() else ""

    def effects(self):
        """How many requests had an effect."""
        return self.effects_file.stat().st_size if self.effects_file.exists() else 0

    def workers(self):
        """The pids of the master's children."""
        pid = self.process.pid
        listing = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
        pids = [int(word) for word in listing.read_text().split()] if listing.exists() else []
        self.pids.update(pids)
        return [pid for pid in pids if is_alive(pid)]

    def jobs_pids(self):
        """The pids of all runners of background tasks that have started, oldest first."""
        return [int(pid) for pid in re.findall(r"event=jobs_started .*?pid=(\d+)",
                                               self.log_text())]

    def stop(self, seconds=20):
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process is not None:
            self.workers()
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait()
            for pid in self.pids:
                with contextlib.suppress(OSError):
                    if PROGRAM.name in pathlib.Path(f"/proc/{pid}/comm").read_text():
                        os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.dir, ignore_errors=True)
