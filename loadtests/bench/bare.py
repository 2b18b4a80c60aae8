"""`python -m loadtests.bench.bare`: a WSGI callable that does nothing, served as the fakes are.

The cost of the server alone, as the reference for the cost of the fakes: machines differ, the ratio hardly does.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable

from fakes.serving.server import WSGIServer
from fakes.serving.wsgi import Environ, StartResponse
from fakes.standalone import THREADS, listen

BODY = b"{}"


def app(_environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer every request with an empty object."""
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))])
    return [BODY]


def main() -> None:
    """Serve until standard input ends; prints the addresses in the format of the fakes."""
    listener = listen("127.0.0.1", 0)
    WSGIServer(app, listener, threads=THREADS).start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    print(json.dumps({"control": url, "rapidpro": url}), flush=True)
    sys.stdin.buffer.read()
    os._exit(0)  # at once: the threads of the server would keep the process alive


if __name__ == "__main__":
    main()
