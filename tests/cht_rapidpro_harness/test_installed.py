"""The built wheel in a project that has packages named like ours: fixtures, the command, and what it starts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
import uv

from tests.cht_rapidpro_harness.pytest_run import environment, write
from tests.folders import ROOT

THEIRS = {
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\ntestpaths = ["tests"]\n',
    "conformance/__init__.py": "OWNER = 'them'\n",
    "fakes/__init__.py": "OWNER = 'them'\n",
    "features/__init__.py": "OWNER = 'them'\n",
    "features/broken.feature": "This is no feature.\n",
    "relay/__init__.py": '''
"""Their relay."""

class Relay:
    def __init__(self, session, cht, account, rapidpro, token):
        self.session, self.cht, self.account = session, cht, account
        self.rapidpro, self.headers = rapidpro, {"Authorization": f"Token {token}"}

    def poll(self):
        found = self.session.post(f"{self.cht}/api/sms", json={"messages": [], "updates": []}, auth=self.account).json()
        for text in found["messages"]:
            body = {"urns": [f"tel:{text['to']}"], "text": text["content"]}
            self.session.post(f"{self.rapidpro}/api/v2/broadcasts.json", json=body, headers=self.headers)
''',
    "tests/test_relay.py": """
import conformance, fakes, features, pytest, requests
from cht_rapidpro_harness import SmsWorld
from relay import Relay

@pytest.mark.parametrize("number", [f"+25078812300{digit}" for digit in range(4)])
@pytest.mark.parametrize("mode", ["in-process", "processes"])
def test_a_reminder_arrives(mode, number, request):
    request.applymarker(pytest.mark.sms_world(mode=mode))
    world: SmsWorld = request.getfixturevalue("sms_world")
    cht = request.getfixturevalue("fake_cht")
    relay = Relay(world.session(), cht.url, (cht.user, cht.password), world.rapidpro.url, world.rapidpro.token)
    cht.text_due(number, "Come on Monday")
    relay.poll()
    world.eventually(lambda: world.phone(number).received == ["Come on Monday"])

def test_their_packages_are_theirs():
    assert (conformance.OWNER, fakes.OWNER, features.OWNER) == ("them", "them", "them")
""",
}


USES = """from cht_rapidpro_harness import start_world
with start_world(profile="9.3") as world:
    reveal_type(world.phone("+250788123001").received)
    world.pass_time("an hour")
from cht_rapidpro_harness import World
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment into which the built wheel is installed, beside the packages of this one."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", symlinks=True)
    interpreter = folder / "venv" / "bin" / "python"
    options = ["--quiet", "--offline", "--no-deps", "--python", str(interpreter)]
    install = [uv.find_uv_bin(), "pip", "install", *options, str(wheel)]
    subprocess.run(install, check=True, env=environment({"UV_CACHE_DIR": str(folder / "cache")}))
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder / "venv")}))
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n", "utf-8")
    return interpreter


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with packages named like ours."""
    write(tmp_path, THEIRS)
    return tmp_path


def run(command: list[str | Path], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment(variables), capture_output=True, text=True, timeout=120, check=False
    )


def test_the_fixtures_work_beside_packages_of_the_same_names(python: Path, project: Path) -> None:
    done = run([python, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"], project)
    assert "9 passed" in done.stdout, done.stdout + done.stderr


def test_the_command_and_what_it_starts_are_ours(python: Path, project: Path) -> None:
    command = python.with_name("relay-harness")
    done = run([command, "conform", "--only", "IN-1"], project)
    assert done.returncode == 0, done.stdout + done.stderr
    with subprocess.Popen([command, "up", "--json"], cwd=project, env=environment({}), stdout=subprocess.PIPE) as up:
        assert up.stdout is not None
        addresses = json.loads(up.stdout.readline())
        up.terminate()
    assert up.returncode == 0
    assert addresses["relay"].startswith("http://127.0.0.1:")


def test_a_package_in_the_way_of_the_command_is_named(python: Path, project: Path) -> None:
    (project / "conformance" / "__init__.py").unlink()
    (project / "conformance").rmdir()
    commands: list[list[str | Path]] = [[python.with_name("relay-harness")], [python, "-m", "conformance"]]
    for command in commands:
        done = run([*command, "list"], project, PYTHONPATH=str(project))
        assert done.returncode == 2
        assert f"{project / 'fakes'} is found in place of the harness's own package `fakes`" in done.stderr
        assert "python -P -m conformance" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_plugin_can_be_switched_off(python: Path, project: Path) -> None:
    done = run([python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:cht_rapidpro_harness"], project)
    assert "fixture 'sms_world' not found" in done.stdout, done.stdout + done.stderr


def test_the_public_names_are_typed(python: Path, tmp_path: Path) -> None:
    (tmp_path / "uses.py").write_text(USES, "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python), "uses.py"]
    done = run([*command], tmp_path)
    assert re.findall(r"uses.py:(\d): error: (.*)  \[", done.stdout) == [
        ("4", 'Argument 1 to "pass_time" of "SmsWorld" has incompatible type "str"; expected "float"'),
        ("5", 'Module "cht_rapidpro_harness" has no attribute "World"; maybe "SmsWorld"?'),
    ], done.stdout + done.stderr
    assert 'note: Revealed type is "list[str]"' in done.stdout


def test_the_environment_of_the_test_is_not_this_checkout(python: Path, tmp_path: Path) -> None:
    where = "import cht_rapidpro_harness, fakes, relay; print(cht_rapidpro_harness.__file__, fakes.__file__)"
    done = run([python, "-P", "-c", where], tmp_path)
    assert str(ROOT) not in done.stdout
    assert done.stdout.count(f"site-packages{os.sep}") == 2, done.stderr
