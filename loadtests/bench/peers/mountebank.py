"""mountebank, a peer in JavaScript: an imposter with a script that does the same stateful job as the fake RapidPro.

The package is `@mbtest/mountebank`: under the name `mountebank` the original author published until 2024; since 2025
the project is maintained under https://github.com/mountebank-testing, which publishes under this name.

Everything that costs time is off, as mountebank starts: it records no requests and writes no log.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fakes.serving.process import Addresses, StartError

VERSION = "2.9.2"
PACKAGE = f"@mbtest/mountebank@{VERSION}"
COMMAND = Path("node_modules", "@mbtest", "mountebank", "bin", "mb")
INSTALL_SECONDS, START_SECONDS = 180, 30
SEND = """config => {
  const state = config.state, sent = JSON.parse(config.request.body), now = new Date().toISOString();
  const id = state.last = (state.last || 0) + 1;
  state.messages = state.messages || {};
  state.messages[id] = sent.urns.map(urn => ({
    id, broadcast: id, urn, direction: 'out', status: 'queued', text: sent.text, created_on: now, modified_on: now
  }));
  return %s(201, {id, status: 'queued', created_on: now, ...sent});
}"""
LOOK_UP = """config => %s(200, {
  next: null, previous: null, results: (config.state.messages || {})[config.request.query.broadcast] || []
})"""
ANSWER = """((statusCode, content) => {
  const body = JSON.stringify(content), length = Buffer.byteLength(body);
  const headers = {'Content-Type': 'application/json', 'Content-Length': length, Connection: 'keep-alive'};
  return {statusCode, headers, body};
})"""


class NoMountebank(Exception):
    """mountebank cannot be installed; the text says why and what to do."""


def install(folder: Path) -> Path:
    """Install mountebank into `folder`, unless that version is there already: its command. Raises NoMountebank."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise NoMountebank(f"{program} is not installed: install Node.js 18 or newer, or leave out --peers")
    command = folder / COMMAND
    if _installed_version(folder) == VERSION:
        return command
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise NoMountebank(f"{folder} cannot be made: {failure.strerror or failure}") from None
    words = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise NoMountebank(f"npm did not install {PACKAGE} within {INSTALL_SECONDS} seconds") from None
    if done.returncode:
        raise NoMountebank(f"npm cannot install {PACKAGE} into {folder}: {done.stderr.strip()[-500:]}")
    return command


def _installed_version(folder: Path) -> str | None:
    try:
        found = json.loads((folder / COMMAND.parents[1] / "package.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return str(found.get("version")) if isinstance(found, dict) else None


@contextlib.contextmanager
def start_mountebank(command: Path) -> Iterator[Addresses]:
    """mountebank with the imposter during a `with` block. Raises StartError."""
    control, port = _free_port(), _free_port()
    options = ["--host", "127.0.0.1", "--port", str(control), "--localOnly", "--allowInjection"]
    quiet = ["--nologfile", "--loglevel", "warn", "--noParse", "--configfile", "imposters.json"]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder, "imposters.json").write_text(json.dumps({"imposters": [imposter(port)]}), "utf-8")
        log = Path(folder, "log")
        with log.open("wb") as output:
            words = ["node", str(command.resolve()), "start", *options, *quiet]
            process = subprocess.Popen(words, cwd=folder, stdout=output, stderr=output)
        try:
            if not _listens(port, process):
                raise StartError(f"mountebank did not start: {log.read_text('utf-8', 'replace').strip()[-500:]}")
            yield Addresses(f"http://127.0.0.1:{control}", f"http://127.0.0.1:{port}", pid=process.pid)
        finally:
            process.terminate()
            process.wait()


def _listens(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Wait until somebody listens there; False if the process ends, or takes too long."""
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return True
        time.sleep(0.05)
    return False


def imposter(port: int) -> dict[str, Any]:
    """What mountebank is told to be."""
    return {
        "protocol": "http",
        "host": "127.0.0.1",
        "port": port,
        "stubs": [
            _stub("POST", "/api/v2/broadcasts.json", SEND % ANSWER),
            _stub("GET", "/api/v2/messages.json", LOOK_UP % ANSWER),
        ],
    }


def _stub(method: str, path: str, script: str) -> dict[str, Any]:
    return {"predicates": [{"equals": {"method": method, "path": path}}], "responses": [{"inject": script}]}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
