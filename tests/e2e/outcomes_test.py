"""Whatever Daraja makes of a push: its end is what the customer did, and nothing is sent twice."""
import concurrent.futures
import itertools
import subprocess
import threading

from lib import daraja, stack
from lib.case import CONFIRMATION, STK_CALLBACK, LogMark, ServiceCase, new_phone

PROMPT_PATH = "path=/mpesa/stkpush/v1/processrequest"
# By the sandbox's amount or phone: the status of the answer, and how the payment ends.
OUTCOMES = {
    "9001": (200, "FAILED"), "9017": (200, "FAILED"), "9019": (200, "FAILED"),
    "9020": (200, "FAILED"), "9025": (200, "FAILED"), "9032": (200, "FAILED"),
    "9037": (200, "FAILED"),
    "9061": (200, "SUCCESS"), "9062": (200, "SUCCESS"), "9063": (200, "SUCCESS"),
    "9064": (200, "SUCCESS"), "9065": (200, "SUCCESS"), "9066": (200, "SUCCESS"),
    "9067": (200, "SUCCESS"),  # a confirmation only
    "9068": (200, "PENDING"),  # no result
    "9069": (200, "SUCCESS"), "9070": (202, "SUCCESS"), "9071": (202, "PENDING"),
    "9072": (200, "SUCCESS"),
    "9084": (502, "FAILED"),   # refused inside a 200
    "9085": (202, "PENDING"),  # nobody knows
    "9086": (200, "PENDING"),  # another amount was paid: for a person to look at
    "9087": (200, "PENDING"),  # no result
    "9088": (200, "PENDING"),  # a code that is not listed says nothing final
    "9089": (409, "FAILED"), "9090": (502, "FAILED"),
    "9091": (202, "SUCCESS"),  # the answer was lost, the result was not
    "9092": (202, "PENDING"), "9093": (202, "SUCCESS"), "9094": (202, "PENDING"),
    "9095": (200, "SUCCESS"), "9096": (200, "SUCCESS"), "9097": (200, "PENDING"),
    "9098": (200, "SUCCESS"), "9099": (200, "SUCCESS"),
    "254700000001": (200, "FAILED"), "254700000002": (200, "FAILED"),
    "254700000003": (200, "FAILED"), "254700000004": (200, "FAILED"),
    "254700000005": (200, "PENDING"), "254700000006": (409, "FAILED"),
}
# Paid at Safaricom, and nobody has told us yet, or not in a way that can be believed.
NOT_HEARD_OF = {"9068", "9086", "9087", "9097", "254700000005"}


