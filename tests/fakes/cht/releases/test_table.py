"""The table of releases: each row is a difference, and each field is read by the fake."""

from __future__ import annotations

import inspect
import random
import re
import subprocess
import sys
from dataclasses import fields
from itertools import pairwise

import pytest
import requests

from fakes.assembly import assemble_services
from fakes.cht.releases.docs import updated
from fakes.cht.releases.release import Release
from fakes.cht.releases.table import NEWEST, RELEASES, release_named, switches
from fakes.cht.service import Cht
from fakes.clock import VirtualClock
from fakes.field_meanings import meanings
from fakes.standalone import Settings
from tests.folders import ROOT

FIELDS = tuple(field.name for field in fields(Release))


def test_the_releases_are_in_order_and_each_gives_its_version() -> None:
    assert list(RELEASES) == ["3.11", "4.4", "4.13", "4.17", "4.21", "5.1", "5.2"]
    assert all(release.version == f"{name}.0" for name, release in RELEASES.items())
    assert len({release.about for release in RELEASES.values()}) == len(RELEASES)


def test_neighbouring_releases_differ_in_what_they_do() -> None:
    for one, other in pairwise(RELEASES.values()):
        assert any(
            getattr(one, name) != getattr(other, name) for name in FIELDS if name not in {"name", "about", "version"}
        )


@pytest.mark.parametrize("name", [name for name in FIELDS if name not in {"name", "about"}])
def test_each_field_says_what_it_means_and_is_read_outside_the_table(name: str) -> None:
    assert meanings(Release)[name]
    source = "".join(
        path.read_text("utf-8")
        for path in (ROOT / "fakes/cht").rglob("*.py")
        if path.name not in {"table.py", "docs.py"}
    )
    assert re.search(rf"(release|self)\.{name}\b", source)


def test_no_module_asks_for_a_release_by_its_name() -> None:
    names = "|".join(re.escape(name) for name in RELEASES)
    asked = re.compile(rf"(==|!=|\bin) *\(?[\"']({names})[\"']")
    found = [path for path in (ROOT / "fakes/cht").rglob("*.py") if asked.search(path.read_text("utf-8"))]
    assert found == []


def test_doubled_transitions_are_off_in_every_release() -> None:
    assert not any(release.doubles_transitions for release in RELEASES.values())
    assert switches(RELEASES["4.13"])["right_path"] is True
    assert "uuid_version" not in switches(RELEASES["5.2"])


def test_an_unknown_release_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"3\.11, 4\.4, 4\.13, 4\.17, 4\.21, 5\.1, 5\.2, got '4\.0'"):
        release_named("4.0")


def test_the_list_in_the_documents_is_up_to_date() -> None:
    text = (ROOT / "docs/cht-releases.md").read_text("utf-8")
    assert updated(text) == text
    with pytest.raises(ValueError, match="markers"):
        updated("nothing")


def test_the_newest_release_is_the_default_everywhere() -> None:
    assert Settings(services=()).cht_release == NEWEST == list(RELEASES)[-1]
    assert inspect.signature(assemble_services).parameters["cht_release"].default == NEWEST


@pytest.mark.parametrize("name", RELEASES)
def test_the_fake_can_be_each_of_them(name: str) -> None:
    assert (
        Cht(VirtualClock(), session=requests.Session(), rng=random.Random(1), release=name).state.release
        is RELEASES[name]
    )


def test_the_command_line_refuses_an_unknown_one_with_a_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fakes", "cht", "--cht-release", "4.0"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "expected one of 3.11, 4.4, 4.13" in done.stderr
    assert "Traceback" not in done.stderr
