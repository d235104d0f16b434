"""Everything goes wrong at once: afterwards our payments are Safaricom's ledger, each claimed once.

CHAOS_PAYMENTS in the environment is how many pushes, and as many payments by hand, there are.
"""
import base64
import collections
import concurrent.futures
import http.client
import itertools
import json
import os
import random
import signal
import threading
import time

from lib import stack
from lib.case import children, new_phone
from lib.client import Client
from lib.outage import OutageCase

PAYMENTS = int(os.environ.get("CHAOS_PAYMENTS", "60"))
CLIENTS = 8
DEATHS_OF_THE_DATABASE = 3
KILL_SECONDS = 0.2
KILLS_MIN = 10
# What is refused is refused for a while.
REFUSED_SECONDS = 0.1
# All of them but those that nothing here can make good: a payment by hand of which Safaricom never
# tells is known to its own list of transactions only. A PayBill with URLs registered hears of each
# push twice, and what was not answered 200 comes again.
FAULTS = {name: 20 for name in (
    "token_invalid", "stk_500", "stk_403", "stk_503", "stk_soap", "stk_cut", "query_403",
    "query_early", "query_pending", "query_disagrees", "result_lost", "callback_late",
    "callback_duplicate", "callback_swap", "callback_before_answer", "twin_before", "twin_after",
    "payer_plain", "payer_hashed", "payer_hash_masked")}
FAULTS |= {"seed": 7, "twin": 100, "redeliver": 100}
SHORT_CODE = "600111"
# Payments by hand have amounts that no push has.
BY_HAND_FROM, BY_PUSH_FROM = 50_000, 100


class Killer:
    """Kills one of the master's children after the other."""

    def __init__(self, service):
        self.service = service
        self.done = threading.Event()
        self.kills = 0
        self.thread = threading.Thread(target=self.run)

    def run(self):
        """Until the end of the test."""
        while not self.done.wait(KILL_SECONDS):
            victims = children(self.service.environment["MASTER_PID"])
            if victims:
                os.kill(random.choice(victims), signal.SIGKILL)
                self.kills += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


class ByHand:
    """Customers who pay at the PayBill: Safaricom's simulation, with a token of its own."""

    def __init__(self, url):
        self.client = Client(url)
        self.token = None

    def pay(self, number):
        """One payment, however often the simulation refuses."""
        for _ in range(200):
            if self.token is None:
                basic = base64.b64encode(b"sandbox-key:sandbox-secret").decode()
                answer = self.client.send(
                    "GET", "/oauth/v1/generate?grant_type=client_credentials",
                    headers={"Authorization": f"Basic {basic}"})
                self.token = answer.json["access_token"]
            answer = self.client.send("POST", "/mpesa/c2b/v2/simulate", {
                "ShortCode": SHORT_CODE, "CommandID": "CustomerPayBillOnline",
                "Amount": BY_HAND_FROM + number, "Msisdn": new_phone(),
                "BillRefNumber": f"HAND{number}"}, {"Authorization": f"Bearer {self.token}"})
            if answer.status == 200:
                return
            self.token = None
        raise AssertionError(f"not taken: {answer}")


