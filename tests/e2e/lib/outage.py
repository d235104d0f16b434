"""A service of its own for a test, whose database dies and comes back."""
import os
import pathlib
import signal
import subprocess

from lib import stack
from lib.case import ServiceCase


class OutageCase(ServiceCase):
    """A service of its own, whose database is treated badly."""

    @classmethod
    def setUpClass(cls):
        cls.stack = stack.Stack().start()
        cls.database = None  # the one that took the place of the demo's own
        cls.addClassCleanup(cls.end)
        cls.app = cls.stack.create_app()
        cls.other_app = cls.stack.create_app()

    @classmethod
    def end(cls):
        """Also the database that took the place of the demo's own."""
        if cls.database is not None:
            cls.database.terminate()
            cls.database.wait()
        problems = cls.stack.stop()
        assert not problems, problems

    def database_kill(self):
        """kill -9, and the command to start it again."""
        pid = self.database.pid if self.database else int(self.stack.environment["MARIADB_PID"])
        arguments = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
        os.kill(pid, signal.SIGKILL)
        if self.database is not None:
            self.database.wait()
        stack.wait_for(lambda: not stack.process_runs(pid))
        return arguments

    def database_start(self, arguments):
        """The same again."""
        environment = self.stack.environment
        owner = pathlib.Path(environment["CONFIG"]).stat()
        user = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
        type(self).database = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, **(user if os.geteuid() == 0 else {}))
        stack.wait_for(lambda: subprocess.run(
            ["mariadb", "--no-defaults", f"--socket={environment['DB_SOCKET']}", "--user=root",
             "--execute=SELECT 1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            check=False).returncode == 0)
