"""Input that is wrong in every way: refused by name, with nothing changed and nobody hurt."""
import hashlib
import json
import time

from lib import daraja, raw, stack
from lib.case import (CONFIRMATION, STK_CALLBACK, LogMark, ServiceCase, children, new_phone)

PUSH, CLAIM, VERIFY = "/api/stk-push/", "/api/payments/claim/", "/api/payments/verify/"
BODY_BYTES_MAX = 64 * 1024
ANSWER_SECONDS_MAX = 10

# As they stand in the source text of a JSON body.
WRONG_SHILLINGS = ("0", "-1", "10.5", "1e3", "1E3", "10.999", "99999999999999999999", '"ten"',
                   "true", "null", '""', '" 10"', '"10 "', '"+10"', '"-0"', '"0x10"', '"1e3"',
                   '"10,00"', '"\\u0661\\u0660"', '"10\\u0000"', "[10]", "{}", "0.0", "-0", '"."',
                   '"NaN"', '"Infinity"', "250001", "9223372036854775808")
RIGHT_SHILLINGS = ("10", "10.0", "10.00", '"10"', '"10.00"')
WRONG_PHONES = ('""', '"0712"', '"07123456789"', '"071234567"', '"+255712345678"', '"0212345678"',
                '"254812345678"', '"2547123456789"', '"00254712345678"', '"++254712345678"',
                '"2540712345678"', '"+0712345678"', '"0712 345 678"', '"0712-345-678"',
                '"0712345678\\n"', '"0712345678\\u0000"', '"O712345678"', '"tel:0712345678"',
                '"\\u0660\\u0667\\u0661\\u0662\\u0663\\u0664\\u0665\\u0666\\u0667\\u0668"',
                "712345678.5", "7.12345678e8", "-712345678", "0", "true", "null", "[]", "{}")
WRONG_REFERENCES = ('""', '"   "', "7", "null", "true", "[]", "{}", '"a\\nb"', '"a\\u0000b"',
                    '"a\\u0007b"', '"\\u202egnp"', '"' + "x" * 65 + '"')
NO_JSON = {
    "nothing": b"",
    "a space": b" ",
    "a word": b"hello",
    "an open object": b'{"receipt":"UKN0000001"',
    "two objects": b'{"receipt":"UKN0000001"}{}',
    "a trailing comma": b'{"receipt":"UKN0000001",}',
    "single quotes": b"{'receipt':'UKN0000001'}",
    "a comment": b'{"receipt":"UKN0000001"} // x',
    "NaN": b'{"receipt":"UKN0000001","amount":NaN}',
    "Infinity": b'{"receipt":"UKN0000001","amount":Infinity}',
    "a leading zero": b'{"receipt":"UKN0000001","amount":010}',
    "a plus sign": b'{"receipt":"UKN0000001","amount":+10}',
    "a duplicate member": b'{"receipt":"UKN0000001","receipt":"UKN0000002"}',
    "a zero byte": b'{"receipt":"UKN00\x0000001"}',
    "a zero byte at the end": b'{"receipt":"UKN0000001"}\x00',
    "a control character": b'{"receipt":"UKN00\x0100001"}',
    "invalid UTF-8": b'{"receipt":"UKN00\xff00001"}',
    "half a character": b'{"receipt":"UKN00\xc3"}',
    "a lone surrogate": b'{"receipt":"\\ud800"}',
    "a byte order mark": b'\xef\xbb\xbf{"receipt":"UKN0000001"}',
    "UTF-16": '{"receipt":"UKN0000001"}'.encode("utf-16"),
    "depth 10000": b'{"receipt":' + b"[" * 10000 + b"]" * 10000 + b"}",
    "open to depth 10000": b'{"a":' * 10000,
    "a form": b"receipt=UKN0000001",
    "a list": b"[]",
    "null": b"null",
    "text": b'"UKN0000001"',
    "a number": b"1",
}


