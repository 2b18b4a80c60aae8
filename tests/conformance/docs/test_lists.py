"""The generated lists in the documents are up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.docs.lists import UnknownList, documents, lists, stale, updated
from conformance.services.neighbours import neighbours
from conformance.subjects.base import ENVIRONMENT
from conformance.subjects.external import ExternalRelay
from tests.folders import ROOT


def test_no_generated_list_is_out_of_date() -> None:
    assert stale(ROOT) == [], "run make docs"


def test_every_list_stands_in_some_document() -> None:
    text = "".join(path.read_text("utf-8") for path in documents(ROOT))
    assert [name for name in lists() if f"<!-- generated: {name} -->" not in text] == []


def test_a_list_that_is_out_of_date_is_found_and_updated(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- generated: checks -->\n- old\n<!-- end -->\nafter\n", "utf-8")
    assert stale(tmp_path) == [readme]
    readme.write_text(updated(readme.read_text("utf-8")), "utf-8")
    assert stale(tmp_path) == []
    assert "- old" not in readme.read_text("utf-8")
    assert "`outgoing_lost`" in readme.read_text("utf-8")


def test_a_marker_of_an_unknown_list_is_refused() -> None:
    with pytest.raises(UnknownList, match="unknown generated list 'x'; known: requirements"):
        updated("<!-- generated: x -->\n<!-- end -->")


def test_the_documented_environment_is_the_one_a_relay_gets() -> None:
    relay = ExternalRelay("http://127.0.0.1:7070", "true")
    assert set(relay.environment(neighbours("http://cht.test", "http://rapidpro.test"))) == set(ENVIRONMENT)
