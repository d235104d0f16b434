"""Both flows of a payment, from its beginning to its claim, through each web server."""
from lib import daraja
from lib.case import ALREADY_CLAIMED, CONFIRMATION, NOT_FOUND, ServiceCase, new_phone

ADMIN_SHOP = "00000000-0000-7000-8000-000000000001"


class PaymentFlows:
    """The flows; a class below for each web server."""

    def test_a_push_goes_from_pending_to_success_to_its_claim(self):
        phone = new_phone()
        started = self.push(self.shop, amount=150, phone=phone, reference="FLOW-1",
                            description="A description of more than thirteen characters")
        self.assertEqual((started["message"], started["status"]), ("STK initiated", "PENDING"))
        self.assertEqual(started["daraja_response"]["CheckoutRequestID"],
                         started["checkout_request_id"])
        seen = self.shop.verify(checkout_request_id=started["checkout_request_id"]).json
        self.assertEqual((seen["paid"], seen["claimable"]), (False, False))

        paid = self.wait_status(self.shop, started["payment_id"], "SUCCESS")
        self.assertEqual((paid["paid"], paid["claimed"], paid["claimable"]), (True, False, True))
        self.assertEqual((paid["amount"], paid["phone"], paid["payment_type"], paid["reference"]),
                         (150, phone, "STK", "FLOW-1"))
        self.assertEqual([event["event"] for event in paid["history"]],
                         ["created", "accepted", "paid"])
        (theirs,) = self.sandbox.of_phone(phone)
        self.assertEqual((theirs["receipt"], theirs["amount"]), (paid["receipt"], 150))

        won = self.shop.claim(receipt=paid["receipt"])
        self.assertEqual((won.status, won.json["message"], won.json["payment_id"]),
                         (200, "Payment claimed successfully", started["payment_id"]), won)
        again = self.shop.claim(receipt=paid["receipt"])
        self.assertEqual((again.status, again.json["message"]), (409, ALREADY_CLAIMED), again)
        self.assertTrue(self.shop.verify(payment_id=started["payment_id"]).json["claimed"])

    def test_a_payment_by_hand_is_admin_shops_until_an_app_claims_it(self):
        receipt = self.pay(amount="150.00", account="A7Q2M9")
        before = self.operator_show(receipt)
        self.assertEqual((before["app_id"], before["status"], before["claimed"]),
                         (ADMIN_SHOP, "SUCCESS", False))
        won = self.shop.claim(receipt=receipt)
        self.assertEqual((won.status, won.json["amount"]), (200, 150), won)
        after = self.operator_show(receipt)
        self.assertEqual((after["app_id"], after["claimed"], after["payment_id"]),
                         (self.app.id, True, before["payment_id"]))
        self.assertEqual([event["event"] for event in after["history"]], ["received", "claimed"])
        self.assertIn("ADMIN_SHOP", after["history"][1]["detail"])
        self.assertEqual(self.school.claim(receipt=receipt).json["error"], NOT_FOUND)

    def test_a_push_that_the_customer_cancels_is_failed_and_cannot_be_claimed(self):
        started = self.push(self.shop, amount=9032)
        failed = self.wait_status(self.shop, started["payment_id"], "FAILED")
        self.assertEqual((failed["result_code"], failed["receipt"]), ("1032", None))
        self.assertEqual(self.shop.claim(payment_id=started["payment_id"]).status, 404)

    def test_a_confirmation_that_names_a_push_of_the_same_receipt_is_one_payment(self):
        """The C2B confirmation of money that a push's callback has brought already."""
        started = self.push(self.shop, amount=20)
        paid = self.wait_status(self.shop, started["payment_id"], "SUCCESS")
        self.pay(paid["receipt"], amount="20.00", account=paid["account_reference"])
        self.assertEqual(self.operator_show(paid["receipt"])["payment_id"], started["payment_id"])
        self.assertEqual(self.shop.claim(receipt=paid["receipt"]).status, 200)
        self.assertEqual(self.stack.count("SELECT COUNT(*) FROM payment WHERE "
                                          f"mpesa_receipt_number = '{paid['receipt']}'"), 1)


class LighttpdTest(PaymentFlows, ServiceCase):
    """lighttpd in front of pre-forked workers."""


class ApacheTest(PaymentFlows, ServiceCase):
    """Apache with mod_proxy_fcgi in front of pre-forked workers."""

    server = "apache"