class BadInputCase(ServiceCase):
    """After each test as many rows as before it, the same workers, no error of the service."""

    changes_rows = False

    def setUp(self):
        super().setUp()
        # Results of other tests' pushes may still be on their way.
        stack.wait_for(lambda: self.stack.count(
            "SELECT COUNT(*) FROM payment WHERE payment_type = 'STK' AND status = 'PENDING' "
            "AND created_at > UTC_TIMESTAMP(6) - INTERVAL 10 SECOND") == 0)
        self.before = self.rows()
        self.pushes = len(self.sandbox.payments())
        master = self.stack.environment["MASTER_PID"]
        self.workers = children(master) if master else []
        self.log = LogMark(self.stack.folder / "log/risiti.log")
        self.addCleanup(self.check_nothing_happened)

    def check_nothing_happened(self):
        """The service goes on as if nothing had been asked."""
        if not self.changes_rows:
            self.assertEqual(self.rows(), self.before)
            self.assertEqual(len(self.sandbox.payments()), self.pushes)
        master = self.stack.environment["MASTER_PID"]
        self.assertEqual(children(master) if master else [], self.workers)
        self.assertEqual([line for line in self.log.lines() if "level=error" in line], [])
        with self.stack.safaricom() as client:
            self.assertEqual(client.get("/readyz").status, 200)

    def send_json(self, path, text):
        """POST of a body's source text, answered in time."""
        began = time.monotonic()
        answer = self.shop.send("POST", path, text, {"Content-Type": "application/json"})
        self.assertLess(time.monotonic() - began, ANSWER_SECONDS_MAX, text[:100])
        return answer

    def get_raw(self, target, *headers):
        """GET of a target that is sent as it stands."""
        return raw.exchange(self.stack.base_url, b"\r\n".join(
            [b"GET " + target + b" HTTP/1.1", b"X-API-KEY: " + self.app.key.encode(), *headers]))

    def assert_4xx(self, answer, why=None):
        """Refused, by the web server or by the service."""
        self.assertTrue(400 <= answer.status < 500, f"{why}: {answer}")


def push_text(**members):
    """The source text of a push in which members have this source text."""
    fields = {"phone_number": '"0712345678"', "amount": "10", "reference": '"BAD-INPUT"', **members}
    return "{" + ",".join(f'"{name}":{text}' for name, text in fields.items()
                          if text is not None) + "}"


