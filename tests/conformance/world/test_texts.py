"""The texts that real gateways get wrong: what the file promises of them."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable

import pytest

from conformance.running.runner import scenarios
from conformance.verdicts import HarnessBroken
from conformance.world.texts import DIRECTIONS, Direction, Sample, draw, drawable, groups, samples
from fakes.rapidpro.courier.segments import is_gsm7, segments

ALL = {sample.id: sample.text for found in groups().values() for sample in found}
LENGTHS = [(id_, int(id_.split("-")[1])) for id_ in ALL if re.fullmatch(r"(gsm|ucs|in|limit)-\d+(-ucs)?", id_)]
OTHER_RULES = ("at signs", "longer than some RapidPro accepts", "what RapidPro refuses")
"""Groups that other rules than OUT-1 send to phones."""
SEGMENTS = {
    "gsm-160": 1, "gsm-161": 2, "gsm-306": 2, "gsm-307": 3, "gsm-459": 3, "gsm-460": 4, "gsm-612": 4, "gsm-613": 5,
    "ucs-70": 1, "ucs-71": 2, "ucs-134": 2, "ucs-135": 3, "ucs-201": 3, "ucs-202": 4, "ucs-268": 4, "ucs-269": 5,
    "extension-160-places": 1, "extension-161-places": 2, "extension-at-the-end": 1, "extension-too-many": 2,
}  # fmt: skip
KINDS: dict[str, Callable[[str], object]] = {
    "composed letters": lambda text: unicodedata.normalize("NFD", text) != text,
    "decomposed letters": lambda text: unicodedata.normalize("NFC", text) != text,
    "joiners": re.compile("[\u200c\u200d]").search,
    "direction marks": re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]").search,
    "variation selectors": re.compile("[\ufe0e\ufe0f]").search,
    "skin tones": re.compile("[\U0001f3fb-\U0001f3ff]").search,
    "NBSP": re.compile("\xa0").search,
    "other blanks": re.compile("[\u2009\u202f\u3000]").search,
    "tabs": re.compile("\t").search,
    "CR LF": re.compile("\r\n").search,
    "blank ends": lambda text: text != text.strip(),
    "typographic quotes": re.compile("[\u2018\u2019]").search,
    "digits of other scripts": lambda text: any(one.isdecimal() and not one.isascii() for one in text),
    "mustaches": re.compile(r"\{\{").search,
    "percent escapes": re.compile("%41").search,
    "entities": re.compile("&amp;").search,
    "at signs": re.compile("@").search,
    "NUL": re.compile("\0").search,
    "lone surrogates": re.compile("[\ud800-\udfff]").search,
    "extension characters": re.compile("[\\^{}\\\\~|€]").search,
    "JSON": re.compile(r"^\{.*\}$").search,
    "numbers": re.compile(r"^[0-9.]+$").search,
}


@pytest.mark.parametrize(("id_", "length"), LENGTHS)
def test_a_text_named_for_its_length_has_that_length(id_: str, length: int) -> None:
    assert len(ALL[id_]) == length
    assert is_gsm7(ALL[id_]) is not (id_.startswith("ucs") or id_.endswith("ucs") or id_ == "in-3000")


@pytest.mark.parametrize(("id_", "count"), SEGMENTS.items())
def test_the_borders_of_segments_are_on_both_sides(id_: str, count: int) -> None:
    assert segments(ALL[id_]) == count


@pytest.mark.parametrize(
    ("id_", "form"), [("composed", "NFD"), ("decomposed", "NFC"), ("ligature", "NFKC"), ("full-width", "NFKC")]
)
def test_normalisation_changes_the_texts_that_are_there_for_it(id_: str, form: str) -> None:
    assert unicodedata.normalize(form, ALL[id_]) != ALL[id_]  # type: ignore[arg-type] # the four forms by name


def test_every_group_is_in_a_scenario_of_its_direction() -> None:
    names = [one.name for one in scenarios()]
    for group in groups():
        only = {sample.only for sample in samples(group)}
        incoming = sum(name.startswith("Incoming texts") and f"({group}" in name for name in names)
        assert incoming == (only != {"out"}), group
        outgoing = sum(name.startswith("Outgoing texts") and f"({group}" in name for name in names)
        assert outgoing == (only != {"in"} and group not in OTHER_RULES), group
    steps = {step for one in scenarios() for step in one.steps}
    for group in OTHER_RULES:
        assert f'When CHT sends each of "{group}" to Amina' in steps


def test_an_unknown_group_is_refused_with_the_list_of_groups() -> None:
    with pytest.raises(HarnessBroken, match=r"no group of texts is called 'x'; there are: length borders of GSM-7; "):
        samples("x")


def test_an_id_that_occurs_twice_is_refused() -> None:
    twice = '[[group]]\nname = "g"\ntexts = [{ id = "a", text = "1" }, { id = "a", text = "2" }]\n'
    with pytest.raises(HarnessBroken, match="'a'"):
        groups(twice)
    assert groups(twice.replace('"a", text = "2"', '"b", text = "2"')) == {"g": (Sample("a", "1"), Sample("b", "2"))}


def test_an_unknown_direction_is_refused() -> None:
    with pytest.raises(HarnessBroken, match="only of 'g' must be one of in, out; got 'up'"):
        groups('[[group]]\nname = "g"\nonly = "up"\ntexts = []\n')


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_there(kind: str) -> None:
    assert any(KINDS[kind](text) for text in ALL.values())


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_every_text_of_a_direction_is_drawn_and_no_other(direction: Direction) -> None:
    rng = random.Random(1)
    drawn = {draw(rng, direction) for _ in range(4000)}
    assert drawn == {sample.text for sample in drawable(direction)}
    assert not any("\ud800" <= one <= "\udfff" for text in drawn for one in text if direction == "out"), "CouchDB"


def test_the_same_seed_draws_the_same_texts() -> None:
    def some(seed: int) -> list[str]:
        rng = random.Random(seed)
        return [draw(rng, "in", str(position)) for position in range(50)]

    assert some(1) == some(1)
    assert some(1) != some(2)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_marker_makes_texts_differ_and_keeps_the_length_where_that_counts(direction: Direction) -> None:
    rng = random.Random(1)
    marked = [draw(rng, direction, f"no. {position}") for position in range(10_000)]
    assert len(set(marked)) == len(marked)
    counted = {len(sample.text) for sample in drawable(direction) if sample.counted}
    assert counted <= {len(text) for text in marked}
    assert not any(len(text) == 160 + len("no. 1234") for text in marked)
