"""Pushes from prompt to end: one a phone, asked about when nobody tells, and unknown in time."""
from lib import stack
from lib.case import ServiceCase, new_phone

# The sandbox's amounts for a result that is never posted, and for an answer that is lost.
RESULT_LOST, ANSWER_LOST = 9097, 9085


class KeptApartTest(ServiceCase):
    """What Daraja would refuse is refused before it."""

    def ask(self, client, phone, amount):
        """The answer to a push."""
        return client.post("/api/stk-push/", {"phone_number": phone, "amount": amount,
                                              "reference": "ORDER"})

    def test_a_phone_is_asked_once_at_a_time_and_only_its_app_is_told_by_what(self):
        phone = new_phone()
        open_id = self.push(self.shop, phone=phone, amount=RESULT_LOST)["payment_id"]
        answer = self.ask(self.shop, phone, 20)
        self.assert_problem(answer, 409, "push-open")
        self.assertEqual((answer.json["payment_id"], answer.json["payment_status"]),
                         (open_id, "PENDING"))
        self.assertTrue(100 < int(answer.headers["Retry-After"]) <= 180, answer.headers)
        answer = self.ask(self.school, phone, 20)
        self.assert_problem(answer, 409, "push-open")
        self.assertNotIn(open_id, str(answer.json))
        self.assertEqual(len(self.sandbox.of_phone(phone)), 1)

    def test_the_same_amount_is_not_asked_again_at_once(self):
        phone = new_phone()
        first = self.push(self.shop, phone=phone, amount=9032)["payment_id"]
        self.wait_status(self.shop, first, "FAILED")
        answer = self.ask(self.shop, phone, 9032)
        self.assert_problem(answer, 409, "push-repeated")
        self.assertEqual(answer.json["payment_id"], first)
        self.assertTrue(30 < int(answer.headers["Retry-After"]) <= 120, answer.headers)
        self.assertEqual(self.ask(self.shop, phone, 10).status, 200)


class SilenceTest(ServiceCase):
    """Nobody tells how a push ended."""

    def age(self, payment_id, seconds):
        """The push was made so long ago, and is due to be looked at."""
        self.stack.sql("UPDATE payment SET created_at = created_at - INTERVAL "
                       f"{seconds} SECOND, next_check_at = UTC_TIMESTAMP(6) "
                       f"WHERE id = UNHEX('{payment_id.replace('-', '')}')")

    def test_a_result_that_was_lost_is_asked_for_and_can_be_claimed(self):
        payment_id = self.push(self.shop, amount=RESULT_LOST)["payment_id"]
        self.assertIsNone(self.payment(self.shop, payment_id)["result"])

        def is_paid():
            self.age(payment_id, 0)
            return self.payment(self.shop, payment_id)["paid"]

        stack.wait_for(is_paid)
        shown = self.payment(self.shop, payment_id)
        self.assertEqual((shown["receipt"], shown["result"], shown["claimable"]),
                         (None, None, True))
        self.assertEqual([(event["evidence"], event["detail"]) for event in shown["history"]
                          if event["event"] == "paid"], [("stk_query", "receipt awaited")])
        self.assertEqual(self.shop.claim(payment_id=payment_id).status, 200)

    def test_what_nobody_can_be_asked_about_is_unknown_in_time(self):
        payment_id = self.push(self.shop, amount=ANSWER_LOST, status=202)["payment_id"]
        self.age(payment_id, 400)

        def is_unknown():
            # Deadlines may not count yet when it is looked at first.
            self.age(payment_id, 0)
            return self.payment(self.shop, payment_id)["result"] == "unknown"

        stack.wait_for(is_unknown)
        verified = self.shop.verify(payment_id=payment_id).json
        self.assertEqual((verified["status"], verified["result"], verified["paid"]),
                         ("PENDING", "unknown", False))
        self.assertIn("unknown", self.events(self.shop, payment_id))