class BodyTest(BadInputCase):
    """Fields of pushes and claims."""

    def test_wrong_amounts_of_a_push_are_named(self):
        for text in WRONG_SHILLINGS:
            with self.subTest(amount=text):
                self.assert_wrong_field(self.send_json(PUSH, push_text(amount=text)), "amount")

    def test_wrong_phones_are_named(self):
        for text in WRONG_PHONES:
            with self.subTest(phone_number=text):
                answer = self.send_json(PUSH, push_text(phone_number=text))
                self.assert_wrong_field(answer, "phone_number")

    def test_wrong_references_are_named(self):
        for text in WRONG_REFERENCES:
            with self.subTest(reference=text):
                answer = self.send_json(PUSH, push_text(reference=text))
                self.assert_wrong_field(answer, "reference")

    def test_wrong_descriptions_are_named(self):
        for text in ("7", "null", "[]", '"a\\nb"', '"' + "x" * 256 + '"'):
            with self.subTest(description=text):
                answer = self.send_json(PUSH, push_text(description=text))
                self.assert_wrong_field(answer, "description")

    def test_missing_fields_are_named(self):
        for field in ("phone_number", "amount", "reference"):
            with self.subTest(field):
                answer = self.send_json(PUSH, push_text(**{field: None}))
                self.assert_wrong_field(answer, field)

    def test_unknown_fields_are_named(self):
        for name in ("amuont", "Amount", "AMOUNT", "status", "app_id", "amount ", "\\u0061mounts"):
            with self.subTest(name):
                answer = self.send_json(PUSH, push_text(**{name: "10"}))
                self.assert_wrong_field(answer, json.loads(f'"{name}"'))

    def test_every_wrong_field_is_named_at_once(self):
        answer = self.send_json(PUSH, '{"phone_number":"12","amount":-1,"colour":"red"}')
        self.assert_problem(answer, 400, "invalid-request")
        self.assertEqual({error["field"] for error in answer.json["errors"]},
                         {"phone_number", "amount", "colour", "reference"})

    def test_a_thousand_unknown_fields_are_refused(self):
        answer = self.send_json(PUSH, json.dumps({f"field{number}": 1 for number in range(1000)}))
        self.assert_problem(answer, 400, "invalid-json")

    def test_wrong_members_of_a_claim_are_named(self):
        receipt = '"receipt":"UKN0000001"'
        for field, texts in (("amount", ("0", "-1", "10.999", "1e3", '"ten"', "true", "null",
                                         "99999999999999999999")),
                             ("phone_number", WRONG_PHONES[:8]),
                             ("payment_id", ('""', '"x"', "1", "null", '"' + "0" * 36 + '"',
                                             '"0000000-0000-7000-8000-0000000000001"')),
                             ("reference", WRONG_REFERENCES),
                             ("checkout_request_id", ('"ws_CO_1"',))):
            for text in texts:
                with self.subTest(field=field, text=text):
                    answer = self.send_json(CLAIM, f'{{{receipt},"{field}":{text}}}')
                    self.assert_wrong_field(answer, field)

    def test_wrong_receipts_are_named_or_not_found(self):
        for text in ("7", "null", "true", "[]", '""', '"a\\nb"', '"a\\u0000b"',
                     '"' + "x" * 65 + '"'):
            with self.subTest(receipt=text):
                self.assert_wrong_field(self.send_json(CLAIM, f'{{"receipt":{text}}}'), "receipt")
        for text in ("'; DROP TABLE payment; --", "%", "_" * 10, "UKN00000-1", "x" * 64, "é" * 10):
            with self.subTest(receipt=text):
                self.assert_problem(self.shop.claim(receipt=text), 404, "payment-not-found")
                self.assertEqual(self.shop.verify(receipt=text).json, {"paid": False})

    def test_a_claim_that_names_nothing_is_refused(self):
        for text in ("{}", '{"amount":10}', '{"phone_number":"0712345678"}'):
            self.assert_wrong_field(self.send_json(CLAIM, text), "receipt", text)

    def test_bodies_that_are_no_json_object_are_refused(self):
        for path in (PUSH, CLAIM):
            for why, body in NO_JSON.items():
                with self.subTest(why, path=path):
                    self.assert_problem(self.send_json(path, body), 400, "invalid-json")

    def test_media_types_other_than_json_are_refused(self):
        body = push_text().encode()
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
                     "application/xml", "application/jsonx", "text/json", "json", "*/*"):
            with self.subTest(kind):
                answer = self.shop.send("POST", PUSH, body, {"Content-Type": kind})
                self.assert_problem(answer, 415, "unsupported-media-type")

    def test_a_query_with_a_body_is_refused(self):
        answer = self.shop.send("POST", CLAIM + "?receipt=UKN0000002", '{"receipt":"UKN0000001"}',
                                {"Content-Type": "application/json"})
        self.assert_wrong_field(answer, "receipt")


