"""scripts/demo: what it starts it ends, and it touches nothing else."""
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import tempfile
import unittest

from lib import stack

DEMO = stack.TOP / "scripts/demo"
END_SECONDS = 60


def read_if_there(path):
    """A process's command line; empty when it has ended meanwhile."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


class DemoTest(unittest.TestCase):
    """Each test has a folder of its own, with a space in its name."""

    def setUp(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="risiti-demo-", dir="/var/tmp"))
        self.base.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.base, ignore_errors=True)
        self.folder = self.base / "a demo"
        self.addCleanup(lambda: self.assertEqual(self.demo("--stop").returncode, 0))

    def demo(self, *arguments):
        """Runs the demo in this test's folder; the finished process."""
        return subprocess.run([DEMO, "--dir", self.folder, *arguments], check=False, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=stack.START_SECONDS)

    def start(self):
        """Starts one, detached; what its demo.env says."""
        done = self.demo("--detach")
        self.assertEqual(done.returncode, 0, done.stdout)
        return stack.read_shell_file(self.folder / "demo.env")

    def assert_nothing_left(self, environment):
        """No process, no socket."""
        for name in ("SERVER_PID", "MASTER_PID", "MARIADB_PID"):
            self.assertFalse(stack.process_runs(environment[name]), name)
        self.assertFalse(os.path.exists(environment["DB_SOCKET"]))
        self.assertEqual([path for path in self.base.rglob("*") if path.is_socket()], [])

    def test_wrong_usage_ends_with_2(self):
        for arguments in (["--server", "nginx"], ["--port", "many"], ["--port"], ["--bogus"]):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.demo(*arguments).returncode, 2)

    def test_demo_env_is_what_a_shell_reads(self):
        environment = self.start()
        shown = subprocess.run(["sh", "-c", '. "$0" && printf %s "$CONFIG|$SHORT_CODE|$MASTER_PID"',
                                self.folder / "demo.env"], check=True, text=True,
                               stdout=subprocess.PIPE).stdout
        self.assertEqual(shown, "|".join(environment[name] for name in
                                         ("CONFIG", "SHORT_CODE", "MASTER_PID")))
        self.assertTrue(environment["CONFIG"].startswith(str(self.folder)))
        self.assertLess(len(environment["DB_SOCKET"]), 108)

    def test_two_demos_do_not_disturb_each_other(self):
        first = stack.shared()
        environment = self.start()
        self.assertNotEqual(environment["BASE_URL"], first.base_url)
        self.assertEqual(self.demo("--stop").returncode, 0)
        self.assert_nothing_left(environment)
        with first.safaricom() as client:
            self.assertEqual(client.get("/readyz").status, 200)

    def test_a_second_start_in_the_same_folder_is_refused(self):
        environment = self.start()
        again = self.demo("--detach")
        self.assertEqual(again.returncode, 1, again.stdout)
        self.assertTrue(stack.process_runs(environment["MASTER_PID"]))

    def test_stop_leaves_a_database_that_replaced_its_own(self):
        environment = self.start()
        os.kill(int(environment["MARIADB_PID"]), signal.SIGKILL)
        stack.wait_for(lambda: not stack.process_runs(environment["MARIADB_PID"]))
        with tempfile.TemporaryDirectory(prefix="risiti-other-", dir="/var/tmp") as other:
            process = self.other_database(other, environment["DB_SOCKET"])
            try:
                self.assertEqual(self.demo("--stop").returncode, 0)
                self.assertIsNone(process.poll())
                self.assertTrue(os.path.exists(environment["DB_SOCKET"]))
                # Its socket lies among the demo's own: a new start must not take that away.
                self.assertEqual(self.demo("--detach").returncode, 1)
                self.assertIsNone(process.poll())
            finally:
                process.kill()
                process.wait()
                os.unlink(environment["DB_SOCKET"])
        self.assert_nothing_left(environment)

    def other_database(self, folder, socket):
        """Somebody else's MariaDB on the demo's socket."""
        options = ["--no-defaults", f"--datadir={folder}/data"]
        if os.geteuid() == 0:
            options.append("--user=root")
        subprocess.run(["mariadb-install-db", *options, "--force", "--skip-test-db",
                        "--auth-root-authentication-method=normal"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        process = subprocess.Popen(["mariadbd", *options, "--skip-networking",
                                    f"--socket={socket}"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        stack.wait_for(lambda: os.path.exists(socket))
        return process

    def test_without_a_terminal_it_ends_by_itself(self):
        result = self.demo()
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertEqual(result.stdout.count("Payment claimed successfully"), 2, result.stdout)
        self.assertFalse((self.folder / "demo.env").exists())
        named = [path for path in pathlib.Path("/proc").glob("[0-9]*/cmdline")
                 if str(self.folder) in read_if_there(path)]
        self.assertEqual(named, [])

    def test_an_interrupt_ends_everything(self):
        # Tests may run in the background, where interrupts are ignored; a terminal's are not.
        ours, terminal = pty.openpty()
        process = subprocess.Popen(["env", "--default-signal=INT", DEMO, "--dir", self.folder],
                                   stdin=terminal, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(terminal)
        self.addCleanup(os.close, ours)
        try:
            stack.wait_for((self.folder / "demo.env").exists)
            environment = stack.read_shell_file(self.folder / "demo.env")
            # As a terminal does: to the whole group in the foreground.
            os.killpg(process.pid, signal.SIGINT)
            process.wait(END_SECONDS)
        finally:
            process.terminate()
            process.wait()
        self.assertEqual(process.returncode, 130)
        self.assert_nothing_left(environment)
        self.assertFalse((self.folder / "demo.env").exists())
