"""How the page is served: its policy, its files, its words, and who is led to it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from fakes.control import page
from fakes.control.page.blueprint import catalogue, rendered
from tests.fakes.control.page.conftest import Workbench, running

FOLDER = Path(page.__file__).parent
FILES = [path for path in (FOLDER / "files").rglob("*") if path.is_file()]
SOURCES = [*FOLDER.glob("*.jinja"), *(path for path in FILES if path.suffix == ".js")]


@pytest.fixture(scope="module")
def served() -> Iterator[Workbench]:
    with running("cht") as found:
        yield found


def test_the_policy_lets_the_page_load_and_ask_this_address_alone(served: Workbench) -> None:
    reply = requests.get(f"{served.url}/page", timeout=5)
    assert reply.headers["Content-Security-Policy"].startswith("default-src 'self'; base-uri 'none'; ")
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    inline = re.findall(r"<script(?! type=\"(?:application/json|module)\")|<style| style=| on\w+=", reply.text)
    assert inline == []
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//", reply.text) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_served_and_fetches_nothing_from_elsewhere(served: Workbench, path: Path) -> None:
    reply = requests.get(f"{served.url}/page/{path.relative_to(FOLDER / 'files').as_posix()}", timeout=5)
    assert reply.status_code == 200
    assert reply.content == path.read_bytes()
    assert reply.headers["Cache-Control"] == "no-cache"
    outside = [one for one in re.findall(r"https?://[\w.]+", reply.text) if one != "http://www.w3.org"]
    assert outside == []


@pytest.mark.parametrize("path", ["../blueprint.py", "%2e%2e/blueprint.py", "..%2Fblueprint.py", "nothing.js", ""])
def test_nothing_else_is_served(served: Workbench, path: str) -> None:
    session = requests.Session()
    asked = requests.Request("GET", f"{served.url}/page/").prepare()
    asked.url = f"{served.url}/page/{path}"  # as it is, without the client's own tidying
    assert session.send(asked, timeout=5).status_code == 404


@pytest.mark.parametrize(
    ("accept", "location"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "/page"),
        ("application/json", None),
        ("*/*", None),
        ("application/json, text/html;q=0.5", None),
        (None, None),
    ],
)
def test_a_browser_is_led_to_the_page_and_programs_get_the_list(
    served: Workbench, accept: str | None, location: str | None
) -> None:
    reply = requests.get(f"{served.url}/", headers={"Accept": accept}, timeout=5, allow_redirects=False)
    assert reply.headers.get("Location") == location
    assert location is not None or "/page" in {route["path"] for route in reply.json()["routes"]}


@pytest.mark.parametrize(("arguments", "status"), [(("--page",), 200), ((), 404)])
def test_the_fakes_have_the_page_if_it_is_asked_for(arguments: tuple[str, ...], status: int) -> None:
    command = [sys.executable, "-m", "fakes", "cht", "--stop-with-stdin", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        control = json.loads(running.stdout.readline())["control"]
        assert requests.get(f"{control}/page", timeout=20).status_code == status
        running.stdin.close()
        assert running.wait(timeout=20) == 0


def names_in(text: str) -> Iterator[str]:
    """Names of words, and beginnings of names that are put together, which end with a star."""
    yield from re.findall(r"\bt\((?:[^()\"`]*\? )?\"([\w.]+)\"", text)
    yield from re.findall(r" : \"([a-z]+\.[\w.]+)\"", text)
    for made in re.findall(r"\bt\((?:[^()\"`]*\? )?`([^`]+)`", text):
        yield re.sub(r"\$\{[^}]*\}", "*", made)
    for group in re.findall(r"named\(\"(\w+)\"", text):
        yield f"{group}.*"
    yield from (f"*{end}" for end in re.findall(r"t\(name ~ \"([.\w]+)\"\)", text))


def test_all_words_are_in_the_catalogue_and_all_of_it_is_used() -> None:
    words = catalogue("en")
    names = {name for path in SOURCES for name in names_in(path.read_text("utf-8"))}
    patterns = [re.compile(re.escape(name).replace(r"\*", r"[\w-]+")) for name in names]
    assert [name for name in names if "*" not in name and name not in words] == []
    assert [word for word in words if not any(pattern.fullmatch(word) for pattern in patterns)] == []


def test_no_words_of_the_page_are_outside_the_catalogue() -> None:
    """A script that holds a sentence of its own could not be translated."""
    for path in SOURCES:
        code = re.sub(r"(?m)^\s*//.*$|  // .*$", "", path.read_text("utf-8"))
        texts = (
            re.findall(r"\"([^\"\n]*)\"|`([^`]*)`", code) if path.suffix == ".js" else re.findall(r">([^<>{}]+)<", code)
        )
        shown = [one for found in texts for one in (found if isinstance(found, tuple) else (found,))]
        assert [one for one in shown if re.search(r"[A-Z][a-z]+ [a-z]+ [a-z]+", one)] == [], path.name


def test_the_page_is_in_the_language_that_the_browser_wants(served: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    words = {name: f"«{name}»" for name in catalogue("en")}
    monkeypatch.setattr("fakes.control.page.blueprint.languages", lambda: ["en", "sw"])
    monkeypatch.setattr("fakes.control.page.blueprint.catalogue", lambda _language: words)
    other = requests.get(f"{served.url}/page", headers={"Accept-Language": "sw-KE, sw;q=0.9, en;q=0.8"}, timeout=5).text
    assert '<html lang="sw">' in other
    assert "<h1>«title»</h1>" in other
    assert not re.search(r">[A-Z][a-z]+", other.split("</script>")[-1])
    rendered.cache_clear()
    monkeypatch.undo()
    mine = requests.get(f"{served.url}/page", headers={"Accept-Language": "sw-KE, sw;q=0.9, de;q=0.8"}, timeout=5).text
    assert '<html lang="en">' in mine