class ChaosTest(OutageCase):
    """Faults of Safaricom's, dying workers and a dying database, together."""

    def test_our_payments_are_the_ledger_and_each_is_claimed_once(self):
        self.sandbox.faults(**FAULTS)
        with Killer(self.stack) as self.killer:
            self.pay_while_the_database_dies()
        # The last prompts end under the same rates.
        stack.wait_for(self.is_quiet)
        self.sandbox.faults()
        try:
            stack.wait_for(self.agrees_with_the_ledger)
        except AssertionError:
            self.assertEqual(self.books(), self.ledger(),
                             self.stories(self.books() ^ self.ledger()))
        self.check_owners("external_reference LIKE 'P%' OR external_reference LIKE 'HAND%'")
        self.claim_everything()
        verified = self.stack.cli("db", "verify")
        self.assertIn(" 0 differences", verified.stdout)

    def pay_while_the_database_dies(self):
        """Pushes of two applications and payments by hand, and three deaths meanwhile."""
        accepted = collections.deque()
        numbers = itertools.count()
        with concurrent.futures.ThreadPoolExecutor(CLIENTS + 1) as pool:
            paying = [pool.submit(self.push_until_enough, accepted, numbers, client % 2)
                      for client in range(CLIENTS)]
            paying.append(pool.submit(self.pay_by_hand))
            for death in range(1, DEATHS_OF_THE_DATABASE + 1):
                enough = PAYMENTS * death // (DEATHS_OF_THE_DATABASE + 1)
                while len(accepted) < enough and not all(one.done() for one in paying):
                    time.sleep(0.01)
                self.database_start(self.database_kill())
            for one in paying:
                one.result()

    def push_until_enough(self, accepted, numbers, app_number):
        """One client; whatever the answer is, it does not ask again for the same."""
        app = (self.app, self.other_app)[app_number]
        with app.client() as client:
            while len(accepted) < PAYMENTS or self.killer.kills < KILLS_MIN:
                number = next(numbers)
                status = 0
                try:
                    status = client.post("/api/stk-push/", {
                        "phone_number": new_phone(), "amount": BY_PUSH_FROM + number,
                        "reference": f"P{app_number}-{number}"}).status
                except (OSError, http.client.HTTPException):
                    pass  # a worker died with it
                if status in (200, 202):
                    accepted.append(number)
                else:
                    time.sleep(REFUSED_SECONDS)

    def pay_by_hand(self):
        """As many as there are pushes."""
        by_hand = ByHand(self.stack.environment["SANDBOX_URL"])
        for number in range(PAYMENTS):
            by_hand.pay(number)
        by_hand.client.close()

    def is_quiet(self):
        """Whether Safaricom has nothing more to tell."""
        return self.sandbox.client.get("/_sandbox/state").json["waiting"] == 0

    def ledger(self):
        """{(receipt, amount)} of what customers have paid."""
        return {(row["receipt"], f"{row['amount']:.2f}") for row in self.sandbox.payments()
                if row["status"] == "SUCCESS" and row["phone"] != "254712345678"}

    def books(self):
        """The same by our database."""
        rows = self.stack.sql("SELECT mpesa_receipt_number, amount FROM payment WHERE "
                              "status = 'SUCCESS' AND merged_into IS NULL AND held = 0 AND "
                              f"amount >= {BY_PUSH_FROM}")
        own = {row["receipt"] for row in self.sandbox.payments()
               if row["phone"] == "254712345678"}
        return {(receipt, amount) for receipt, amount in rows if receipt not in own}

    def agrees_with_the_ledger(self):
        """Time passes meanwhile: what is due later is due now."""
        self.stack.sql("UPDATE callback_inbox SET next_try_at = UTC_TIMESTAMP(6) "
                       "WHERE next_try_at > UTC_TIMESTAMP(6)")
        return self.books() == self.ledger()

    def stories(self, payments):
        """What is known here of some payments."""
        told = []
        for receipt, amount in payments:
            told.append(f"{receipt} {amount}:")
            told += self.stack.sql(
                "SELECT LOWER(HEX(id)), status, mpesa_receipt_number, held, conflict, claimed, "
                "LOWER(HEX(merged_into)), event, at, evidence, detail FROM payment "
                "LEFT JOIN payment_event ON payment_id = id "
                f"WHERE amount = {amount} ORDER BY id, sequence")
            told += self.stack.sql("SELECT state, note, received_at, attempts, "
                                   "LOWER(HEX(payment_id)), body "
                                   f"FROM callback_inbox WHERE body LIKE '%{receipt}%'")
        return "\n".join(map(str, told))

    def check_owners(self, which):
        """A push belongs to the application that asked, a payment by hand to nobody yet."""
        owners = {self.app.id: "P0-", self.other_app.id: "P1-"}
        rows = self.stack.sql("SELECT LOWER(HEX(app_id)), external_reference FROM payment WHERE "
                              f"status = 'SUCCESS' AND merged_into IS NULL AND ({which})")
        prefixes = {app_id.replace("-", ""): prefix for app_id, prefix in owners.items()}
        for app_id, reference in rows:
            self.assertTrue(reference.startswith(prefixes.get(app_id, "HAND")),
                            (app_id, reference))

    def claim_everything(self):
        """Both applications ask for every receipt at once."""
        receipts = sorted(receipt for receipt, _ in self.ledger())
        winners = collections.deque()

        def ask(app):
            with app.client() as client:
                for receipt in receipts:
                    if client.claim(receipt=receipt).status == 200:
                        winners.append(receipt)

        askers = itertools.chain.from_iterable([(self.app, self.other_app)] * 4)
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            for asked in [pool.submit(ask, app) for app in askers]:
                asked.result()
        wins = collections.Counter(winners)
        odd = {each for each in self.ledger() if wins[each[0]] != 1}
        self.assertEqual(odd, set(), self.stories(odd))
        self.check_owners("external_reference LIKE 'P%'")

    def test_the_faults_are_all_that_there_are(self):
        shown = json.loads(self.sandbox.client.get("/_sandbox/faults").body)
        self.assertEqual(set(shown) - set(FAULTS), {"callback_lost"})