class FcgidTest(PaymentFlows, ServiceCase):
    """Apache with mod_fcgid, which starts the processes itself."""

    server = "fcgid"


class C2bTest(ServiceCase):
    """Confirmations in the forms that Safaricom has sent."""

    def test_every_form_of_a_confirmation_is_a_payment(self):
        cases = {
            "a till": {"TransactionType": "Customer Merchant Payment", "BillRefNumber": "",
                       "BusinessShortCode": "600222"},
            "a store number": {"BusinessShortCode": "600333", "BillRefNumber": ""},
            "names that are missing": {"FirstName": None, "MiddleName": None, "LastName": None},
            "an amount without cents": {"TransAmount": "10"},
            "an amount as a number": {"TransAmount": 10.5},
            "a hashed phone": {"MSISDN": "5f" * 32},
            "a whole phone": {"MSISDN": "254712345678"},
            "no reference": {"BillRefNumber": None},
            "unknown members": {"Something": {"new": [1, 2]}},
        }
        for why, changes in cases.items():
            with self.subTest(why):
                receipt = daraja.new_receipt()
                body = daraja.confirmation(receipt, **changes)
                self.assertEqual(self.safaricom.post(CONFIRMATION, body).status, 200)
                shown = self.operator_show(receipt)
                self.assertEqual((shown["app_id"], shown["status"]), (ADMIN_SHOP, "SUCCESS"))

    def test_a_known_receipt_with_another_amount_changes_nothing(self):
        receipt = self.pay(amount="150.00")
        self.pay(receipt, amount="999.00")
        self.assertEqual(self.operator_show(receipt)["amount"], 150)
        self.assertEqual(self.stack.sql("SELECT state FROM callback_inbox "
                                        "ORDER BY id DESC LIMIT 1"),
                         [["conflict"]])

    def test_a_receipt_is_found_in_any_case_and_with_spaces(self):
        receipt = self.pay()
        self.assertEqual(self.shop.claim(receipt=f"  {receipt.lower()} ").json["receipt"], receipt)

    def test_validation_rejects_by_rule(self):
        for why, code, fields in (("fine", "0", {}),
                                  ("too much", "C2B00013", {"amount": "99999999.00"}),
                                  ("a foreign short code", "C2B00015", {"short_code": "600999"})):
            with self.subTest(why):
                answer = self.safaricom.post("/api/mpesa/c2b-validation/",
                                             daraja.confirmation(daraja.new_receipt(), **fields))
                self.assertEqual((answer.status, answer.json["ResultCode"]), (200, code), answer)
        self.assertEqual(self.safaricom.post("/api/mpesa/c2b/validation", "no JSON").json[
            "ResultCode"], "C2B00016")

    def test_registered_urls_bring_validation_and_confirmation(self):
        """risiti daraja register-urls, then a customer who pays at the sandbox's PayBill."""
        self.stack.cli("daraja", "register-urls")
        answer = self.sandbox.client.post("/_sandbox/c2b", {"short_code": "600111", "amount": 75,
                                                           "reference": "BY-HAND", "copies": 3})
        self.assertEqual(answer.json["answers"], [200, 200, 200], answer)
        receipt = answer.json["receipt"]
        self.assertEqual(self.shop.verify(receipt=receipt).json["amount"], 75)
        self.assertEqual(self.stack.sql(
            "SELECT state, COUNT(*) FROM callback_inbox WHERE payment_id = (SELECT id FROM payment "
            f"WHERE mpesa_receipt_number = '{receipt}') GROUP BY state ORDER BY state"),
            [["applied", "1"], ["repeated", "2"]])


