"""What operators and neighbours see: tenants apart, keys, outages, killed workers, logs, CLI."""
import base64
import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import tempfile
import threading
import time

from lib import daraja, stack
from lib.case import CONFIRMATION, LogMark, ServiceCase, children, new_phone

RACE_THREADS = 64
RACE_RECEIPTS = 500
REVOKED_SECONDS_MAX = 5
OUTAGE_SECONDS_MAX = 20


class TenantTest(ServiceCase):
    """Nothing of one application is seen, claimed or counted by another."""

    def test_a_push_is_nothing_to_another_app(self):
        pushed = self.push(self.shop, reference="MINE")
        self.wait_status(self.shop, pushed["payment_id"], "SUCCESS")
        receipt = self.shop.verify(payment_id=pushed["payment_id"]).json["receipt"]
        for selector in ({"payment_id": pushed["payment_id"]}, {"receipt": receipt},
                         {"checkout_request_id": pushed["checkout_request_id"]},
                         {"reference": "MINE"}):
            with self.subTest(selector):
                self.assertEqual(self.school.verify(**selector).json, {"paid": False})
        for selector in ({"payment_id": pushed["payment_id"]}, {"receipt": receipt},
                         {"reference": "MINE"}):
            with self.subTest(selector):
                self.assert_problem(self.school.claim(**selector), 404, "payment-not-found")
        self.assert_problem(self.school.get(f"/api/payments/{pushed['payment_id']}/"), 404,
                            "payment-not-found")
        self.assertEqual(self.shop.claim(receipt=receipt).status, 200)

    def test_lists_have_only_ones_own(self):
        mine = self.push(self.shop)["payment_id"]
        theirs = self.push(self.school)["payment_id"]
        for client, own, foreign in ((self.shop, mine, theirs), (self.school, theirs, mine)):
            listed = {row["payment_id"] for row in
                      client.get("/api/payments/", limit=100).json["payments"]}
            self.assertIn(own, listed)
            self.assertNotIn(foreign, listed)
        # Another tenant's id as a cursor is only a place in time.
        page = self.school.get("/api/payments/", cursor=mine, limit=100).json["payments"]
        self.assertNotIn(mine, {row["payment_id"] for row in page})

    def test_money_of_admin_shop_is_seen_by_receipt_only(self):
        self.pay(account="GUESS-ME")
        self.assertEqual(self.shop.verify(reference="GUESS-ME").json, {"paid": False})
        self.assert_problem(self.shop.claim(reference="GUESS-ME"), 404, "payment-not-found")


class KeyTest(ServiceCase):
    """Keys end when they should, on every worker."""

    def answers(self, client, count=12):
        """Statuses of several requests, each on a connection of its own: many workers answer."""
        statuses = set()
        for _ in range(count):
            client.close()
            statuses.add(client.get("/api/payments/").status)
        return statuses

    def test_a_revoked_key_is_refused_within_five_seconds(self):
        made = json.loads(self.stack.cli("--json", "key", "create", self.app.name).stdout)
        client = self.open(self.app.client())
        client.key = made["api_key"]
        self.assertEqual(self.answers(client), {200})
        self.stack.cli("key", "revoke", made["key_id"])
        time.sleep(REVOKED_SECONDS_MAX)
        self.assertEqual(self.answers(client), {401})
        self.assertEqual(self.answers(self.shop), {200})

    def test_a_disabled_app_is_refused_and_comes_back(self):
        app = self.stack.create_app()
        client = self.open(app.client())
        self.assertEqual(client.get("/api/payments/").status, 200)
        self.stack.cli("app", "disable", app.name)
        time.sleep(REVOKED_SECONDS_MAX)
        self.assertEqual(self.answers(client), {403})
        self.stack.cli("app", "enable", app.name)
        time.sleep(REVOKED_SECONDS_MAX)
        self.assertEqual(self.answers(client), {200})


