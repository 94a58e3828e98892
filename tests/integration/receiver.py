# SPDX-License-Identifier: ISC
"""A webhook on loopback, which keeps what it gets and answers as it is told."""
import http.server
import json
import threading
import time

TOKEN = "T0ken-of-the-hook"


class Receiver:
    """A webhook that keeps what it gets; `answers` says with what the next ones are answered."""

    def __init__(self):
        receiver = self
        self.got = []  # (time, path, headers, body, status)
        self.answers = []  # (status, headers, seconds to wait); empty: 204

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status, headers, wait = receiver.answers.pop(0) if receiver.answers else (204, {}, 0)
                receiver.got.append((time.monotonic(), self.path, self.headers, body, status))
                time.sleep(wait)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook/{TOKEN}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def bodies(self):
        return [json.loads(body) for *_, body, status in self.got if 200 <= status < 300]

    def events(self):
        return [body["event"] for body in self.bodies()]

    def only(self, event):
        assert self.events() == [event]
        return self.bodies()[0]

    def forget(self):
        self.got.clear()
        self.answers.clear()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
