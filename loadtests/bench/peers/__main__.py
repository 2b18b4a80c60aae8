"""`python -m loadtests.bench.peers NAME`: serves one peer until standard input ends."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from socket import socket

import waitress  # type: ignore[import-untyped]  # neither it nor typeshed has types

from conformance.services.neighbours import RAPIDPRO_TOKEN
from fakes.serving.server import WSGIServer
from fakes.serving.wsgi import WSGIApp
from fakes.standalone import THREADS, listen
from loadtests.bench.peers.wsgi_apps import bare, flask_app

WAITRESS_THREADS = 8
"""As many as the benchmark has connections; waitress starts with 4."""


def main() -> None:
    """Prints the address in the format of the fakes."""
    listener = listen("127.0.0.1", 0)
    serve, app = chosen(sys.argv[1])
    threading.Thread(target=serve, args=(app, listener), daemon=True).start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    print(json.dumps({"control": url, "rapidpro": url}), flush=True)
    sys.stdin.buffer.read()
    os._exit(0)  # at once: the threads of the server would keep the process alive


def chosen(name: str) -> tuple[Callable[[WSGIApp, socket], None], WSGIApp]:
    """The function that serves this peer, and its app."""
    if name == "bare":
        return _serve_as_the_fakes, bare
    return (_serve_with_waitress if name == "flask-waitress" else _serve_as_the_fakes), flask_app(RAPIDPRO_TOKEN)


def _serve_as_the_fakes(app: WSGIApp, listener: socket) -> None:
    WSGIServer(app, listener, threads=THREADS).start()


def _serve_with_waitress(app: WSGIApp, listener: socket) -> None:
    logging.getLogger("waitress").setLevel(logging.ERROR)  # it warns when a request waits
    waitress.serve(app, sockets=[listener], threads=WAITRESS_THREADS, _quiet=True)


if __name__ == "__main__":
    main()