class ListTest(ServiceCase):
    """The list of an application's payments."""

    def test_pages_have_every_payment_once_newest_first(self):
        receipts = [self.pay(amount=f"{number}.00") for number in range(1, 8)]
        for receipt in receipts:
            self.shop.claim(receipt=receipt)
        seen, cursor = [], None
        while True:
            query = {"limit": 3, **({"cursor": cursor} if cursor else {})}
            page = self.shop.get("/api/payments/", **query).json
            self.assertLessEqual(len(page["payments"]), 3)
            seen += [payment["receipt"] for payment in page["payments"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        self.assertEqual(seen, receipts[::-1])

    def test_filters_are_obeyed(self):
        school = self.stack.create_app().client()
        self.open(school)
        pushed = self.push(school, amount=9032, reference="LISTED")["payment_id"]
        self.wait_status(school, pushed, "FAILED")
        claimed = school.claim(receipt=self.pay(account="BY-HAND")).json["payment_id"]
        for query, expected in (({"status": "FAILED"}, [pushed]), ({"type": "C2B"}, [claimed]),
                                ({"claimed": "true"}, [claimed]), ({"claimed": "false"}, [pushed]),
                                ({"reference": "LISTED"}, [pushed]),
                                ({"from": "2020-01-01"}, [claimed, pushed]),
                                ({"to": "2020-01-01"}, []),
                                ({"status": "FAILED", "type": "C2B"}, [])):
            with self.subTest(query=query):
                listed = school.get("/api/payments/", **query).json["payments"]
                self.assertEqual([payment["payment_id"] for payment in listed], expected)

    def test_a_limit_beyond_the_greatest_is_refused(self):
        self.assertEqual(self.shop.get("/api/payments/", limit=100).status, 200)
        for limit in (0, 101, -1, "ten", ""):
            self.assert_wrong_field(self.shop.get("/api/payments/", limit=limit), "limit", limit)


class ReferenceTest(ServiceCase):
    """Claims by the application's own reference or id."""

    def paid_push(self, reference):
        """The id of a push that was paid."""
        payment_id = self.push(self.shop, reference=reference)["payment_id"]
        self.wait_status(self.shop, payment_id, "SUCCESS")
        return payment_id

    def test_a_reference_names_one_payment(self):
        payment_id = self.paid_push("ONLY-ONE")
        self.assertEqual(self.shop.claim(reference="ONLY-ONE").json["payment_id"], payment_id)
        self.assertEqual(self.shop.claim(reference="ONLY-ONE").status, 409)

    def test_a_reference_of_two_payments_is_ambiguous(self):
        ids = {self.paid_push("TWO-OF-THEM"), self.paid_push("TWO-OF-THEM")}
        answer = self.shop.claim(reference="TWO-OF-THEM")
        self.assert_problem(answer, 409, "ambiguous")
        self.assertEqual(set(answer.json["payment_ids"]), ids)
        self.assertEqual(self.shop.claim(payment_id=min(ids)).status, 200)
        self.assertEqual(self.shop.claim(reference="TWO-OF-THEM").json["payment_id"], max(ids))

    def test_what_a_claim_names_must_all_be_true(self):
        payment_id = self.paid_push("ALL-TRUE")
        for wrong in ({"amount": 11}, {"phone_number": "0712345678"}, {"reference": "ALL-FALSE"},
                      {"receipt": daraja.new_receipt()}):
            answer = self.shop.claim(payment_id=payment_id, **wrong)
            self.assertEqual((answer.status, answer.json["error"]), (404, NOT_FOUND), wrong)
        self.assertEqual(self.shop.claim(payment_id=payment_id, amount="10.00").status, 200)


class ClaimRequiresTest(ServiceCase):
    """Applications that must know a second fact."""

    def strict_client(self, fact):
        """A client of an application with --claim-requires."""
        app = self.stack.create_app()
        self.stack.cli("app", "set", app.name, "--claim-requires", fact)
        return self.open(app.client())

    def test_the_amount_must_be_known(self):
        client = self.strict_client("amount")
        receipt = self.pay(amount="150.00")
        self.assertEqual(client.verify(receipt=receipt).json, {"paid": False})
        self.assertEqual(client.verify(receipt=receipt, amount="151").json, {"paid": False})
        self.assertTrue(client.verify(receipt=receipt, amount="150").json["claimable"])
        self.assertEqual(client.claim(receipt=receipt).status, 404)
        self.assertEqual(client.claim(receipt=receipt, amount=150.5).status, 404)
        self.assertEqual(client.claim(receipt=receipt, amount=150).status, 200)

    def test_a_phone_known_as_a_mask_satisfies_nothing(self):
        client = self.strict_client("phone")
        masked = self.pay(MSISDN="2547 ***** 678")
        whole = self.pay(MSISDN="254712345678")
        self.assertEqual(client.claim(receipt=masked, phone_number="0712345678").status, 404)
        self.assertEqual(client.claim(receipt=whole, phone_number="0712345679").status, 404)
        self.assertEqual(client.claim(receipt=whole, phone_number="0712345678").status, 200)