class OutcomesTest(ServiceCase):
    """Every outcome that the sandbox has, all at once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.log = LogMark(cls.stack.folder / "log/sandbox.log")
        with concurrent.futures.ThreadPoolExecutor(len(OUTCOMES)) as pool:
            cls.started = dict(zip(OUTCOMES, pool.map(cls.start, OUTCOMES)))

    @classmethod
    def start(cls, outcome):
        """(phone, status, body) of a push that has this outcome."""
        by_phone = len(outcome) > 4
        phone = outcome if by_phone else new_phone()
        with cls.app.client() as client:
            answer = client.post("/api/stk-push/", {"phone_number": phone, "reference": outcome,
                                                    "amount": 50 if by_phone else int(outcome)})
        return phone, answer.status, answer.json

    def test_each_outcome_of_the_sandbox_is_tried(self):
        listed = subprocess.run([self.stack.folder / "bin/risiti-sandbox", "--outcomes"], text=True,
                                stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual({line.split("\t")[0] for line in listed.splitlines()}, set(OUTCOMES))

    def test_the_answer_says_what_is_known(self):
        for outcome, (phone, status, body) in self.started.items():
            with self.subTest(outcome):
                self.assertEqual(status, OUTCOMES[outcome][0], body)
                shown = self.payment(self.shop, body["payment_id"])
                self.assertEqual((shown["phone"], shown["reference"]), (phone, outcome))
                if status == 202:
                    self.assertEqual(body["status"], "PENDING")

    def test_each_ends_as_it_must(self):
        for outcome, (_, _, body) in sorted(self.started.items(), key=self.is_pending):
            with self.subTest(outcome):
                if self.was_asked(body["payment_id"]):
                    continue
                shown = self.wait_status(self.shop, body["payment_id"], OUTCOMES[outcome][1])
                self.assertEqual(shown["paid"], OUTCOMES[outcome][1] == "SUCCESS")
                self.assertEqual(shown["receipt"] is not None, shown["paid"])

    def was_asked(self, payment_id):
        """Where nobody tells, the service asks after a while; then these tests were slow."""
        return any(event["evidence"] == "stk_query"
                   for event in self.payment(self.shop, payment_id)["history"])

    @staticmethod
    def is_pending(item):
        """What stays as it is comes last: the others have ended by then."""
        return OUTCOMES[item[0]][1] == "PENDING"

    def test_no_push_is_sent_twice_and_the_ledgers_agree(self):
        for outcome, (_, _, body) in self.started.items():
            if OUTCOMES[outcome][1] != "PENDING":
                self.wait_status(self.shop, body["payment_id"], OUTCOMES[outcome][1])
        stack.wait_for(lambda: not any(row["status"] == "PENDING"
                                       for row in self.sandbox.payments()))
        # One that is refused for its token (404) was not seen by M-Pesa, and may come once more.
        sent = [line for line in self.log.lines()
                if PROMPT_PATH in line and "status=404" not in line]
        self.assertEqual(len(sent), len(OUTCOMES))
        ours, theirs = {}, {}
        for outcome, (phone, _, body) in self.started.items():
            rows = self.sandbox.of_phone(phone)
            self.assertLessEqual(len(rows), 1, outcome)
            shown = self.payment(self.shop, body["payment_id"])
            if shown["receipt"]:
                ours[shown["receipt"]] = shown["amount"]
            if rows and rows[0]["status"] == "SUCCESS" and outcome not in NOT_HEARD_OF:
                theirs[rows[0]["receipt"]] = rows[0]["amount"]
        self.assertEqual(ours, theirs)

    def test_an_amount_that_was_not_asked_is_a_conflict_and_no_money(self):
        payment_id = self.started["9086"][2]["payment_id"]
        stack.wait_for(lambda: self.operator_show(payment_id)["conflict"])
        self.assertEqual(self.shop.claim(payment_id=payment_id).status, 404)
        self.assertIn("conflict", self.events(self.shop, payment_id))

    def test_a_code_that_nobody_knows_is_kept(self):
        payment_id = self.started["9088"][2]["payment_id"]
        stack.wait_for(lambda: self.payment(self.shop, payment_id)["result_code"] == "7777")

    def test_a_refusal_says_what_daraja_said(self):
        body = self.started["9090"][2]
        self.assertEqual((body["daraja_code"], body["payment_status"]), ("500.003.02", "FAILED"))
        self.assertIn("Spike", body["daraja_message"])


class FaultsTest(ServiceCase):
    """The sandbox goes wrong at random, with a seed."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.sandbox.faults)

    def test_pushes_survive_tokens_that_end_at_any_time(self):
        self.sandbox.faults(seed=7, token_invalid=30)
        phones = [new_phone() for _ in range(40)]

        def start(phone):
            with self.app.client() as client:
                answer = client.post("/api/stk-push/", {"phone_number": phone, "amount": 10,
                                                        "reference": "TOKENS"})
                return answer.status, answer.json

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            started = dict(zip(phones, pool.map(start, phones)))
        self.sandbox.faults()
        accepted = [phone for phone in phones if started[phone][0] == 200]
        # Each refusal for a token is answered by one more try, which may meet the fault again.
        self.assertGreater(len(accepted), len(phones) // 2, started)
        self.assertLessEqual({status for status, _ in started.values()}, {200, 502, 503})
        for phone in phones:
            status, body = started[phone]
            ends_as = "SUCCESS" if status == 200 else "FAILED"
            self.wait_status(self.shop, body["payment_id"], ends_as)
            self.assertEqual(len(self.sandbox.of_phone(phone)), 1 if status == 200 else 0)

    def test_lost_and_doubled_results_leave_no_payment_twice(self):
        self.sandbox.faults(seed=11, callback_lost=20, callback_duplicate=30,
                            callback_before_answer=30)
        phones = [new_phone() for _ in range(40)]

        def start(phone):
            with self.app.client() as client:
                return client.post("/api/stk-push/", {"phone_number": phone, "amount": 10,
                                                      "reference": "RESULTS"}).json

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            started = dict(zip(phones, pool.map(start, phones)))
        stack.wait_for(lambda: not any(row["status"] == "PENDING"
                                       for row in self.sandbox.payments()))
        ledger = {row["phone"]: row for row in self.sandbox.payments()}
        heard_of = 0
        for phone in phones:
            shown = self.payment(self.shop, started[phone]["payment_id"])
            self.assertIn(shown["receipt"], (None, ledger[phone]["receipt"]))
            self.assertEqual(self.events(self.shop, shown["payment_id"]).count("paid"),
                             int(shown["paid"]))
            heard_of += shown["paid"]
        self.assertGreater(heard_of, len(phones) // 2)


class TogetherTest(ServiceCase):
    """Callbacks that arrive at the same moment."""

    rounds = 6

    def unheard_push(self, amount=9097):
        """A push whose result the sandbox keeps to itself."""
        return self.push(self.shop, amount=amount)

    @staticmethod
    def result(pushed, receipt, code=0, amount=9097):
        """The body of a push's result."""
        callback = {"MerchantRequestID": "1-2-3", "ResultCode": code, "ResultDesc": "said",
                    "CheckoutRequestID": pushed["checkout_request_id"]}
        if code == 0:
            callback["CallbackMetadata"] = {"Item": [
                {"Name": "Amount", "Value": amount},
                {"Name": "MpesaReceiptNumber", "Value": receipt},
                {"Name": "TransactionDate", "Value": int(daraja.timestamp())},
                # A checkout id ends in the number of the phone that was asked.
                {"Name": "PhoneNumber",
                 "Value": int("254" + pushed["checkout_request_id"][-9:])}]}
        return {"Body": {"stkCallback": callback}}

    def post_together(self, posts):
        """Posts (path, body) all at once; every answer is Safaricom's 200."""
        barrier = threading.Barrier(len(posts))

        def post(path, body):
            with self.stack.safaricom() as client:
                client.get("/healthz")
                barrier.wait()
                return client.post(path, body).status

        with concurrent.futures.ThreadPoolExecutor(len(posts)) as pool:
            statuses = list(pool.map(lambda each: post(*each), posts))
        self.assertEqual(statuses, [200] * len(posts))

    def states(self, payment_id):
        """How often each state is in the journal for a payment."""
        rows = self.stack.sql("SELECT state, COUNT(*) FROM callback_inbox WHERE payment_id = "
                              f"UNHEX('{payment_id.replace('-', '')}') GROUP BY state")
        return {state: int(count) for state, count in rows}

    def test_a_result_that_comes_sixteen_times_at_once_is_applied_once(self):
        for _ in range(self.rounds):
            pushed, receipt = self.unheard_push(), daraja.new_receipt()
            self.post_together([(STK_CALLBACK, self.result(pushed, receipt))] * 16)
            shown = self.payment(self.shop, pushed["payment_id"])
            self.assertEqual((shown["status"], shown["receipt"]), ("SUCCESS", receipt))
            self.assertEqual(self.states(pushed["payment_id"]), {"applied": 1, "repeated": 15})
            self.assertEqual(self.events(self.shop, pushed["payment_id"]).count("paid"), 1)

    def test_success_absorbs_failures_in_every_order(self):
        for _ in range(self.rounds):
            pushed, receipt = self.unheard_push(), daraja.new_receipt()
            paid = (STK_CALLBACK, self.result(pushed, receipt))
            failed = (STK_CALLBACK, self.result(pushed, receipt, code=1032))
            self.post_together([paid, failed] * 4)
            shown = self.payment(self.shop, pushed["payment_id"])
            self.assertEqual((shown["status"], shown["receipt"]), ("SUCCESS", receipt))
            self.assertEqual(self.shop.claim(receipt=receipt).status, 200)

    def test_of_two_receipts_for_one_push_one_is_money_and_the_other_a_conflict(self):
        for _ in range(self.rounds):
            pushed = self.unheard_push()
            receipts = [daraja.new_receipt(), daraja.new_receipt()]
            self.post_together([(STK_CALLBACK, self.result(pushed, receipt))
                                for receipt in receipts * 2])
            shown = self.payment(self.shop, pushed["payment_id"])
            self.assertEqual(shown["status"], "SUCCESS")
            self.assertIn(shown["receipt"], receipts)
            self.assertTrue(self.operator_show(pushed["payment_id"])["conflict"])
            self.assertEqual(self.states(pushed["payment_id"])["applied"], 1)

    def test_a_result_and_the_confirmation_of_the_same_money_are_one_payment(self):
        for _ in range(self.rounds):
            pushed, receipt = self.unheard_push(), daraja.new_receipt()
            account = self.payment(self.shop, pushed["payment_id"])["account_reference"]
            twin = daraja.confirmation(receipt, amount="9097.00", account=account)
            self.post_together([(STK_CALLBACK, self.result(pushed, receipt)),
                                (CONFIRMATION, twin)] * 4)
            shown = self.payment(self.shop, pushed["payment_id"])
            self.assertEqual((shown["status"], shown["receipt"]), ("SUCCESS", receipt))
            self.assertEqual(self.stack.count(
                "SELECT COUNT(*) FROM payment WHERE merged_into IS NULL AND "
                f"mpesa_receipt_number = '{receipt}'"), 1)
            self.assertFalse(self.operator_show(pushed["payment_id"])["conflict"])
            self.assertEqual(self.school.claim(receipt=receipt).status, 404)
            self.assertEqual(self.shop.claim(receipt=receipt).status, 200)
            self.assertEqual(self.shop.claim(payment_id=pushed["payment_id"]).status, 409)

    def test_a_confirmation_that_comes_sixteen_times_at_once_is_one_payment(self):
        for _ in range(self.rounds):
            receipt = daraja.new_receipt()
            self.post_together([(CONFIRMATION, daraja.confirmation(receipt))] * 16)
            shown = self.operator_show(receipt)
            self.assertEqual(self.states(shown["payment_id"]), {"applied": 1, "repeated": 15})
            self.assertEqual([event["event"] for event in shown["history"]], ["received"])

    def test_a_claim_beside_the_result_of_another_app_has_one_owner(self):
        """The school claims a confirmation by hand while it turns out to be the shop's push."""
        owners = []
        for _ in range(self.rounds):
            pushed, receipt = self.unheard_push(), daraja.new_receipt()
            self.pay(receipt, amount="9097.00")
            barrier = threading.Barrier(2)
            answers = {}

            def claim(receipt=receipt, answers=answers, barrier=barrier):
                barrier.wait()
                answers["claim"] = self.school.claim(receipt=receipt).status

            def post(pushed=pushed, receipt=receipt, answers=answers, barrier=barrier):
                barrier.wait()
                answers["post"] = self.safaricom.post(STK_CALLBACK,
                                                      self.result(pushed, receipt)).status

            threads = [threading.Thread(target=target) for target in (claim, post)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(answers["post"], 200)
            self.assertIn(answers["claim"], (200, 404))
            won = answers["claim"] == 200
            owners.append(won)
            shown = self.payment(self.shop, pushed["payment_id"])
            self.assertEqual(shown["status"], "PENDING" if won else "SUCCESS")
            self.assertEqual(self.operator_show(pushed["payment_id"])["conflict"], won)
            self.assertEqual(self.shop.claim(receipt=receipt).status, 404 if won else 200)
            self.assertEqual(self.stack.count(
                f"SELECT COUNT(*) FROM claim WHERE receipt = '{receipt}'"), 1)
        self.assertEqual(len(owners), self.rounds)


class LateTest(ServiceCase):
    """Orders of events that a customer, a network and an application can make."""

    def test_a_payment_that_failed_can_still_be_proved_paid(self):
        pushed = self.push(self.shop, amount=9032)
        self.wait_status(self.shop, pushed["payment_id"], "FAILED")
        receipt = daraja.new_receipt()
        paid = TogetherTest.result(pushed, receipt, amount=9032)
        self.assertEqual(self.safaricom.post(STK_CALLBACK, paid).status, 200)
        self.assertEqual(self.payment(self.shop, pushed["payment_id"])["status"], "SUCCESS")
        failed = TogetherTest.result(pushed, receipt, code=1032)
        self.assertEqual(self.safaricom.post(STK_CALLBACK, failed).status, 200)
        self.assertEqual(self.payment(self.shop, pushed["payment_id"])["status"], "SUCCESS")
        self.assertEqual(self.events(self.shop, pushed["payment_id"]),
                         ["created", "accepted", "failed", "paid"])

    def test_two_pushes_with_one_reference_have_accounts_of_their_own(self):
        accounts = set()
        for _, reference in itertools.product(range(2), ("SAME-REF", "same-ref ")):
            pushed = self.push(self.shop, amount=9097, reference=reference)
            accounts.add(self.payment(self.shop, pushed["payment_id"])["account_reference"])
        self.assertEqual(len(accounts), 4, accounts)
        self.assertTrue(all(len(account) <= 12 for account in accounts), accounts)
