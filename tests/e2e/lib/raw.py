"""Requests as bytes, for those that an HTTP library would not send."""
import http.client
import socket
import urllib.parse

from lib.client import Answer

TIMEOUT_SECONDS = 20


def exchange(base_url, request, body=b""):
    """The answer to a request line with headers (without the empty line), and a body."""
    parts = urllib.parse.urlsplit(base_url)
    with socket.create_connection((parts.hostname, parts.port), TIMEOUT_SECONDS) as connection:
        try:
            connection.sendall(request.rstrip(b"\r\n") + b"\r\nHost: localhost\r\n"
                               b"Connection: close\r\n\r\n")
            connection.sendall(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before the body was sent: the answer is there already
        response = http.client.HTTPResponse(connection)
        try:
            response.begin()
        except ConnectionResetError as error:
            raise AssertionError("no answer") from error
        return Answer(response.status, response.headers, response.read())


def post(base_url, path, headers, body):
    """POST with these headers, given as lines of bytes, and the right length."""
    lines = [f"POST {path} HTTP/1.1".encode(), f"Content-Length: {len(body)}".encode(), *headers]
    return exchange(base_url, b"\r\n".join(lines), body)