class RightInputTest(ServiceCase):
    """What looks odd and is fine."""

    def send(self, text, kind="application/json"):
        """A push of this source text is accepted."""
        answer = self.shop.send("POST", PUSH, text, {"Content-Type": kind} if kind else {})
        self.assertEqual(answer.status, 200, f"{text}: {answer}")
        return answer.json["payment_id"]

    def test_amounts_of_ten_shillings_are_the_same(self):
        for text in RIGHT_SHILLINGS:
            payment_id = self.send(push_text(phone_number=f'"{new_phone()}"', amount=text))
            self.assertEqual(self.payment(self.shop, payment_id)["amount"], 10, text)

    def test_phones_in_every_form_become_one(self):
        for form in ('"0{}"', '"{}"', '"+254{}"', '"254{}"', "254{}", "{}"):
            phone = new_phone()
            payment_id = self.send(push_text(phone_number=form.format(phone[3:])))
            self.assertEqual(self.payment(self.shop, payment_id)["phone"], phone, form)
        payment_id = self.send(push_text(phone_number=f'"01{new_phone()[4:]}"'))
        self.assertRegex(self.payment(self.shop, payment_id)["phone"], "^2541[0-9]{8}$")

    def test_media_types_of_json_are_taken(self):
        for kind in (None, "application/json; charset=utf-8", "Application/JSON"):
            self.send(push_text(phone_number=f'"{new_phone()}"'), kind)

    def test_a_reference_of_every_printable_kind_comes_back(self):
        for reference in ("x" * 64, "Zażółć gęślą jaźń 支払い", "a'b\"c\\d;--", "%00 %zz", " spaced "):
            payment_id = self.push(self.shop, reference=reference)["payment_id"]
            self.assertEqual(self.payment(self.shop, payment_id)["reference"], reference)


class QueryTest(BadInputCase):
    """Query strings."""

    def test_wrong_parameters_are_named(self):
        for query, field in ((b"receipt=%00", b"receipt"), (b"receipt=%zz", b"receipt"),
                             (b"receipt=%", b"receipt"), (b"receipt=%f", b"receipt"),
                             (b"receipt=UKN%000001", b"receipt"), (b"receipt=%ff", b"receipt"),
                             (b"receipt=%c3", b"receipt"), (b"receipt=%ed%a0%80", b"receipt"),
                             (b"receipt=A&receipt=B", b"receipt"),
                             (b"receipt=A&receipt=A", b"receipt"),
                             (b"receipt=A&%72eceipt=B", b"receipt"),
                             (b"receipt=UKN0000001&amount=1e3", b"amount"),
                             (b"receipt=UKN0000001&amount=NaN", b"amount"),
                             (b"receipt=UKN0000001&phone_number=12", b"phone_number"),
                             (b"payment_id=1", b"payment_id"),
                             (b"reciept=UKN0000001", b"reciept"),
                             (b"receipt=UKN0000001&format=xml", b"format"),
                             (b"receipt=", b"receipt"), (b"receipt", b"receipt"),
                             (b"=UKN0000001", b""), (b"", b"receipt"),
                             (b"reference=%0a", b"reference"), (b"reference=", b"reference"),
                             (b"reference=" + b"x" * 65, b"reference"),
                             (b"checkout_request_id=%07", b"checkout_request_id")):
            with self.subTest(query=query):
                answer = self.get_raw(VERIFY.encode() + b"?" + query)
                self.assert_problem(answer, 400, "invalid-request")
                self.assertEqual({error["field"] for error in answer.json["errors"]},
                                 set(field.decode().split(",")))

    def test_wrong_parameters_of_the_list_are_named(self):
        for name, values in (("limit", ("0", "101", "1e1", "-1", "ten")),
                             ("cursor", ("x", "0", "%00", "../..")),
                             ("status", ("success", "DONE", "")), ("type", ("B2C", "stk")),
                             ("claimed", ("1", "yes", "True")),
                             ("from", ("yesterday", "2026-13-01", "2026-02-30", "0")),
                             ("to", ("2026-11-23T25:00:00Z", "2026-11-23T00:00:00"))):
            for value in values:
                with self.subTest(name=name, value=value):
                    answer = self.get_raw(f"/api/payments/?{name}={value}".encode())
                    self.assert_wrong_field(answer, name)

    def test_a_thousand_parameters_are_refused(self):
        query = b"&".join(b"p%d=1" % number for number in range(1000))
        self.assert_4xx(self.get_raw(VERIFY.encode() + b"?" + query))

    def test_a_query_of_64_kilobytes_is_refused(self):
        self.assert_4xx(self.get_raw(VERIFY.encode() + b"?receipt=" + b"U" * 65536))

    def test_ids_that_are_none_are_not_found(self):
        for text in (b"x", b"0", b"%20", b"..%2f", b"1" * 36, b"1" * 4000, b"%ff"):
            answer = self.get_raw(b"/api/payments/" + text + b"/")
            self.assert_4xx(answer, text)
            self.assertIn(answer.status, (400, 404), text)


