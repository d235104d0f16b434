"""What tests of the running service share: applications, payments, pushes and waiting for them."""
import itertools
import json
import os
import pathlib
import unittest

from lib import daraja, stack
from lib.client import Client

CONFIRMATION = "/api/mpesa/c2b-confirmation/"
STK_CALLBACK = "/api/mpesa/stk-callback/"
PROBLEM = "application/problem+json"
NOT_FOUND = "Payment not found"
ALREADY_CLAIMED = "Payment already claimed"
# What no request may change unless it says so.
TABLES = ("app", "api_key", "payment", "payment_event", "claim", "callback_inbox",
          "idempotency_key", "webhook_endpoint")

_phones = itertools.count(100_000)


def new_phone():
    """A phone that no other push of this run has: Daraja has one open prompt a phone."""
    return f"254722{next(_phones):06d}"


class Sandbox:
    """What Safaricom knows, and the faults that it is asked for."""

    def __init__(self, url):
        self.client = Client(url)

    def payments(self):
        """The ledger, oldest first."""
        return self.client.get("/_sandbox/payments").json

    def of_phone(self, phone):
        """The payments of one phone."""
        return [payment for payment in self.payments() if payment["phone"] == phone]

    def faults(self, **rates):
        """Sets rates in percent; those that are not named become 0."""
        answer = self.client.send("PUT", "/_sandbox/faults", rates)
        assert answer.status == 200, answer

    def close(self):
        """Ends the connection."""
        self.client.close()


class ServiceCase(unittest.TestCase):
    """Two applications, shop and school, and Safaricom, against one kind of web server."""

    server = "lighttpd"

    @classmethod
    def setUpClass(cls):
        cls.stack = stack.shared(cls.server)
        cls.app = cls.stack.create_app()
        cls.other_app = cls.stack.create_app()

    def setUp(self):
        self.shop = self.open(self.app.client())
        self.school = self.open(self.other_app.client())
        self.safaricom = self.open(self.stack.safaricom())
        self.sandbox = self.open(Sandbox(self.stack.environment["SANDBOX_URL"]))

    def open(self, client):
        """Closes it when the test ends."""
        self.addCleanup(client.close)
        return client

    def pay(self, receipt=None, **fields):
        """A payment that Safaricom has confirmed; its receipt."""
        receipt = receipt or daraja.new_receipt()
        answer = self.safaricom.post(CONFIRMATION, daraja.confirmation(receipt, **fields))
        self.assertEqual(answer.status, 200, answer)
        return receipt

    def push(self, client, amount=10, phone=None, reference="ORDER", status=200, **fields):
        """Starts a push; its answer."""
        answer = client.post("/api/stk-push/", {"phone_number": phone or new_phone(),
                                                "amount": amount, "reference": reference, **fields})
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def payment(self, client, payment_id):
        """What the application is shown of its payment."""
        answer = client.get(f"/api/payments/{payment_id}/")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def wait_status(self, client, payment_id, status):
        """The payment, once it has this status."""
        shown = {}

        def has_status():
            shown.update(self.payment(client, payment_id))
            return shown["status"] == status

        try:
            stack.wait_for(has_status)
        except AssertionError as error:
            raise AssertionError(f"not {status}: {shown}") from error
        return shown

    def events(self, client, payment_id):
        """The names of the events in a payment's history."""
        return [event["event"] for event in self.payment(client, payment_id)["history"]]

    def operator_show(self, name):
        """What `risiti payment show` says of an id or receipt."""
        return json.loads(self.stack.cli("--json", "payment", "show", name).stdout)

    def rows(self):
        """How many rows each table has."""
        query = " UNION ALL ".join(f"SELECT '{name}', COUNT(*) FROM {name}" for name in TABLES)
        return dict(self.stack.sql(query))

    def assert_problem(self, answer, status, code=None, why=None):
        """The refusal is the service's own, in the form that all of them have."""
        self.assertEqual((answer.status, answer.headers.get("Content-Type")), (status, PROBLEM),
                         f"{why}: {answer}")
        body = answer.json
        self.assertEqual(body["status"], status, why)
        self.assertEqual(body["type"], "urn:risiti:problem:" + body["code"], why)
        self.assertTrue(body["title"] and body["detail"], why)
        self.assertTrue(answer.headers["X-Request-Id"], why)
        if code is not None:
            self.assertEqual(body["code"], code, f"{why}: {answer}")

    def assert_wrong_field(self, answer, field, why=None):
        """400, and `field` is the only one named, also where its value is no JSON."""
        self.assert_problem(answer, 400, None, why)
        self.assertIn(answer.json["code"], ("invalid-request", "invalid-json"), why)
        self.assertEqual({error["field"] for error in answer.json["errors"]}, {field},
                         f"{why}: {answer}")
        self.assertTrue(all(error["message"] for error in answer.json["errors"]), why)


class LogMark:
    """The end of a log file; `lines` are those written since."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.offset = self.path.stat().st_size

    def lines(self):
        """Lines written since the mark was set."""
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            return file.read().decode(errors="replace").splitlines()


def children(pid):
    """Numbers of the living processes that a process has forked."""
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            text = pathlib.Path(entry.path, "stat").read_text()
        except OSError:
            continue
        fields = text.rpartition(")")[2].split()
        if fields[0] != "Z" and fields[1] == str(pid):
            found.append(int(entry.name))
    return sorted(found)
