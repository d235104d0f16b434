"""The same requests through each web server, with the files of conf/ as users install them."""
import functools
import json
import unittest

from lib import daraja, stack

SERVERS = ("lighttpd", "apache", "fcgid")
PROBLEM = "application/problem+json"
CONFIRMATION = "/api/mpesa/c2b-confirmation/"
SECRET = "0123456789abcdef0123456789abcdef"
BODY_BYTES_MAX = 64 * 1024


def on_each_server(test):
    """Calls test(self, server's name, client with a key) once for each server, as subtests."""

    @functools.wraps(test)
    def run(self):
        for server, app in self.apps.items():
            with self.subTest(server=server), app.client() as client:
                test(self, server, client)

    return run


class ServersTest(unittest.TestCase):
    """Every test asks every server, and expects the same of each."""

    @classmethod
    def setUpClass(cls):
        cls.services = {server: stack.shared(server) for server in SERVERS}
        cls.apps = {server: service.create_app() for server, service in cls.services.items()}

    @on_each_server
    def test_a_payment_is_confirmed_verified_and_claimed(self, _, client):
        receipt = daraja.new_receipt()
        self.assertEqual(client.post(CONFIRMATION, daraja.confirmation(receipt)).status, 200)
        self.assertTrue(client.verify(receipt=receipt).json["claimable"])
        self.assertEqual(client.claim(receipt=receipt).status, 200)
        self.assertEqual(client.claim(receipt=receipt).status, 409)

    @on_each_server
    def test_a_key_comes_as_a_bearer_token_too(self, _, client):
        bearer, client.key = client.key, None
        path = "/api/payments/verify/?receipt=" + daraja.new_receipt()
        self.assertEqual(client.get(path).status, 401)
        answer = client.send("GET", path, headers={"Authorization": "Bearer " + bearer})
        self.assertEqual((answer.status, answer.body), (200, b'{"paid":false}'))

    @on_each_server
    def test_a_query_arrives_as_it_was_sent(self, _, client):
        receipt = daraja.new_receipt()
        client.post(CONFIRMATION, daraja.confirmation(receipt))
        answer = client.get(f"/api/payments/verify?receipt=%20{receipt.lower()}%20")
        self.assertEqual(answer.json.get("receipt"), receipt, answer)

    @on_each_server
    def test_paths_that_no_route_has_are_the_services_404(self, _, client):
        for path in ("/api/", "/api/nothing", "/hooks/nothing", "/api/payments/verify/x/y"):
            self.assert_problem(client.get(path), 404, path)

    @on_each_server
    def test_an_encoded_slash_is_refused_by_the_service(self, _, client):
        self.assert_problem(client.get("/api/payments%2Fverify/?receipt=X"), 400)

    @on_each_server
    def test_paths_of_others_do_not_reach_the_service(self, _, client):
        for path in ("/", "/apiary", "/healthzz", "/index.html"):
            answer = client.get(path)
            self.assertNotIn("json", answer.headers.get("Content-Type", ""), path)

    @on_each_server
    def test_a_wrong_method_is_405_with_what_is_allowed(self, _, client):
        answer = client.send("DELETE", "/api/payments/claim/")
        self.assert_problem(answer, 405)
        self.assertEqual(answer.headers["Allow"], "POST")

    @on_each_server
    def test_a_body_that_is_too_large_is_the_services_413(self, _, client):
        for size in (BODY_BYTES_MAX + 1, 100_000):
            answer = client.send("POST", CONFIRMATION, b"x" * size)
            self.assert_problem(answer, 413, size)
            client.close()

    @on_each_server
    def test_the_largest_body_arrives_whole(self, _, client):
        receipt = daraja.new_receipt()
        body = daraja.confirmation(receipt, Padding="")
        body["Padding"] = "x" * (BODY_BYTES_MAX - len(as_json(body)))
        self.assertEqual(len(as_json(body)), BODY_BYTES_MAX)
        self.assertEqual(client.send("POST", CONFIRMATION, as_json(body)).status, 200)
        self.assertTrue(client.verify(receipt=receipt).json["paid"])

    @on_each_server
    def test_a_chunked_body_arrives_whole(self, _, client):
        receipt = daraja.new_receipt()
        body = as_json(daraja.confirmation(receipt))
        chunks = "".join(f"{len(part):x}\r\n{part}\r\n" for part in (body[:50], body[50:], ""))
        answer = client.send("POST", CONFIRMATION, chunks,
                             headers={"Transfer-Encoding": "chunked"})
        self.assertEqual(answer.status, 200, answer)
        self.assertTrue(client.verify(receipt=receipt).json["paid"])

    @on_each_server
    def test_a_request_id_comes_back(self, _, client):
        answer = client.send("GET", "/readyz", headers={"X-Request-Id": "e2e-1234567"})
        self.assertEqual(answer.headers["X-Request-Id"], "e2e-1234567")

    @on_each_server
    def test_a_secret_in_a_path_is_in_no_log(self, server, client):
        for path in (f"/hooks/stk/{SECRET}/", f"/hooks/c2b/{SECRET}/confirmation",
                     f"//hooks/stk/{SECRET}", f"/h%6Foks/stk/{SECRET}/",
                     f"/hooks/../hooks/stk/{SECRET}"):
            client.send("POST", path, "{}")
        # Web servers write their logs some seconds later, but in order.
        client.get("/healthz?after=hooks")
        folder = self.services[server].folder / "log"
        stack.wait_for(lambda: "after=hooks" in (folder / "access.log").read_text())
        self.assertIn("hooks/-", (folder / "access.log").read_text())
        for path in folder.iterdir():
            self.assertNotIn(SECRET, path.read_text(errors="replace"), path.name)

    def assert_problem(self, answer, status, why=None):
        """The refusal is the service's, not the web server's page."""
        self.assertEqual((answer.status, answer.headers.get("Content-Type")), (status, PROBLEM),
                         f"{why}: {answer}")
        self.assertEqual(answer.json["status"], status)


def as_json(body):
    """The one text that a dictionary has here."""
    return json.dumps(body)