class PathTest(BadInputCase):
    """Methods and paths."""

    def test_wrong_methods_are_405_with_what_is_allowed(self):
        for path, allowed in ((PUSH, "POST"), (CLAIM, "POST"), (VERIFY, "GET"),
                              ("/api/payments/", "GET"), ("/api/payments/x/", "GET"),
                              (CONFIRMATION, "POST"), (STK_CALLBACK, "POST"), ("/healthz", "GET"),
                              ("/readyz", "GET")):
            for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - {allowed}:
                with self.subTest(path=path, method=method):
                    answer = self.shop.send(method, path)
                    self.assert_problem(answer, 405, "method-not-allowed")
                    self.assertEqual(answer.headers["Allow"], allowed)

    def test_unknown_methods_are_refused(self):
        for method in ("FOO", "get", "PROPFIND", "G\u00c9T", "TRACE", "CONNECT", "M" * 300):
            with self.subTest(method):
                answer = raw.exchange(self.stack.base_url,
                                      f"{method} {VERIFY} HTTP/1.1".encode("latin-1"))
                # A method that no server has may be 501 in the web server's own words.
                self.assertTrue(400 <= answer.status < 500 or answer.status == 501, answer)

    def test_unknown_paths_are_404_with_and_without_a_key(self):
        for path in ("/api/", "/api/payment/", "/api/payments/verify/now/",
                     "/api/mpesa/", "/api/mpesa/c2b/", "/hooks/", "/hooks/stk/", "/hooks/c2b/x/",
                     "/api/v1/stk-push/"):
            for client in (self.shop, self.safaricom):
                with self.subTest(path=path, key=client.key is not None):
                    self.assert_problem(client.get(path), 404, "not-found")

    def test_hooks_with_a_wrong_secret_are_like_unknown_paths(self):
        unknown = without_id(self.safaricom.send("POST", "/hooks/nothing/", "{}").json)
        for path in ("/hooks/stk/" + "0" * 32, "/hooks/stk/short", "/hooks/stk/" + "z" * 32,
                     "/hooks/stk/" + "A" * 32, "/hooks/c2b/" + "0" * 32 + "/confirmation/",
                     "/hooks/stk/" + "0" * 3000):
            answer = self.safaricom.send("POST", path, "{}")
            self.assert_problem(answer, 404, "not-found", path)
            self.assertEqual(without_id(answer.json), unknown, path)

    def test_paths_that_lie_are_refused(self):
        for path in (b"/api/../api/stk-push/", b"/api/%2e%2e/stk-push/", b"/api/stk-push%00/",
                     b"/api/stk-push%zz/", b"/api%2fstk-push/", b"/api/stk-push/\xff",
                     b"/api/%ff/"):
            self.assert_4xx(self.get_raw(path), path)


class IdempotencyTest(BadInputCase):
    """A promise that is not given is not passed over in silence."""

    def test_an_idempotency_key_is_refused_and_nothing_is_done(self):
        before = self.rows()
        for path, body in (("/api/stk-push/", {"phone_number": new_phone(), "amount": 10,
                                               "reference": "ORDER"}),
                           ("/api/payments/claim/", {"receipt": daraja.new_receipt()})):
            answer = self.shop.send("POST", path, body, {"Idempotency-Key": "order-1"})
            self.assert_problem(answer, 400, "idempotency-unsupported", path)
        self.assertEqual(self.rows(), before)


