"""The texts that real gateways get wrong: what the file promises of them."""

from __future__ import annotations

import re
import unicodedata

import pytest

from conformance.running.runner import scenarios
from conformance.verdicts import HarnessBroken
from conformance.world.texts import Sample, groups, samples
from fakes.rapidpro.courier.segments import is_gsm7, segments

ALL = {sample.id: sample.text for found in groups().values() for sample in found}
LENGTHS = [(id_, int(id_.partition("-")[2])) for id_ in ALL if re.fullmatch(r"(gsm|ucs|in)-\d+", id_)]
INCOMING_ONLY = ("texts of many SMS", "at signs")
SEGMENTS = {"gsm-160": 1, "gsm-161": 2, "gsm-306": 2, "gsm-307": 3, "gsm-459": 3, "gsm-460": 4, "gsm-612": 4}


@pytest.mark.parametrize(("id_", "length"), LENGTHS)
def test_a_text_named_for_its_length_has_that_length(id_: str, length: int) -> None:
    assert len(ALL[id_]) == length
    assert is_gsm7(ALL[id_]) is not id_.startswith("ucs") or id_ == "in-3000"


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
        assert sum(name.startswith("Incoming texts") and f"({group}" in name for name in names) == 1, group
        outgoing = sum(name.startswith("Outgoing texts") and f"({group}" in name for name in names)
        assert outgoing == (group not in INCOMING_ONLY), group


def test_an_unknown_group_is_refused_with_the_list_of_groups() -> None:
    with pytest.raises(HarnessBroken, match=r"no group of texts is called 'x'; there are: length borders of GSM-7; "):
        samples("x")


def test_an_id_that_occurs_twice_is_refused() -> None:
    twice = '[[group]]\nname = "g"\ntexts = [{ id = "a", text = "1" }, { id = "a", text = "2" }]\n'
    with pytest.raises(HarnessBroken, match="'a'"):
        groups(twice)
    assert groups(twice.replace('"a", text = "2"', '"b", text = "2"')) == {"g": (Sample("a", "1"), Sample("b", "2"))}
