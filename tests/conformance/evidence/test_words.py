"""Texts and bodies in lists: on one line, cut to the room there is, the telling parts first."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from conformance.evidence.words import and_more, condensed, cut, cut_in_quotes, on_one_line, quoted, shortened


@pytest.mark.parametrize(
    ("text", "room", "expected"),
    [
        ("Visit", 5, "Visit"),
        ("Visit us", 7, "Visit…"),
        ("Visit us", 6, "Visit…"),
        ("Visit", 1, "…"),
        ("", 0, ""),
        ("日本語", 5, "日本…"),
        ("日本語", 6, "日本語"),
        ("🙏🙏🙏", 4, "🙏…"),
    ],
)
def test_a_text_is_cut_at_the_cells_of_a_terminal(text: str, room: int, expected: str) -> None:
    assert cut(text, room) == expected


@pytest.mark.parametrize(
    ("sentence", "room", "expected"),
    [
        ('"Come on Monday" for Amina is sent', 40, '"Come on Monday" for Amina is sent'),
        ('"Come on Monday" for Amina is sent', 30, '"Come on M…" for Amina is sent'),
        ('"Say "please" first" for Amina is sent', 30, '"Say "plea…" for Amina is sent'),
        ('"Come on Monday" for Amina is sent', 20, '"Come on Monday" fo…'),
        ("GET /api/v2/messages.json?broadcast=9001", 20, "GET /api/v2/message…"),
    ],
)
def test_what_is_said_about_a_text_is_kept_before_the_text(sentence: str, room: int, expected: str) -> None:
    assert cut_in_quotes(sentence, room) == expected


@given(st.text(st.sampled_from('"ab 日…')), st.integers(1, 60))
def test_any_sentence_fits_after_it_was_cut(sentence: str, room: int) -> None:
    assert cell_len(cut_in_quotes(sentence, room)) <= room


@given(st.text(), st.integers(1, 60))
def test_a_cut_text_fits_is_printable_and_begins_as_before(text: str, room: int) -> None:
    line = on_one_line(text)
    assert line.isprintable()
    shown = cut(line, room)
    assert cell_len(shown) <= room
    assert shown == line or line.startswith(shown.removesuffix("…"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb", '"a\\nb"'),
        ("\u202eabc", '"\\u202eabc"'),
        ("\x1b[31mred", '"\\x1b[31mred"'),
        ("Muraho 🙏", '"Muraho 🙏"'),
        ("x" * 50, '"' + "x" * 39 + '…"'),
    ],
)
def test_a_quoted_text_neither_breaks_nor_colours_the_line(text: str, expected: str) -> None:
    assert quoted(text) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"messages": [], "updates": []}', ""),
        ("{}", ""),
        ("", ""),
        ("null", ""),
        ('{"next": null, "uuid": "x", "results": [{"a": 1, "status": "sent", "id": 5, "urn": null}]}',
         '{"results": [{"id": 5, "status": "sent", "a": 1}], "uuid": "x"}'),
        ('{"id": "019cad92-6b20-7946-bf7f-c0acf660d69b-1-0"}', '{"id": "…60d69b-1-0"}'),
        ('{"saved": 0, "ok": false}', '{"saved": 0, "ok": false}'),
        ("<html>\n  <b>no</b>", "<html> <b>no</b>"),
        ('{"text": "Muraho 🙏"}', '{"text": "Muraho 🙏"}'),
        ("[1, 2]", "[1, 2]"),
    ],
)  # fmt: skip
def test_a_body_is_condensed_to_what_it_says(body: str, expected: str) -> None:
    assert condensed(body) == expected


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner))
)
def test_any_body_is_condensed_to_one_printable_line(document: object) -> None:
    for body in (json.dumps(document), str(document)):
        assert condensed(body).isprintable()


@pytest.mark.parametrize(("most", "expected"), [(None, "abcdef"), (6, "abcdef"), (2, "ab… (6 characters)")])
def test_a_shortened_body_says_how_long_it_was(most: int | None, expected: str) -> None:
    assert shortened("abcdef", most) == expected


@pytest.mark.parametrize(
    ("names", "count", "expected"),
    [(["a", "b"], 2, "a, b"), (["a", "b"], 39, "a, b, and 37 more"), ([], 0, "")],
)
def test_a_few_of_many_are_named(names: list[str], count: int, expected: str) -> None:
    assert and_more(names, count) == expected