class HeaderTest(BadInputCase):
    """Keys and other headers."""

    target = VERIFY.encode() + b"?receipt=UKN0000001"

    def ask(self, *headers):
        """GET verify with these header lines."""
        return raw.exchange(self.stack.base_url,
                            b"\r\n".join([b"GET " + self.target + b" HTTP/1.1", *headers]))

    def test_keys_that_are_none_are_401(self):
        key = self.app.key
        for text in ("", " ", "x", "rst_live_", key[:-1], key + "0", key.lower(), key[:-1] + "!",
                     "Bearer " + key, f'"{key}"', key.replace("live", "test"),
                     "rst_live_" + "0" * 49,
                     "é" * 58):
            with self.subTest(key=text):
                answer = self.ask(b"X-API-KEY: " + text.encode())
                self.assert_problem(answer, 401)
                self.assertIn("Bearer", answer.headers["WWW-Authenticate"])
        self.assert_problem(self.ask(), 401, "missing-key")
        self.assert_problem(self.ask(b"X-API-KEY: " + (key[:-1] + ("0" if key[-1] != "0" else "1"))
                                     .encode()), 401, "mistyped-key")

    def test_keys_that_are_too_long_are_refused(self):
        for size in (1024, 4096, 65536):
            self.assert_4xx(self.ask(b"X-API-KEY: " + b"k" * size), size)
            self.assert_4xx(self.ask(b"Authorization: Bearer " + b"k" * size), size)

    def test_two_keys_are_refused(self):
        ours, theirs = self.app.key.encode(), self.other_app.key.encode()
        for headers in ((b"X-API-KEY: " + ours, b"X-API-KEY: " + theirs),
                        (b"X-API-KEY: " + ours, b"X-API-KEY: " + ours),
                        (b"X-API-KEY: " + ours, b"Authorization: Bearer " + theirs),
                        (b"X-API-KEY: " + ours + b", " + theirs,),
                        (b"Authorization: Bearer " + ours, b"Authorization: Bearer " + theirs)):
            answer = self.ask(*headers)
            self.assertIn(answer.status, (400, 401), headers)

    def test_a_key_with_underscores_beside_one_with_hyphens_never_wins(self):
        ours, theirs = self.app.key.encode(), self.other_app.key.encode()
        first = self.ask(b"X-API-KEY: " + ours, b"X_API_KEY: " + theirs)
        second = self.ask(b"X_API_KEY: " + theirs, b"X-API-KEY: " + ours)
        # lighttpd hands both over; Apache drops the one with underscores.
        self.assertEqual((first.status, second.status),
                         (400, 400) if self.server == "lighttpd" else (200, 200))
        self.assertIn(self.ask(b"X-API-KEY: x", b"X_API_KEY: " + ours).status, (400, 401))

    def test_lengths_that_are_wrong_are_refused(self):
        for value in (b"ten", b"-1", b"1e3", b"99999999999999999999", b"0x10", b"4, 4"):
            request = (b"POST " + CLAIM.encode() + b" HTTP/1.1\r\nX-API-KEY: "
                       + self.app.key.encode() + b"\r\nContent-Length: " + value)
            self.assert_4xx(raw.exchange(self.stack.base_url, request, b"{}\r\n\r\n"), value)

    def test_request_ids_that_are_not_sane_are_replaced(self):
        for text in (b"a b", b"x" * 65, b"<script>", b"a;b", b"\xff\xfe", b'"quoted"'):
            answer = self.get_raw(self.target, b"X-Request-Id: " + text)
            self.assertEqual(answer.status, 200, answer)
            self.assertRegex(answer.headers["X-Request-Id"], "^[0-9a-f-]{36}$")


