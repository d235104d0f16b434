"""A small HTTP client: one kept connection a thread, JSON in and out."""
import http.client
import json
import socket
import time
import urllib.parse

TIMEOUT_SECONDS = 60
# Web servers end a connection that is idle for five seconds: one this old is not used again.
IDLE_SECONDS_MAX = 2


class Answer:
    """Status, headers and body of one answer."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        """The body as JSON; an assertion fails when it is none."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise AssertionError(f"not JSON: {self.status} {self.body[:500]!r}") from error

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Client:
    """Requests of one application (or of Safaricom, without a key). Not to be shared by threads."""

    def __init__(self, base_url, key=None):
        parts = urllib.parse.urlsplit(base_url)
        self.prefix = parts.path.rstrip("/")
        self.key = key
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port,
                                                     timeout=TIMEOUT_SECONDS)
        self.used_at = 0.0

    def send(self, method, path, body=None, headers=None):
        """One request, never repeated: whoever claims must know how often it asked."""
        sent = dict(headers or {})
        if self.key is not None:
            sent.setdefault("X-API-KEY", self.key)
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        if time.monotonic() - self.used_at > IDLE_SECONDS_MAX:
            self.connection.close()
        if self.connection.sock is None:
            self.connection.connect()
            self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.connection.request(method, self.prefix + path, body=body, headers=sent)
            response = self.connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
            self.used_at = time.monotonic()
            return answer
        except BaseException:
            self.connection.close()
            raise

    def get(self, path, **query):
        """GET with a query string made of the keyword arguments."""
        return self.send("GET", f"{path}?{urllib.parse.urlencode(query)}" if query else path)

    def post(self, path, body):
        """POST of a JSON body."""
        return self.send("POST", path, body)

    def verify(self, **selector):
        """GET /api/payments/verify/."""
        return self.get("/api/payments/verify/", **selector)

    def claim(self, **selector):
        """POST /api/payments/claim/."""
        return self.post("/api/payments/claim/", selector)

    def close(self):
        """Ends the connection; the next request makes a new one."""
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
