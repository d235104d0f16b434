"""A server that takes callbacks, for the tests of who sends them."""
import http.server
import threading
import time

WAIT_SECONDS = 20


class Receiver:
    """Takes callbacks: remembers them, and answers what `answers` has for the path."""

    def __init__(self):
        self.posts, self.answers, self.delay_s = [], {}, 0
        self.lock = threading.Condition()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                if outer.delay_s:
                    time.sleep(outer.delay_s)
                status, answer = outer.answers.get(self.path, (200, '{"ResultCode":0}'))
                # Noted before it is answered: who is told of the answer finds the note.
                with outer.lock:
                    outer.posts.append((self.path, body, time.monotonic()))
                    outer.lock.notify_all()
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size, daemon_threads = 256, True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def bodies(self, path):
        with self.lock:
            return [body for where, body, _ in self.posts if where == path]

    def when(self, path):
        """When the first one to a path was taken."""
        with self.lock:
            return next(at for where, _, at in self.posts if where == path)

    def wait(self, path, count=1, timeout_s=WAIT_SECONDS):
        """The bodies posted to a path, once there are `count`."""
        deadline = time.monotonic() + timeout_s
        with self.lock:
            while sum(where == path for where, _, _ in self.posts) < count:
                left = deadline - time.monotonic()
                assert left > 0, f"{path} got fewer than {count} callbacks"
                self.lock.wait(left)
        return self.bodies(path)
