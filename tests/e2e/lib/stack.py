"""The running service: scripts/demo --detach, and what it wrote about itself."""
import atexit
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import tempfile
import time

from lib.client import Client

TOP = pathlib.Path(__file__).resolve().parents[3]
START_SECONDS = 180
WAIT_SECONDS = 60
SANITIZER_REPORTS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:")


class App:
    """One application: its name, id and key."""

    def __init__(self, stack, fields):
        self.stack = stack
        self.name = fields["name"]
        self.id = fields["id"]
        self.key = fields["api_key"]
        self.key_id = fields["key_id"]

    def client(self):
        """A client with this application's key."""
        return Client(self.stack.base_url, self.key)


class Stack:
    """A service of its own in a folder of its own; `stop` leaves nothing behind."""

    def __init__(self, server="lighttpd", path=""):
        self.server = server
        self.path = path
        # /var/tmp: an unprivileged user reaches it, whatever TMPDIR is.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="risiti-e2e-", dir="/var/tmp"))
        self.environment = {}
        self.app_count = 0
        self.start_output = ""

    def start(self):
        """Starts it all; an assertion fails with the demo's output when that fails."""
        done = subprocess.run([TOP / "scripts/demo", "--dir", self.folder, "--server", self.server,
                               "--detach"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=START_SECONDS,
                              check=False, env={**os.environ, "DEMO_PATH": self.path})
        self.start_output = done.stdout
        if done.returncode != 0:
            logs = self.logs()
            shutil.rmtree(self.folder, ignore_errors=True)
            raise AssertionError(f"scripts/demo failed ({done.returncode}):\n"
                                 f"{done.stdout[-6000:]}\n{logs}")
        self.environment = read_shell_file(self.folder / "demo.env")
        return self

    def stop(self):
        """Ends everything and removes the folder; what it should not have left, as sentences."""
        done = subprocess.run([TOP / "scripts/demo", "--dir", self.folder, "--stop"], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False,
                              stderr=subprocess.STDOUT, timeout=START_SECONDS)
        problems = [f"--stop failed: {done.stdout}"] if done.returncode != 0 else []
        problems += [f"left behind: {path}" for path in self.folder.rglob("*") if path.is_socket()]
        for name in ("SERVER_PID", "MASTER_PID", "MARIADB_PID"):
            pid = self.environment.get(name)
            if pid and process_runs(pid):
                problems.append(f"{name} {pid} still runs")
        for path in sorted(self.folder.glob("log/*")):
            text = path.read_text(errors="replace")
            if any(word in text for word in SANITIZER_REPORTS):
                problems.append(f"{path.name} has a sanitizer's report:\n{text[-6000:]}")
        if not problems:
            shutil.rmtree(self.folder)
        return problems

    @property
    def base_url(self):
        """Where the web server answers."""
        return self.environment["BASE_URL"]

    def logs(self):
        """The ends of all logs, for a failure's report."""
        parts = []
        for path in sorted(self.folder.glob("log/*")):
            lines = path.read_text(errors="replace").splitlines()[-15:]
            parts.append("\n".join([f"== {path.name}"] + lines))
        return "\n".join(parts)

    def cli(self, *arguments, check=True):
        """Runs `risiti --config … ARGUMENTS`; the finished process."""
        variables = {name: value for name, value in os.environ.items()
                     if not name.startswith("RISITI")}
        done = subprocess.run([self.environment["RISITI"], "--config", self.environment["CONFIG"],
                               *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False,
                              env=variables)
        if check and done.returncode != 0:
            raise AssertionError(f"risiti {shlex.join(arguments)} failed ({done.returncode}): "
                                 f"{done.stdout}{done.stderr}")
        return done

    def create_app(self, name=None):
        """A new application."""
        self.app_count += 1
        name = name or f"e2e {self.folder.name} {self.app_count}"
        return App(self, json.loads(self.cli("--json", "app", "create", name).stdout))

    def as_its_user(self, folder):
        """What to put before a command that runs as this service does and writes to `folder`."""
        if os.geteuid() != 0:
            return []
        owner = pathlib.Path(self.environment["CONFIG"]).stat()
        os.chown(folder, owner.st_uid, owner.st_gid)
        return ["setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups",
                "--"]

    def safaricom(self):
        """A client without a key."""
        return Client(self.base_url)

    def sql(self, query):
        """Rows of a query as lists of text, read as the database's administrator."""
        done = subprocess.run(["mariadb", "--no-defaults", "--batch", "--skip-column-names",
                               f"--socket={self.environment['DB_SOCKET']}", "--user=root",
                               f"--database={self.environment['DB_NAME']}", f"--execute={query}"],
                              check=True, text=True, stdout=subprocess.PIPE, timeout=60)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def count(self, query):
        """The one number that a query gives."""
        return int(self.sql(query)[0][0])


def read_shell_file(path):
    """NAME='value' lines, as a shell reads them."""
    found = {}
    for line in path.read_text().splitlines():
        name, _, value = line.partition("=")
        found[name] = "".join(shlex.split(value))
    return found


def process_runs(pid):
    """Whether a process has this number and has not ended."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def answers(base_url):
    """Whether a web server answers anything there."""
    try:
        with Client(base_url) as client:
            return client.get("/").status > 0
    except OSError:
        return False


def wait_for(condition):
    """Waits until it holds; an assertion fails after a minute."""
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        time.sleep(0.05)


_shared = {}


def shared(server="lighttpd"):
    """One service a kind of web server for all tests of this run; stop_shared ends them."""
    if server not in _shared:
        _shared[server] = Stack(server).start()
    return _shared[server]


def stop_shared():
    """Ends them all: {kind of web server: sentences on what went wrong}."""
    problems = {server: stack.stop() for server, stack in _shared.items()}
    _shared.clear()
    return problems


# Also when the run is interrupted.
atexit.register(stop_shared)
