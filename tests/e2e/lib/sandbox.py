"""A risiti-sandbox of a test's own, and what every call to it needs."""
import atexit
import base64
import datetime
import http.client
import json
import pathlib
import signal
import subprocess
import tempfile
import time
import urllib.parse

EAT = datetime.timezone(datetime.timedelta(hours=3))
PASSKEY = "risiti-sandbox-passkey"
TIMEOUT_S = 15


class Sandbox:
    """One running risiti-sandbox and a client for it."""

    program = None  # set before the first one

    def __init__(self, *flags):
        self.folder = tempfile.TemporaryDirectory()
        ready = pathlib.Path(self.folder.name, "ready")
        self.log = open(pathlib.Path(self.folder.name, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [self.program, "--listen", "127.0.0.1:0", "--ready-file", str(ready), *flags],
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        atexit.register(self.process.kill)  # a test that fails does not get to its stop
        deadline = time.monotonic() + TIMEOUT_S
        while not ready.exists():
            assert self.process.poll() is None and time.monotonic() < deadline, "did not start"
            time.sleep(0.01)
        self.url = ready.read_text().strip()
        self.ready = ready
        self.token = None

    def call(self, method, path, body=None, headers=None):
        """(status, body as text) of a request; None when the connection was cut."""
        host = urllib.parse.urlsplit(self.url).netloc
        connection = http.client.HTTPConnection(host, timeout=TIMEOUT_S)
        sent = {"Content-Type": "application/json", **(headers or {})}
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except http.client.RemoteDisconnected:
            return None
        finally:
            connection.close()

    def renew(self, key="sandbox-key", secret="sandbox-secret", query="client_credentials"):
        basic = base64.b64encode(f"{key}:{secret}".encode()).decode()
        return self.call("GET", f"/oauth/v1/generate?grant_type={query}",
                         headers={"Authorization": "Basic " + basic})

    def post(self, path, body, token=None):
        """A Daraja call with a token; (status, body as JSON)."""
        if self.token is None:
            self.token = json.loads(self.renew()[1])["access_token"]
        answer = self.call("POST", path, body, {"Authorization": "Bearer " + (token or self.token)})
        return answer and (answer[0], json.loads(answer[1]) if answer[1][:1] == "{" else answer[1])

    def payments(self):
        return json.loads(self.call("GET", "/_sandbox/payments")[1])

    def payment(self, checkout):
        return next(row for row in self.payments() if row["checkout_request_id"] == checkout)

    def faults(self, **rates):
        status, text = self.call("PUT", "/_sandbox/faults", rates)
        assert status == 200, text

    def stop(self, number=signal.SIGTERM):
        """(exit code, seconds) of ending it."""
        started = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(TIMEOUT_S)
        took_s = time.monotonic() - started
        self.process.stdout.close()
        self.log.seek(0)
        text = self.log.read()
        self.log.close()
        self.folder.cleanup()
        assert "Sanitizer" not in text and "runtime error" not in text, text
        return code, took_s


def error_of(answer):
    """(status, errorCode, errorMessage) of an answer in Daraja's error shape."""
    assert set(answer[1]) == {"requestId", "errorCode", "errorMessage"}, answer
    return answer[0], answer[1]["errorCode"], answer[1]["errorMessage"]


def now(shift_s=0):
    return (datetime.datetime.now(EAT) + datetime.timedelta(seconds=shift_s)).strftime(
        "%Y%m%d%H%M%S")


def password(code="600111", when=None, passkey=PASSKEY):
    return base64.b64encode(f"{code}{passkey}{when}".encode()).decode()
