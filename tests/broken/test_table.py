"""The table of broken relays is up to date, and long enough."""

from __future__ import annotations

from tests.broken.table import DOCUMENT, rows, text


def test_the_table_of_broken_relays_is_up_to_date() -> None:
    assert DOCUMENT.read_text("utf-8") == text(), "run make docs"


def test_each_defect_has_a_name_of_its_own() -> None:
    names = [name for name, _ in rows()]
    assert len(names) == len(set(names)) >= 60