class SizeTest(BadInputCase):
    """Bodies that are too large."""

    def test_ten_megabytes_are_refused_without_a_hang(self):
        body = b'{"receipt":"' + b"U" * 10_000_000 + b'"}'
        for path in (PUSH, CLAIM, CONFIRMATION, STK_CALLBACK):
            began = time.monotonic()
            answer = raw.post(self.stack.base_url, path,
                              [b"X-API-KEY: " + self.app.key.encode()], body)
            self.assertEqual(answer.status, 413, path)
            self.assertLess(time.monotonic() - began, ANSWER_SECONDS_MAX, path)

    def test_a_byte_above_the_limit_is_the_services_413(self):
        for path in (PUSH, CLAIM, CONFIRMATION, STK_CALLBACK):
            answer = self.shop.send("POST", path, b" " * (BODY_BYTES_MAX + 1),
                                    {"Content-Type": "application/json"})
            self.assert_problem(answer, 413, "too-large")

    def test_a_body_as_large_as_allowed_is_read(self):
        body = push_text(amount="-1").encode()
        answer = self.send_json(PUSH, body + b" " * (BODY_BYTES_MAX - len(body)))
        self.assert_wrong_field(answer, "amount")


class PrecedenceTest(BadInputCase):
    """When several refusals apply, the first of the list is the answer."""

    def refusal(self, method=b"POST", path=CLAIM.encode(), key=None, kind=b"text/plain",
                body=b"no JSON", headers=()):
        """The answer to a request that is wrong in all ways but those named."""
        lines = [method + b" " + path + b" HTTP/1.1", b"Content-Type: " + kind,
                 b"Content-Length: %d" % len(body), *headers]
        if key is not None:
            lines.append(b"X-API-KEY: " + key.encode())
        return raw.exchange(self.stack.base_url, b"\r\n".join(lines), body)

    def test_a_malformed_header_comes_first(self):
        twice = (b"X-API-KEY: x", b"X-API-KEY: y")
        self.assert_problem(self.refusal(method=b"PUT", path=b"/api/nothing", headers=twice,
                                         body=b"x" * 70000), 400, "malformed-request")

    def test_then_the_path(self):
        self.assert_problem(self.refusal(method=b"PUT", path=b"/api/nothing", body=b"x" * 70000),
                            404, "not-found")

    def test_then_the_method(self):
        answer = self.refusal(method=b"PUT", body=b"x" * 70000)
        self.assert_problem(answer, 405, "method-not-allowed")
        self.assertEqual(answer.headers["Allow"], "POST")

    def test_then_the_size(self):
        self.assert_problem(self.refusal(body=b"x" * 70000), 413, "too-large")

    def test_then_the_key(self):
        self.assert_problem(self.refusal(), 401, "missing-key")
        self.assert_problem(self.refusal(key="rst_live_x"), 401, "mistyped-key")

    def test_then_the_media_type(self):
        self.assert_problem(self.refusal(key=self.app.key, path=CLAIM.encode() + b"?a=%zz"), 415,
                            "unsupported-media-type")

    def test_then_the_body(self):
        self.assert_problem(self.refusal(key=self.app.key, kind=b"application/json"), 400,
                            "invalid-json")


class DisabledTest(ServiceCase):
    """403 stands behind 401 and before 415."""

    def test_a_disabled_app_is_told_so_before_its_body_is_looked_at(self):
        app = self.stack.create_app()
        self.stack.cli("app", "disable", app.name)
        client = self.open(app.client())
        answer = client.send("POST", CLAIM, b"no JSON", {"Content-Type": "text/plain"})
        self.assert_problem(answer, 403, "app-disabled")


