"""Plots: readable on light and dark paper and by a screen reader, without anything that a page's policy forbids."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from conformance.plots import colours
from conformance.plots.colours import Colour
from conformance.plots.drawing import svg_element, svg_file, ticks
from conformance.plots.svg import Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WORDS = Words("queue", "Waiting <texts> & more", "At most 7, at 08:00.")


def draw(axes: Axes) -> None:
    axes.axvspan(1, 2, color=colours.DOWN["cht"].light, alpha=0.5, label="cht down")
    for place, colour in enumerate(colours.SERIES):
        axes.plot([0, 1, 2], [place, 1, math.nan], color=colour.light, label=f"$ <one> {place}")
    axes.legend()
    axes.set_title("title")


def luminance(colour: str) -> float:
    """Source: WCAG 2.2, relative luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colour", [*colours.SERIES, colours.INK, colours.FAINT])
def test_lines_and_words_are_distinct_from_light_and_dark_paper(colour: Colour) -> None:
    least = 3.0 if colour in colours.SERIES else 4.5
    assert contrast(colour.light, colours.PAPER.light) >= least
    assert contrast(colour.dark, colours.PAPER.dark) >= least


def test_no_two_colours_are_taken_for_each_other() -> None:
    assert len({colour.light for colour in colours.ALL}) == len(colours.ALL)
    assert len({colour.name for colour in colours.ALL}) == len(colours.ALL)
    assert len(colours.DASHES) == len(colours.SERIES)


def test_an_element_has_no_style_and_every_colour_has_a_class() -> None:
    made = svg_element(WORDS, draw)
    root = ElementTree.fromstring(made)
    assert "style" not in made.replace("font-style", "")
    for element in root.iter():
        for use in ("fill", "stroke"):
            colour = element.get(use, "none")
            if colour.startswith("#"):
                assert f"{use}-" in element.get("class", ""), ElementTree.tostring(element)
    assert "font-family" in root.attrib
    assert "$ <one> 5" in "".join(root.itertext())


def test_the_style_sheet_knows_every_class() -> None:
    known = set(re.findall(r"\.([a-z0-9-]+) \{", colours.style_sheet()))
    used = {word for words in re.findall(r'class="([^"]*)"', svg_file(WORDS, draw)) for word in words.split()}
    assert {"fill-paper", "stroke-series-6", "fill-cht-down", "fill-ink"} <= used <= known


def test_a_screen_reader_is_told_title_and_content() -> None:
    root = ElementTree.fromstring(svg_element(WORDS, draw))
    by_id = {one.get("id"): one.text for one in root.iter() if one.get("id")}
    assert root.get("role") == "img"
    assert by_id[root.get("aria-labelledby")] == WORDS.title
    assert by_id[root.get("aria-describedby")] == WORDS.about


def test_two_plots_of_one_page_have_no_id_in_common_and_equal_ones_are_equal() -> None:
    one, other = (svg_element(WORDS._replace(name=name), draw) for name in ("queue", "oldest"))
    assert one == svg_element(WORDS, draw)
    ids = [set(re.findall(r'\bid="([^"]*)"', made)) for made in (one, other)]
    assert not ids[0] & ids[1]
    assert set(re.findall(r'(?:url\(#|href="#)([^")]+)', one)) <= ids[0]


@pytest.mark.parametrize(
    ("end", "start", "least"),
    [(300, 25_260, 60), (9720, 25_200, 60), (5 * 86_400, 0, 60), (60, 86_340, 60), (0.5, 0, 1), (37, 0, 1),
     (13 * 86_400, 0, 1), (400 * 86_400, 30, 1)],
)  # fmt: skip
def test_the_times_on_an_axis_are_round_and_few(end: float, start: int, least: int) -> None:
    found = ticks(end, start, least)
    assert 1 <= len(found) <= 11
    assert all((start + moment) % least == 0 and 0 <= moment <= end for moment in found)
