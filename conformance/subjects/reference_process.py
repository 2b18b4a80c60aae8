"""The reference relay as a separate process: our package `relay`, wherever the harness is run."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from conformance.services.neighbours import Neighbours
from conformance.subjects.external import ExternalRelay, free_port
from fakes.serving.own_python import own_command, own_environment

REFERENCE_COMMAND = shlex.join(own_command("relay"))


class ReferenceProcess(ExternalRelay):
    """The reference relay on loopback, on a free port by default."""

    def __init__(self, poll_seconds: float, port: int = 0) -> None:
        url = f"http://127.0.0.1:{port or free_port()}"
        super().__init__(url, REFERENCE_COMMAND, name="reference", poll_seconds=poll_seconds)

    def environment(self, neighbours: Neighbours) -> Mapping[str, str]:
        """Also leads Python to our packages, and not to those of the user."""
        return {**super().environment(neighbours), "PYTHONPATH": own_environment({}).get("PYTHONPATH", "")}
