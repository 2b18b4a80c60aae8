"""Shapes from TOML: whatever is wrong in a file is said with what was expected and what came."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.shapes.model import Shape
from loadtests.shapes.reading import BadShape, built_in, chosen, read, read_file

MORNING = """
[morning]
about = "a morning"
traffic = [{ who = "cht", texts = 10, from = 0, spread = "once" }]
"""
WRONG = {
    "about": ("[a]\ntraffic = []", "a: traffic: expected a list of tables that is not empty, got []"),
    "missing": ("[a]\ntraffic = [{who='cht', texts=1, from=0, spread='once'}]", "a: the key 'about' is missing"),
    "no shape": ("", "has no shape: expected a table such as [my_morning]"),
    "not TOML": ("[a", "is not TOML"),
    "no table": ("a = 3", "a: expected a table with about and traffic, got 3"),
    "unknown key": ("[a]\nabout='x'\nqouta=3", "a: unknown key 'qouta': expected about, source, time"),
    "neither": ("[a]\nabout='x'", "a: expected either traffic or ramp, got neither"),
    "both": (
        "[a]\nabout='x'\ntraffic=[{who='cht', texts=1, from=0, spread='once'}]\n"
        "ramp={first=1, factor=2, step='1s', steps=2}",
        "a: expected either traffic or ramp, got both",
    ),
    "who": (
        "[a]\nabout='x'\ntraffic=[{who='nurses', texts=1, from=0, to=1}]",
        "a: traffic[1]: who: expected one of people, cht, got 'nurses'",
    ),
    "texts": (
        "[a]\nabout='x'\ntraffic=[{who='cht', texts=true, from=0, to=1}]",
        "a: traffic[1]: texts: expected a whole number from 1 to 1000000, got True",
    ),
    "duration": (
        "[a]\nabout='x'\ntraffic=[{who='cht', texts=1, from='soon', to=1}]",
        "a: traffic[1]: from: expected a duration such as '90 seconds' or '1 day 12 hours', got 'soon'",
    ),
    "backwards": (
        "[a]\nabout='x'\ntraffic=[{who='cht', texts=1, from='2m', to='1m'}]",
        "a: traffic[1]: expected 'to' after 'from' (120 s), got 60 s",
    ),
    "no end": ("[a]\nabout='x'\ntraffic=[{who='cht', texts=1, from=0}]", "expected 'to' for texts that are spread"),
    "times alone": (
        "[a]\nabout='x'\ntraffic=[{who='cht', texts=1, from=0, to=1, times=3}]",
        "traffic[1]: expected times and every together",
    ),
    "cht by phone": (
        "[a]\nabout='x'\ntraffic=[{who='cht', texts=1, from=0, to=1, by='phone'}]",
        "traffic[1]: 'by' is how people's texts come",
    ),
    "outage": (
        f"{MORNING}outages=[{{service='airtel', from=0, to=1}}]",
        "outages[1]: service: expected one of rapidpro, cht, got 'airtel'",
    ),
    "quota": (f"{MORNING}quota='much'", "quota: expected a whole number from 1 to 1000000, got 'much'"),
    "ramp in virtual time": (
        "[a]\nabout='x'\ntime='virtual'\nramp={first=1, factor=2, step='1s', steps=2}",
        "a ramp measures speed, which virtual time does not have",
    ),
    "flat ramp": (
        "[a]\nabout='x'\nramp={first=1, factor=1, step='1s', steps=2}",
        "ramp: factor: expected a number above 1, got 1",
    ),
    "no real time": (f"{MORNING}in_real_time=0", "in_real_time: expected at least 0.1 seconds, got 0"),
    "hardly any real time": (
        f"{MORNING}in_real_time=1e-300",
        "in_real_time: expected at least 0.1 seconds, got 1e-300",
    ),
    "steep ramp": (
        "[a]\nabout='x'\nramp={first=1e9, factor=1e9, step='1s', steps=100}",
        "ramp: expected at most 1,000,000 texts in the last step, got inf",
    ),
    "too many texts": (
        "[a]\nabout='x'\ntraffic=[{who='cht', texts=1000000, from=0, to=1, times=10000, every=1}]",
        "a: expected at most 1,000,000 texts each way, got 10,000,000,000 out, 0 in",
    ),
    "for ever": (
        "[a]\nabout='x'\ntraffic=[{who='cht', texts=1, from=0, to=1e300}]",
        "traffic[1]: to: expected seconds from 0 to 3.16224e+08 (ten years), or a duration such as '2h', got 1e+300",
    ),
    "again at once": (
        "[a]\nabout='x'\ntraffic=[{who='cht', texts=1, from=0, to=1, times=2, every=0}]",
        "traffic[1]: every: expected a number above 0, got 0",
    ),
    "channel's key": (f"{MORNING}channel={{speed=3}}", "channel: unknown channel setting 'speed': possible are"),
    "channel's value": (f"{MORNING}channel={{tps=-1}}", "channel: tps must be a number above 0; got -1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_its_place(name: str) -> None:
    source, sentence = WRONG[name]
    with pytest.raises(BadShape) as found:
        read(source, "my.toml")
    assert str(found.value).startswith("my.toml")
    assert sentence in str(found.value)


VALUES = (
    "true",
    "-1",
    "0",
    "2",
    "nan",
    "''",
    "'2h'",
    "[]",
    "[{}]",
    "[{who = 'cht', texts = 1, from = 0}]",
    "{first = 1}",
)
KEYS = ("about", "traffic", "ramp", "quota", "people", "outages", "time", "in_order", "channel", "in_real_time")


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES)))
def test_a_shape_of_any_values_is_refused_with_a_sentence(values: dict[str, str]) -> None:
    """None of these is a whole shape."""
    source = "\n".join(["[a]", *(f"{key} = {value}" for key, value in values.items())])
    with pytest.raises(BadShape, match=r"^my\.toml: .*(got|missing|expected|possible are)"):
        read(source, "my.toml")


def test_a_file_with_one_shape_needs_no_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MORNING, "utf-8")
    assert chosen(None, path).name == "morning"
    assert chosen("morning", path).texts_out == 10
    with pytest.raises(BadShape, match="unknown load shape 'reminder_morning': expected one of morning"):
        chosen("reminder_morning", path)
    with pytest.raises(BadShape, match="cannot be read"):
        read_file(tmp_path / "there-is-none.toml")


def test_an_unknown_shape_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadShape, match="reminder_morning"):
        chosen("full_moon", None)
    with pytest.raises(BadShape, match="which shape"):
        chosen(None, None)


def test_the_shapes_that_operators_ask_for_are_built_in() -> None:
    assert list(built_in()) == [
        "steady_day", "reminder_morning", "two_way_followup", "campaign_spike", "outage_and_catch_up",
        "quota_exhausted", "ramp", "soak",
    ]  # fmt: skip


@pytest.mark.parametrize("shape", built_in().values(), ids=lambda shape: shape.name)
def test_a_shape_survives_the_way_to_another_machine(shape: Shape) -> None:
    assert Shape.from_json(shape.as_json()) == shape


@pytest.mark.parametrize("shape", built_in().values(), ids=lambda shape: shape.name)
def test_a_shape_can_be_made_smaller_and_quicker(shape: Shape) -> None:
    small = shape.with_texts(100).within(5)
    assert small.real_seconds() == pytest.approx(5)
    assert 50 <= small.texts_in <= 150
    assert 50 <= small.texts_out <= 150


@given(st.sampled_from([one for one in built_in().values() if one.ramp is None]), st.integers(0, 5000))
def test_as_many_texts_as_wanted_go_each_way(shape: Shape, texts: int) -> None:
    few = shape.with_texts(texts)
    if all(one.times == 1 for one in shape.traffic):
        assert (few.texts_in, few.texts_out) == (texts, texts)
    else:
        assert abs(few.texts_in - texts) <= 13