class CallbackTest(BadInputCase):
    """What Safaricom posts is journaled as it came and answered 200, whatever it is."""

    changes_rows = True

    def journaled(self, path, body, state="malformed"):
        """Posts a body; the journal has it byte by byte, with this state, and no payment more."""
        payments = self.stack.count("SELECT COUNT(*) FROM payment")
        journal = self.stack.count("SELECT COUNT(*) FROM callback_inbox")
        answer = self.safaricom.send("POST", path, body, {"Content-Type": "text/plain"})
        self.assertEqual((answer.status, str(answer.json["ResultCode"])), (200, "0"), answer)
        self.assertEqual(self.stack.count("SELECT COUNT(*) FROM callback_inbox"), journal + 1)
        self.assertEqual(self.stack.sql(
            "SELECT state, LOWER(SHA2(body, 256)) FROM callback_inbox ORDER BY id DESC LIMIT 1"),
            [[state, hashlib.sha256(body).hexdigest()]])
        self.assertEqual(self.stack.count("SELECT COUNT(*) FROM payment"), payments)

    def test_bodies_that_are_no_json_are_journaled(self):
        for path in (CONFIRMATION, STK_CALLBACK):
            for why, body in NO_JSON.items():
                if len(body) < 30000:
                    with self.subTest(why, path=path):
                        self.journaled(path, body)

    def test_confirmations_without_what_money_needs_are_journaled(self):
        for why, changes in (("no receipt", {"TransID": None}),
                             ("an amount of zero", {"TransAmount": "0.00"}),
                             ("a negative amount", {"TransAmount": "-5"}),
                             ("a fraction of a cent", {"TransAmount": "10.999"}),
                             ("an exponent", {"TransAmount": "1e3"}),
                             ("no amount", {"TransAmount": None}),
                             ("an amount that is none", {"TransAmount": "ten"}),
                             ("an amount beyond the column", {"TransAmount": "99999999999999.00"}),
                             ("no short code", {"BusinessShortCode": None}),
                             ("a list as an amount", {"TransAmount": [10]})):
            with self.subTest(why):
                body = daraja.confirmation(daraja.new_receipt(), **changes)
                self.journaled(CONFIRMATION, json.dumps(body).encode())

    def test_money_for_a_foreign_short_code_is_journaled_as_such(self):
        body = daraja.confirmation(daraja.new_receipt(), short_code="600999")
        self.journaled(CONFIRMATION, json.dumps(body).encode(), "foreign")

    def test_results_of_pushes_that_nobody_made_are_journaled(self):
        body = {"Body": {"stkCallback": {"MerchantRequestID": "1-2-3", "ResultCode": 0,
                                         "CheckoutRequestID": "ws_CO_nobodys", "ResultDesc": "ok"}}}
        self.journaled(STK_CALLBACK, json.dumps(body).encode(), "waiting")

    def test_a_callback_above_64_kilobytes_is_413_and_not_journaled(self):
        journal = self.stack.count("SELECT COUNT(*) FROM callback_inbox")
        for path in (CONFIRMATION, STK_CALLBACK):
            answer = self.safaricom.send("POST", path, b"x" * (BODY_BYTES_MAX + 1))
            self.assert_problem(answer, 413, "too-large")
        self.assertEqual(self.stack.count("SELECT COUNT(*) FROM callback_inbox"), journal)

    def test_a_callback_as_large_as_allowed_is_journaled(self):
        self.journaled(STK_CALLBACK, b"x" * BODY_BYTES_MAX)

    def test_receipts_of_no_known_form_are_money_all_the_same(self):
        """Money is never dropped for its receipt's form; nobody can claim it by that receipt."""
        for receipt in ("short", "with space", "x" * 30, "Ünïcödé12"):
            with self.subTest(receipt):
                answer = self.safaricom.post(CONFIRMATION, daraja.confirmation(receipt))
                self.assertEqual(answer.status, 200)
                self.assertEqual(self.shop.claim(receipt=receipt).status, 404)


class ApacheBadInputTest(HeaderTest, SizeTest):
    """What depends on the web server, through Apache."""

    server = "apache"


class FcgidBadInputTest(HeaderTest, SizeTest):
    """The same through mod_fcgid."""

    server = "fcgid"


def without_id(body):
    """A problem without what differs from request to request."""
    return {name: value for name, value in body.items() if name not in ("request_id", "instance")}
