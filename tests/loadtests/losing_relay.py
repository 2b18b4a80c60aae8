"""A relay over HTTP that polls CHT and accepts nine of ten texts, but hands nothing on. Run it as a script."""

from __future__ import annotations

import base64
import http.server
import itertools
import json
import os
import threading
import urllib.request


class Handler(http.server.BaseHTTPRequestHandler):
    """Says that the text is saved; to each tenth it answers 500."""

    protocol_version = "HTTP/1.1"
    requests = itertools.count(1)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps({"saved": 1}).encode()
        self.send_response(500 if next(self.requests) % 10 == 0 else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def poll() -> None:
    """Ask CHT for texts, and forget them."""
    pair = f"{os.environ['RELAY_CHT_USER']}:{os.environ['RELAY_CHT_PASSWORD']}".encode()
    headers = {"Authorization": "Basic " + base64.b64encode(pair).decode(), "Content-Type": "application/json"}
    request = urllib.request.Request(f"{os.environ['RELAY_CHT_URL']}/api/sms", b"{}", headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()


def main() -> None:
    """Poll once a second, and serve."""
    host, _, port = os.environ["RELAY_LISTEN"].rpartition(":")
    ticks = threading.Event()

    def polling() -> None:
        while not ticks.wait(1):
            poll()

    threading.Thread(target=polling, daemon=True).start()
    http.server.ThreadingHTTPServer((host, int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main()
