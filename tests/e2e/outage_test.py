"""Callbacks while the database hangs, dies or has no disk: each answered 200, and counted once."""
import collections
import json
import os
import pathlib
import signal
import threading
import time

from lib import daraja, stack
from lib.case import CONFIRMATION, ServiceCase
from lib.outage import OutageCase

SENDERS = 4
OUTAGE_SECONDS = 4
# A callback waits 0.7 seconds for the database; a busy machine has its share of the rest.
ANSWER_SECONDS_MAX = 6
UNLISTED = {"X-Forwarded-For": "203.0.113.7"}


class Senders:
    """Safaricom, posting confirmations as fast as they are answered, from several sides."""

    def __init__(self, service):
        self.service = service
        self.done = threading.Event()
        self.answers = collections.deque()
        self.threads = [threading.Thread(target=self.send) for _ in range(SENDERS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        for thread in self.threads:
            thread.join()

    def send(self):
        """One sender's whole life."""
        with self.service.safaricom() as client:
            while not self.done.is_set():
                receipt = daraja.new_receipt()
                began = time.monotonic()
                answer = client.post(CONFIRMATION, daraja.confirmation(receipt))
                self.answers.append((receipt, answer.status, time.monotonic() - began))


class SpoolCase(OutageCase):
    """Confirmations that come meanwhile."""

    def spooled(self):
        """How many files wait."""
        return len(list((self.stack.folder / "spool").glob("*.listed")))

    def drained(self):
        """Whether all files are in; requests make workers bring them in."""
        self.safaricom.get("/readyz")
        return self.spooled() == 0

    def check_each_once(self, answers):
        """Each was answered 200 soon, and is one payment and one row of the journal."""
        self.assertEqual({status for _, status, _ in answers}, {200})
        self.assertLess(max(seconds for _, _, seconds in answers), ANSWER_SECONDS_MAX)
        stack.wait_for(self.drained)
        receipts = [receipt for receipt, _, _ in answers]
        listed = ",".join(f"'{receipt}'" for receipt in receipts)
        self.assertEqual(self.stack.count("SELECT COUNT(*) FROM payment WHERE "
                                          f"mpesa_receipt_number IN ({listed})"), len(receipts))
        rows = dict(self.stack.sql("SELECT JSON_VALUE(body, '$.TransID') AS receipt, COUNT(*) "
                                   "FROM callback_inbox WHERE JSON_VALUE(body, '$.TransID') "
                                   f"IN ({listed}) GROUP BY receipt"))
        self.assertEqual(rows, {receipt: "1" for receipt in receipts})


class HangTest(SpoolCase):
    """The database is there and does not answer."""

    def test_confirmations_are_taken_while_the_database_hangs(self):
        with Senders(self.stack) as senders:
            stack.wait_for(lambda: len(senders.answers) >= 2 * SENDERS)
            pid = int(self.stack.environment["MARIADB_PID"])
            os.kill(pid, signal.SIGSTOP)
            try:
                stack.wait_for(lambda: self.spooled() >= 2 * SENDERS)
                time.sleep(OUTAGE_SECONDS)
            finally:
                os.kill(pid, signal.SIGCONT)
            after = len(senders.answers)
            stack.wait_for(lambda: len(senders.answers) >= after + 2 * SENDERS)
        self.check_each_once(senders.answers)


class DeathTest(SpoolCase):
    """The database dies in the middle of everything, and comes back."""

    def test_confirmations_are_taken_while_the_database_is_killed(self):
        with Senders(self.stack) as senders:
            for _ in range(2):
                before = len(senders.answers)
                stack.wait_for(lambda seen=before: len(senders.answers) >= seen + 2 * SENDERS)
                arguments = self.database_kill()
                stack.wait_for(lambda: self.spooled() >= 2 * SENDERS)
                self.database_start(arguments)
        self.check_each_once(senders.answers)

    def test_a_spool_that_cannot_be_written_is_503(self):
        folder = self.stack.folder / "spool"
        arguments = self.database_kill()
        folder.rename(f"{folder}.away")
        folder.write_text("a file where the folder should be")
        try:
            answer = self.safaricom.post(CONFIRMATION, daraja.confirmation(daraja.new_receipt()))
            self.assert_problem(answer, 503)
            self.assertIn("Retry-After", answer.headers)
            self.database_start(arguments)
            stack.wait_for(lambda: self.safaricom.get("/readyz").status == 200)
            ready = self.safaricom.get("/readyz").json
            self.assertEqual((ready["status"], ready["spool_usable"]), ("degraded", False))
        finally:
            folder.unlink()
            pathlib.Path(f"{folder}.away").rename(folder)
        stack.wait_for(lambda: self.safaricom.get("/readyz").status == 200)

    def test_readyz_and_the_command_line_say_how_many_wait(self):
        (self.stack.folder / "spool/01a20b12-5cca-7f6c-81e0-56020b3d0ee2.damaged").touch()
        shown = json.loads(self.stack.cli("--json", "inbox", "list").stdout)
        self.assertEqual((shown["spooled"], shown["damaged"]), (0, 1))
        ready = self.safaricom.get("/readyz").json
        self.assertEqual((ready["spooled_callbacks"], ready["damaged_spool_files"]), (0, 1))
        self.assertEqual((ready["status"], ready["spool_usable"]), ("degraded", True))
        (self.stack.folder / "spool/01a20b12-5cca-7f6c-81e0-56020b3d0ee2.damaged").unlink()


class QuarantineTest(ServiceCase):
    """What strangers post is kept for a person, who can have it applied."""

    def listed(self, state):
        """The newest rows in a state."""
        return json.loads(self.stack.cli("--json", "inbox", "list", "--state", state,
                                         "--limit", "5").stdout)["callbacks"]

    def test_an_operator_releases_what_is_in_quarantine(self):
        receipt = daraja.new_receipt()
        answer = self.safaricom.send("POST", CONFIRMATION,
                                     json.dumps(daraja.confirmation(receipt)), UNLISTED)
        self.assert_problem(answer, 403, "forbidden")
        row = self.listed("quarantined")[0]["id"]
        self.assertIn(receipt, self.stack.cli("inbox", "show", row).stdout)
        self.assertEqual(self.shop.verify(receipt=receipt).json, {"paid": False})
        refused = self.stack.cli("inbox", "replay", row, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("quarantine", refused.stderr)
        self.assertEqual(self.shop.verify(receipt=receipt).json, {"paid": False})
        released = json.loads(self.stack.cli("--json", "inbox", "release", row).stdout)
        self.assertEqual([(one["id"], one["state"]) for one in released], [(row, "applied")])
        self.assertTrue(self.shop.verify(receipt=receipt).json["paid"])
        again = json.loads(self.stack.cli("--json", "inbox", "release", row).stdout)
        self.assertEqual(again[0]["payment_id"], released[0]["payment_id"])

    def test_a_wrong_id_is_said(self):
        wrong = self.stack.cli("inbox", "replay", "x", check=False)
        self.assertEqual(wrong.returncode, 2)
        nobody = self.stack.cli("inbox", "show", "01a20b12-5cca-7f6c-81e0-56020b3d0ee2",
                                check=False)
        self.assertEqual(nobody.returncode, 1)
        self.assertEqual(self.stack.cli("inbox", "list", "--state", "no", check=False).returncode,
                         2)
