"""Dockerfile and compose.yaml: linted, and their commands run here, as there is no Docker in the tests."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.services.neighbours import CHT_GATEWAY, INCOMING_TOKEN, RAPIDPRO_TOKEN
from conformance.subjects.base import ENVIRONMENT
from conformance.subjects.external import free_port
from fakes.ledger.options import IN_CONTAINER, USUAL, arguments
from tests.distribution.conftest import Installed
from tests.folders import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
PAGE = (ROOT / "docs" / "containers.md").read_text("utf-8")
PORTS = ("8000", "8001", "8002", "7070")
COMMANDS = Path(sys.executable).parent


def instructions(name: str) -> list[str]:
    """The arguments of an instruction of the Dockerfile, wherever it occurs."""
    text = DOCKERFILE.replace("\\\n", " ")
    return [match[1].strip() for match in re.finditer(rf"^{name}\s+(.*)$", text, re.MULTILINE)]


def test_the_dockerfile_has_no_flaws() -> None:
    done = subprocess.run([COMMANDS / "hadolint", "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_bounds_the_ledger_as_the_page_and_the_help_say() -> None:
    (command,) = [json.loads(one) for one in instructions("CMD")]
    assert set(arguments(IN_CONTAINER)) <= set(command)
    for option, field in (("memory", "memory"), ("older", "older"), ("spool", "spool_mib"), ("body", "body")):
        usual, small = getattr(USUAL, field), getattr(IN_CONTAINER, field)
        assert re.search(rf"\| `--ledger-{option}`.* \| `?{usual}`? \| `?{small}`? \|", PAGE)


def test_compose_is_valid() -> None:
    command = [str(COMMANDS / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "compose.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", ["action.yml", "compose.yaml", "ci/gitlab.yml"])
def test_yaml_is_tidy(file: str) -> None:
    done = subprocess.run([COMMANDS / "yamllint", "-s", file], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_is_pinned_runs_as_nobody_special_and_serves_the_fakes() -> None:
    images = [words.split()[0] for words in instructions("FROM")]
    assert len(images) == 2
    assert all(re.fullmatch(r"python:3\.\d+-slim-\w+", image) for image in images)
    (user,) = instructions("USER")
    assert int(user) > 1000
    (command,) = [json.loads(one) for one in instructions("CMD")]
    assert command[:4] == ["python", "-m", "fakes", "both"]
    assert "8002" not in " ".join(instructions("EXPOSE")), "the control API stays inside"


def test_every_package_of_the_project_gets_into_the_image() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    kept = {
        line[1:].rstrip("/") for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] == "!"
    }
    needed = {*packages, "pyproject.toml", "uv.lock", project["project"]["readme"], "LICENSE"}
    assert needed <= kept
    assert not {name for name in kept if name.startswith((".", "tests"))}


def test_every_locked_package_has_a_wheel_for_the_image_which_has_no_compiler() -> None:
    packages = {row["name"]: row for row in tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]}
    python = re.sub(r"\D", "", instructions("FROM")[0].split("-")[0].split(":")[1])
    waiting, seen = ["cht-rapidpro-harness"], {"cht-rapidpro-harness", "pywin32"}  # pywin32 is for Windows only
    while waiting:
        rows = packages[waiting.pop()].get("dependencies", [])
        new = {row["name"] for row in rows} - seen
        seen |= new
        waiting += new
        for name in new:
            for machine in ("x86_64", "aarch64"):
                wheels = [wheel["url"].rpartition("/")[2] for wheel in packages[name].get("wheels", [])]
                assert any(_fits(wheel, python, machine) for wheel in wheels), f"{name} on {machine}"
    assert len(seen) > 50


def _fits(wheel: str, python: str, machine: str) -> bool:
    if wheel.endswith("-none-any.whl"):
        return True
    fits_python = f"-cp{python}-cp{python}-" in wheel or "-abi3-" in wheel or "-py3-none-" in wheel
    return fits_python and "manylinux" in wheel and machine in wheel


def test_compose_gives_the_relay_its_environment_and_nothing_but_test_secrets() -> None:
    services = COMPOSE["services"]
    environment = services["relay"]["environment"]
    assert set(environment) <= set(ENVIRONMENT)
    assert environment["RELAY_RAPIDPRO_TOKEN"] == RAPIDPRO_TOKEN
    assert (environment["RELAY_CHT_USER"], environment["RELAY_CHT_PASSWORD"]) == CHT_GATEWAY
    assert environment["RELAY_INCOMING_TOKEN"] == INCOMING_TOKEN
    assert all(port.startswith("127.0.0.1:") for port in services["fakes"]["ports"])
    assert not any("8002" in port for port in services["fakes"]["ports"])
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["read_only"], name
        assert name == "fakes" or service["network_mode"] == "service:fakes"


class Composed:
    """The services of compose.yaml as processes of this machine, on free ports, with the commands of `installed`."""

    def __init__(self, installed: Installed, folder: Path) -> None:
        self._commands, self._folder = installed.commands, folder
        self._ports = {port: str(free_port()) for port in PORTS}
        self._ports["8001"] = str(int(self._ports["8000"]) + 1)

    def adapted(self, value: Any) -> Any:
        """A command or a variable with this run's ports and folder."""
        if isinstance(value, list):
            return [self.adapted(one) for one in value]
        text = re.sub(r"\b(8000|8001|8002|7070)\b", lambda found: self._ports[found[1]], str(value))
        return text.replace("/data/", f"{self._folder}/")

    def options(self, environment: Any) -> dict[str, Any]:
        """How to start something: like in the image, nothing is inherited."""
        path = f"{self._commands}:/usr/bin:/bin"
        return {"cwd": self._folder, "env": {"PATH": path, **{k: self.adapted(v) for k, v in environment.items()}}}

    def run(self, command: list[str], environment: Any = None) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.adapted(command), **self.options(environment or {}), capture_output=True, text=True, check=False,
            timeout=60,
        )  # fmt: skip

    @contextmanager
    def running(self, command: list[str], healthcheck: list[str], environment: Any = None) -> Iterator[None]:
        """A service that is healthy."""
        process = subprocess.Popen(self.adapted(command), **self.options(environment or {}), stdout=subprocess.PIPE)
        try:
            assert process.stdout is not None
            assert process.stdout.readline(), "it ended"
            healthy = self.run(healthcheck)
            assert healthy.returncode == 0, healthy.stderr
            yield
        finally:
            process.terminate()
            process.communicate(timeout=20)


def test_the_services_of_compose_work_together(installed: Installed, tmp_path: Path) -> None:
    composed, services = Composed(installed, tmp_path), COMPOSE["services"]
    image_command = json.loads(instructions("CMD")[0])
    image_check = json.loads(instructions("HEALTHCHECK")[0].split("CMD ")[1])
    relay = services["relay"]
    assert composed.run(image_check).returncode == 1, "nothing runs yet"
    with ExitStack() as stack:
        stack.enter_context(composed.running([*image_command, "--bind", "127.0.0.1"], image_check))
        stack.enter_context(composed.running(relay["command"], relay["healthcheck"]["test"][1:], relay["environment"]))
        connected = composed.run(services["connect"]["command"])
        assert connected.returncode == 0, connected.stderr
        harness = services["harness"]
        asked = re.findall(r"^docker compose run --rm harness (.*)$", PAGE, re.MULTILINE)
        assert len(asked) >= 4
        for words in asked:
            done = composed.run([*harness["entrypoint"], *shlex.split(words, comments=True)], harness["environment"])
            assert done.returncode == 0, words + done.stdout + done.stderr
