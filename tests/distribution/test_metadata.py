"""The package says what it is, and no document promises that an index or a registry has it."""

from __future__ import annotations

import email
import re
import zipfile

from tests.distribution.conftest import Installed
from tests.folders import ROOT

PROMISES = re.compile(
    r"pip3? install (--\S+ )*[\"']?cht-rapidpro-harness|docker pull|pypi\.org/project/cht-rapidpro", re.I
)


def test_the_metadata_is_complete(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(wheel.read(name))
    for field in (
        "Author",
        "Maintainer",
        "License-Expression",
        "License-File",
        "Keywords",
        "Requires-Python",
        "Summary",
    ):
        assert metadata[field], field
    classifiers = metadata.get_all("Classifier") or []
    assert "Private :: Do Not Upload" in classifiers
    assert {one.partition(" :: ")[0] for one in classifiers} >= {"Intended Audience", "Operating System", "Topic"}
    assert str(metadata.get_payload()).startswith("# cht-rapidpro-harness")


def test_no_document_promises_an_index_or_a_registry() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")]
    files = [*documents, ROOT / "action.yml", ROOT / "ci" / "gitlab.yml"]
    assert [path.name for path in files if PROMISES.search(path.read_text("utf-8"))] == []
    assert PROMISES.search("pip install --upgrade cht-rapidpro-harness")
    assert not PROMISES.search("pip install ./cht-rapidpro-harness")