class KilledWorkersTest(ServiceCase):
    """Workers that die in the middle of a race change nothing about who wins."""

    def test_each_receipt_has_one_winner_while_workers_are_killed(self):
        receipts = [self.pay() for _ in range(RACE_RECEIPTS)]
        apps = [self.app, self.other_app]
        wins = {receipt: collections.deque() for receipt in receipts}
        statuses = collections.Counter()
        done = threading.Event()

        def claimant(number):
            with apps[number % 2].client() as client:
                for receipt in receipts:
                    try:
                        answer = client.claim(receipt=receipt)
                    except OSError:
                        continue  # whether it won is not known
                    statuses[answer.status] += 1
                    if answer.status == 200:
                        wins[receipt].append(number % 2)

        def killer():
            while not done.wait(0.2):
                workers = children(self.stack.environment["MASTER_PID"])
                if workers:
                    os.kill(random.choice(workers), signal.SIGKILL)

        threads = [threading.Thread(target=claimant, args=(number,))
                   for number in range(RACE_THREADS)]
        killing = threading.Thread(target=killer)
        for thread in [*threads, killing]:
            thread.start()
        for thread in threads:
            thread.join()
        done.set()
        killing.join()
        self.check(receipts, wins, apps)
        self.assertGreater(statuses[200], RACE_RECEIPTS // 2, statuses)
        with self.stack.safaricom() as client:
            stack.wait_for(lambda: client.get("/readyz").status == 200)

    def check(self, receipts, wins, apps):
        """At most one acknowledged win each, and it is the one in the database."""
        listed = ",".join(f"'{receipt}'" for receipt in receipts)
        rows = self.stack.sql("SELECT receipt, HEX(claim.app_id), HEX(payment.app_id), claimed "
                              "FROM claim JOIN payment ON payment.id = payment_id "
                              f"WHERE receipt IN ({listed})")
        claims = {row[0]: row[1:] for row in rows}
        self.assertEqual(len(claims), len(rows))
        self.assertEqual(self.stack.count(
            f"SELECT COUNT(*) FROM payment WHERE claimed AND mpesa_receipt_number IN ({listed})"),
            len(rows))
        ids = [app.id.replace("-", "").upper() for app in apps]
        for receipt, winners in wins.items():
            with self.subTest(receipt):
                self.assertLessEqual(len(winners), 1)
                if winners:
                    owner = ids[winners[0]]
                    self.assertEqual(claims[receipt], [owner, owner, "1"])


class OutageTest(ServiceCase):
    """A database that hangs is a refusal that says so, and a confirmation is not lost by it."""

    def test_a_hanging_database_is_503_for_apps_and_200_for_callbacks(self):
        pid = int(self.stack.environment["MARIADB_PID"])
        mark = LogMark(self.stack.folder / "log/risiti.log")
        receipt = daraja.new_receipt()
        os.kill(pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            answer = self.shop.verify(receipt=receipt)
            self.assert_problem(answer, 503)
            self.assertIn("Retry-After", answer.headers)
            self.assertLess(time.monotonic() - began, OUTAGE_SECONDS_MAX)
            self.assertEqual(self.safaricom.post(CONFIRMATION,
                                                 daraja.confirmation(receipt)).status, 200)
            self.assertEqual(self.safaricom.get("/healthz").status, 200)
        finally:
            os.kill(pid, signal.SIGCONT)
        self.assertTrue(any("event=request_failed" in line and "DB_" in line
                            for line in mark.lines()))
        # Each worker notices by itself, so an answer or two may still be a refusal.
        stack.wait_for(lambda: all(self.safaricom.get("/readyz").status == 200
                                   for _ in range(20)))
        stack.wait_for(lambda: self.shop.verify(receipt=receipt).json["paid"])
        self.assertEqual(self.shop.claim(receipt=receipt).status, 200)
        self.assertEqual(self.stack.count(
            f"SELECT COUNT(*) FROM payment WHERE mpesa_receipt_number = '{receipt}'"), 1)


class SecretTest(ServiceCase):
    """Secrets of C2B URLs are made and ended by command; one in use does not end."""

    def secrets(self):
        """{name: what the list says} of the short code's secrets."""
        listed = json.loads(self.stack.cli("--json", "urls", "list").stdout)
        return {row["name"]: row for row in listed if row["short_code"] == "600111"}

    def confirm(self, url):
        """A confirmation on this URL; its status."""
        path = "/hooks/" + url.split("/hooks/", 1)[1]
        return self.safaricom.post(path, daraja.confirmation(daraja.new_receipt())).status

    def new(self):
        """A new secret's name, and its confirmation URL."""
        before = self.secrets()
        url = json.loads(self.stack.cli("--json", "urls", "new", "600111").stdout)["confirmation"]
        [name] = set(self.secrets()) - set(before)
        return name, url

    def test_a_secret_ends_by_its_own_command_and_not_while_it_is_used(self):
        (old, old_url), (new, new_url) = self.new(), self.new()
        self.assertEqual((self.confirm(old_url), self.confirm(new_url)), (200, 200))
        self.assertIsNotNone(self.secrets()[old]["last_used_at"])
        refused = self.stack.cli("urls", "end", old, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("confirmations came on it", refused.stderr)
        self.assertEqual(self.confirm(old_url), 200)
        unused, unused_url = self.new()
        self.stack.cli("urls", "end", unused)
        self.assertIsNotNone(self.secrets()[unused]["ended_at"])
        self.assertEqual(self.confirm(unused_url), 404)
        self.assertEqual(self.confirm(new_url), 200)
        self.assertIsNone(self.secrets()[new]["ended_at"])


class SandboxLedgerTest(ServiceCase):
    """Whatever the push's answer was, our payments are Safaricom's, and no push is sent twice."""

    def test_lost_answers_end_like_the_ledger_says(self):
        for amount, status in ((9091, 202), (9093, 202), (9095, 200), (9096, 200)):
            with self.subTest(amount=amount):
                phone = new_phone()
                pushed = self.push(self.shop, amount=amount, phone=phone, status=status)
                shown = self.wait_status(self.shop, pushed["payment_id"], "SUCCESS")
                ledger = self.sandbox.of_phone(phone)
                self.assertEqual([(row["receipt"], row["amount"]) for row in ledger],
                                 [(shown["receipt"], amount)])

    def test_refusals_and_failures_end_as_failed(self):
        for amount, status in ((9032, 200), (9020, 200), (9001, 200), (9089, 409), (9090, 502)):
            with self.subTest(amount=amount):
                pushed = self.push(self.shop, amount=amount, status=status)
                shown = self.wait_status(self.shop, pushed["payment_id"], "FAILED")
                self.assertEqual(shown["claimable"], False)

    def test_a_token_that_daraja_has_ended_is_renewed(self):
        self.push(self.shop)
        # A new token ends the one that all workers use.
        credentials = base64.b64encode(b"sandbox-key:sandbox-secret").decode()
        answer = self.sandbox.client.send(
            "GET", "/oauth/v1/generate?grant_type=client_credentials",
            headers={"Authorization": f"Basic {credentials}"})
        self.assertEqual(answer.status, 200, answer)
        self.push(self.shop)


class LogTest(ServiceCase):
    """Logs are for people: one line an event, and no secret in any."""

    def test_nothing_secret_is_in_any_log(self):
        phone = new_phone()
        pushed = self.push(self.shop, phone=phone, reference="LOGGED")
        self.wait_status(self.shop, pushed["payment_id"], "SUCCESS")
        folder = pathlib.Path(self.stack.folder)
        text = "\n".join(path.read_text(errors="replace") for path in folder.glob("log/*")
                         if "sandbox" not in path.name)
        self.assertIn(pushed["payment_id"], text)
        for secret in (self.app.key, "sandbox-secret", "risiti-sandbox-passkey", phone,
                       pushed["checkout_request_id"]):
            self.assertNotIn(secret, text)

    def test_a_secret_under_a_wrong_prefix_is_not_logged(self):
        mark = LogMark(self.stack.folder / "log/risiti.log")
        secret = "fedcba9876543210" * 2
        # Below /api/ and /hooks/, so that the web server passes them on.
        paths = (f"/hooks/stk/{secret}/x/", f"/api/hooks/stk/{secret}/",
                 f"/api/hooks/c2b/{secret}/confirmation/", f"/api/hook/stk/{secret}/",
                 f"/api/x-{secret.upper()}.php", f"/api/HOOKS/stk/{secret[:-1]}/")
        for path in paths:
            self.assertEqual(self.safaricom.send("POST", path, "{}").status, 404, path)
        lines = [line for line in mark.lines() if "route=none" in line]
        self.assertEqual(len(lines), len(paths), lines)
        self.assertNotIn(secret[:-1], "\n".join(lines).lower())

    def test_the_path_of_a_404_is_logged_when_it_has_no_secret(self):
        mark = LogMark(self.stack.folder / "log/risiti.log")
        path = f"/api/payment/{'0123abcd' * 3}"
        self.assertEqual(self.safaricom.send("POST", path, "{}").status, 404)
        self.assertIn(f"path={path} ", "\n".join(mark.lines()))

    def test_text_from_outside_makes_no_line(self):
        mark = LogMark(self.stack.folder / "log/risiti.log")
        forged = "x\nts=1 level=error event=forged"
        self.shop.claim(receipt=forged, reference=forged)
        self.shop.send("GET", "/api/none%0aevent=forged%0a/")
        self.safaricom.post(CONFIRMATION, daraja.confirmation(daraja.new_receipt(),
                                                              account=forged))
        self.assertTrue(mark.lines())
        self.assertFalse(any(line.startswith("ts=1 ") or line.startswith("event=")
                             for line in mark.lines()))


class CommandLineTest(ServiceCase):
    """risiti as scripts use it."""

    def test_exit_codes_tell_success_failure_and_usage(self):
        for arguments, code in ((("app", "list"), 0), (("key", "list", "nobody"), 1),
                                (("payment", "show", "NONEXISTENT"), 1), (("bogus",), 2),
                                (("app", "create"), 2), (("app", "list", "--bogus"), 2),
                                (("app", "disable", "ADMIN_SHOP"), 1), (("config", "check"), 0)):
            with self.subTest(arguments):
                self.assertEqual(self.stack.cli(*arguments, check=False).returncode, code)

    def test_two_migrations_at_once_do_no_harm(self):
        command = [self.stack.environment["RISITI"], "--config",
                   self.stack.environment["CONFIG"], "--json", "db", "migrate"]
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
        for process in running:
            output, _ = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, output)
            self.assertGreaterEqual(json.loads(output)["applied"], 1)

    def test_every_json_answer_is_json(self):
        for arguments in (("app", "list"), ("key", "list"), ("payment", "list"), ("db", "status"),
                          ("daraja", "check"), ("config", "check")):
            with self.subTest(arguments):
                json.loads(self.stack.cli("--json", *arguments).stdout)


class PlainCgiTest(ServiceCase):
    """The same program as a plain CGI program, for hosts that have nothing else."""

    def run_cgi(self, method, path, query="", body=b"", config=None):
        """Status and JSON body of one CGI request."""
        variables = {"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": method,
                     "SERVER_PROTOCOL": "HTTP/1.1", "QUERY_STRING": query,
                     "REQUEST_URI": path + ("?" + query if query else ""),
                     "REMOTE_ADDR": "127.0.0.1", "HTTP_X_API_KEY": self.app.key,
                     "RISITI_CONFIG": config or self.stack.environment["CONFIG"]}
        if body:
            variables.update(CONTENT_LENGTH=str(len(body)), CONTENT_TYPE="application/json")
        done = subprocess.run([self.stack.environment["RISITI_FCGI"]], env=variables, input=body,
                              stdout=subprocess.PIPE, timeout=30, check=True)
        head, _, text = done.stdout.partition(b"\r\n\r\n")
        status = [line for line in head.split(b"\r\n") if line.startswith(b"Status:")][0]
        return int(status.split()[1]), json.loads(text)

    def test_a_payment_is_verified_and_claimed(self):
        receipt = self.pay()
        status, shown = self.run_cgi("GET", "/api/payments/verify/", f"receipt={receipt}")
        self.assertEqual((status, shown["claimable"]), (200, True))
        body = json.dumps({"receipt": receipt}).encode()
        self.assertEqual(self.run_cgi("POST", "/api/payments/claim/", body=body)[0], 200)
        self.assertEqual(self.run_cgi("POST", "/api/payments/claim/", body=body)[0], 409)

    def test_a_push_that_cannot_work_is_refused_and_leaves_no_payment(self):
        whole = pathlib.Path(self.stack.environment["CONFIG"]).read_text().splitlines()
        phone = new_phone()
        body = json.dumps({"phone_number": phone, "amount": 10, "reference": "ORDER"}).encode()
        for key in ("public_url", "passkey"):
            with tempfile.NamedTemporaryFile("w", dir=self.stack.folder) as config:
                config.write("\n".join(line for line in whole if not line.startswith(key)) + "\n")
                config.flush()
                status, problem = self.run_cgi("POST", "/api/stk-push/", body=body,
                                               config=config.name)
            self.assertEqual((status, problem["code"]), (503, "mpesa-unreachable"), key)
            self.assertIn("not set up", problem["detail"])
        self.assertEqual(self.stack.count(
            f"SELECT COUNT(*) FROM payment WHERE phone_number = '{phone}'"), 0)
