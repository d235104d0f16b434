"""The FastCGI protocol from the web server's side, down to single records and half ones."""
import socket
import struct

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = 1, 2, 3, 4, 5, 6, 7
GET_VALUES, GET_VALUES_RESULT = 9, 10
RESPONDER, AUTHORIZER = 1, 2
KEEP_CONNECTION = 1
PART_BYTES_MAX = 65528


def record(kind, content=b"", request=1):
    """One record with its padding."""
    padding = -len(content) % 8
    header = struct.pack("!BBHHBx", 1, kind, request, len(content), padding)
    return header + content + bytes(padding)


def begin(role=RESPONDER, flags=0):
    """The record that begins a request."""
    return record(BEGIN, struct.pack("!HB5x", role, flags))


def length_of(text):
    """The length of a name or value, in one byte or four."""
    if len(text) < 128:
        return struct.pack("!B", len(text))
    return struct.pack("!I", len(text) | 1 << 31)


def pair(name, value):
    """One variable."""
    name, value = name.encode(), value.encode()
    return length_of(name) + length_of(value) + name + value


def stream(kind, content):
    """A whole stream: its parts and the empty record that ends it."""
    parts = [record(kind, content[i:i + PART_BYTES_MAX])
             for i in range(0, len(content), PART_BYTES_MAX)]
    return b"".join(parts) + record(kind)


def variables(uri, method="GET", body=b"", more=()):
    """The variables of a request, as pairs."""
    pairs = [("REQUEST_METHOD", method), ("REQUEST_URI", uri), ("SCRIPT_NAME", uri.split("?")[0]),
             ("SERVER_PROTOCOL", "HTTP/1.1"), ("REMOTE_ADDR", "127.0.0.1")]
    if body or method != "GET":
        pairs.append(("CONTENT_LENGTH", str(len(body))))
    return pairs + list(more)


def params(pairs):
    """The variables' stream content."""
    return b"".join(pair(name, value) for name, value in pairs)


def request(uri, method="GET", body=b"", more=(), flags=0, role=RESPONDER):
    """A whole request."""
    return (begin(role, flags) + stream(PARAMS, params(variables(uri, method, body, more)))
            + stream(STDIN, body))


def connect(address, timeout=20):
    """A connection to a path or to (host, port)."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    peer = socket.socket(family, socket.SOCK_STREAM)
    peer.settimeout(timeout)
    peer.connect(address)
    return peer


class Answer:
    """What came back: the records' contents, whether the request ended, whether it was closed."""

    def __init__(self, raw):
        self.output, self.ended, self.values = b"", False, b""
        while len(raw) >= 8:
            _, kind, _, length, padding = struct.unpack("!BBHHBx", raw[:8])
            content = raw[8:8 + length]
            if len(content) < length:
                break
            raw = raw[8 + length + padding:]
            self.output += content if kind == STDOUT else b""
            self.values += content if kind == GET_VALUES_RESULT else b""
            self.ended = self.ended or kind == END

    @property
    def body(self):
        """What follows the CGI headers, as text."""
        return self.output.partition(b"\r\n\r\n")[2].decode()

    @property
    def fields(self):
        """The words `name=value` of the body."""
        return dict(word.split("=", 1) for word in self.body.split(" ") if "=" in word)

    @property
    def ok(self):
        """A complete answer with status 200."""
        return self.ended and self.output.startswith(b"Status: 200 ")


def read_all(peer):
    """Everything until the other side closes or breaks off."""
    raw = bytearray()
    while True:
        try:
            piece = peer.recv(65536)
        except ConnectionError:
            return bytes(raw)
        if not piece:
            return bytes(raw)
        raw += piece


def exchange(address, raw, timeout=20):
    """Sends the bytes and reads the answer until the connection is closed."""
    with connect(address, timeout) as peer:
        peer.sendall(raw)
        return Answer(read_all(peer))


def get(address, uri, **options):
    """The answer to a request."""
    return exchange(address, request(uri, **options))
