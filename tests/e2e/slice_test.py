"""The thin slice: a C2B confirmation, its verification, its claim, and a race for claims."""
import collections
import threading
import time
import unittest

from lib import daraja, stack

CONFIRMATION = "/api/mpesa/c2b-confirmation/"
NOT_FOUND = "Payment not found"
ALREADY_CLAIMED = "Payment already claimed"

RACE_THREADS = 64
RACE_RECEIPTS = 500


class SliceTest(unittest.TestCase):
    """One PayBill, two applications."""

    @classmethod
    def setUpClass(cls):
        cls.stack = stack.shared()
        cls.app = cls.stack.create_app()
        cls.other_app = cls.stack.create_app()

    def setUp(self):
        self.shop = self.app.client()
        self.school = self.other_app.client()
        self.safaricom = self.stack.safaricom()
        for client in (self.shop, self.school, self.safaricom):
            self.addCleanup(client.close)

    def pay(self, path=CONFIRMATION, **fields):
        """A payment that Safaricom has confirmed; its receipt."""
        receipt = daraja.new_receipt()
        answer = self.safaricom.post(path, daraja.confirmation(receipt, **fields))
        self.assertEqual(answer.status, 200, answer)
        self.assertIn(str(answer.json["ResultCode"]), ("0",))
        return receipt

    def test_a_confirmed_payment_is_seen_by_every_app(self):
        receipt = self.pay(amount="150.00", account="A7Q2M9")
        for client in (self.shop, self.school):
            seen = client.verify(receipt=receipt)
            self.assertEqual(seen.status, 200, seen)
            self.assertEqual(seen.json["paid"], True)
            self.assertEqual(seen.json["status"], "SUCCESS")
            self.assertEqual(seen.json["receipt"], receipt)
            self.assertEqual(seen.json["amount"], 150)
            self.assertEqual(seen.json["payment_type"], "C2B")
            self.assertEqual(seen.json["claimed"], False)
            self.assertEqual(seen.json["claimable"], True)

    def test_every_path_of_the_confirmation_works_with_and_without_its_slash(self):
        for path in ("/api/mpesa/c2b-confirmation", "/api/mpesa/c2b-confirmation/",
                     "/api/mpesa/c2b/confirmation", "/api/mpesa/c2b/confirmation/"):
            with self.subTest(path=path):
                receipt = self.pay(path)
                self.assertTrue(self.shop.verify(receipt=receipt).json["paid"])

    def test_a_confirmation_that_comes_again_is_the_same_payment(self):
        receipt = daraja.new_receipt()
        body = daraja.confirmation(receipt)
        for _ in range(3):
            self.assertEqual(self.safaricom.post(CONFIRMATION, body).status, 200)
        self.assertEqual(self.stack.count(
            f"SELECT COUNT(*) FROM payment WHERE mpesa_receipt_number = '{receipt}'"), 1)

    def test_money_for_a_foreign_short_code_is_answered_and_is_no_payment(self):
        receipt = self.pay(short_code="600999")
        self.assertEqual(self.shop.verify(receipt=receipt).json, {"paid": False})
        self.assertEqual(self.shop.claim(receipt=receipt).status, 404)

    def test_a_receipt_is_claimed_once_and_is_nothing_to_others(self):
        receipt = self.pay(amount="70.00")
        won = self.shop.claim(receipt=receipt)
        self.assertEqual(won.status, 200, won)
        self.assertEqual(won.json["message"], "Payment claimed successfully")
        self.assertEqual(won.json["receipt"], receipt)
        self.assertEqual(won.json["amount"], 70)
        again = self.shop.claim(receipt=receipt)
        self.assertEqual((again.status, again.json["message"]), (409, ALREADY_CLAIMED), again)
        lost = self.school.claim(receipt=receipt)
        self.assertEqual((lost.status, lost.json["error"]), (404, NOT_FOUND), lost)
        self.assertEqual(self.school.verify(receipt=receipt).json, {"paid": False})
        self.assertEqual(self.shop.verify(receipt=receipt).json["claimed"], True)

    def test_an_unknown_receipt_is_answered_like_that_of_another_app(self):
        receipt = self.pay()
        self.assertEqual(self.shop.claim(receipt=receipt).status, 200)
        foreign = self.school.claim(receipt=receipt)
        unknown = self.school.claim(receipt=daraja.new_receipt())
        self.assertEqual(foreign.status, unknown.status)
        self.assertEqual(without_id(foreign.json), without_id(unknown.json))

    def test_no_key_and_a_wrong_key_are_refused(self):
        receipt = self.pay()
        nobody = self.stack.safaricom()
        self.addCleanup(nobody.close)
        self.assertEqual(nobody.verify(receipt=receipt).status, 401)
        wrong = self.app.client()
        self.addCleanup(wrong.close)
        wrong.key = self.app.key[:-1] + ("0" if self.app.key[-1] != "0" else "1")
        refused = wrong.claim(receipt=receipt)
        self.assertEqual(refused.status, 401, refused)
        self.assertIn("WWW-Authenticate", refused.headers)

    def test_the_demo_walks_its_steps_and_explains_them(self):
        output = self.stack.start_output
        for text in ("HTTP 200", "HTTP 404", "HTTP 409", "Payment claimed successfully",
                     ALREADY_CLAIMED, NOT_FOUND):
            self.assertIn(text, output)


class RaceTest(unittest.TestCase):
    """Many clients of two applications claim the same receipts at once."""

    @classmethod
    def setUpClass(cls):
        cls.stack = stack.shared()
        cls.apps = [cls.stack.create_app(), cls.stack.create_app()]

    def test_of_64_threads_exactly_one_wins_each_receipt(self):
        receipts = [daraja.new_receipt() for _ in range(RACE_RECEIPTS)]
        with self.stack.safaricom() as safaricom:
            for receipt in receipts:
                answer = safaricom.post(CONFIRMATION, daraja.confirmation(receipt))
                self.assertEqual(answer.status, 200, answer)
        results = self.race(receipts)
        for receipt in receipts:
            with self.subTest(receipt=receipt):
                self.check_receipt(results[receipt])
        listed = ",".join(f"'{receipt}'" for receipt in receipts)
        self.assertEqual(self.stack.count(
            f"SELECT COUNT(*) FROM claim WHERE receipt IN ({listed})"), RACE_RECEIPTS)

    def race(self, receipts):
        """{receipt: [(number of the app, answer)]} after every thread has tried every receipt."""
        results = {receipt: collections.deque() for receipt in receipts}
        errors = collections.deque()
        start = threading.Barrier(RACE_THREADS)

        def claimant(number):
            app = number % len(self.apps)
            try:
                with self.apps[app].client() as client:
                    start.wait()
                    for receipt in receipts:
                        results[receipt].append((app, client.claim(receipt=receipt)))
            except Exception as error:  # pylint: disable=broad-except; reported by the test
                errors.append(f"thread {number}: {error!r}")

        began = time.monotonic()
        threads = [threading.Thread(target=claimant, args=(number,))
                   for number in range(RACE_THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(f"# {RACE_THREADS * len(receipts)} claims in {time.monotonic() - began:.1f} s")
        self.assertEqual(list(errors), [])
        return results

    def check_receipt(self, answers):
        """One winner; its own app then hears 409, the other one 404."""
        self.assertEqual(len(answers), RACE_THREADS)
        winners = [app for app, answer in answers if answer.status == 200]
        self.assertEqual(len(winners), 1, [answer.status for _, answer in answers])
        for app, answer in answers:
            if answer.status == 200:
                continue
            if app == winners[0]:
                self.assertEqual((answer.status, answer.json.get("message")),
                                 (409, ALREADY_CLAIMED), answer)
            else:
                self.assertEqual((answer.status, answer.json.get("error")), (404, NOT_FOUND),
                                 answer)


def without_id(body):
    """A problem without what differs from request to request."""
    return {name: value for name, value in body.items() if name not in ("request_id", "instance")}
