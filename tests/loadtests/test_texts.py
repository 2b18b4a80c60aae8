"""The texts of a load run: what people write and what gateways get wrong, all different, the same for the same seed."""

from __future__ import annotations

import pytest

from conformance.world.texts import DIRECTIONS, Direction, drawable
from loadtests.texts import text


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_texts_of_a_run_all_differ_and_the_whole_corpus_is_among_them(direction: Direction) -> None:
    made = [text(1, direction, position) for position in range(6000)]
    assert len({one.strip() for one in made}) == 6000
    for sample in drawable(direction):
        beginning = sample.text[:-6] if sample.counted else sample.text
        assert any(beginning in one for one in made), sample.id


def test_the_seed_alone_decides_which_texts_there_are() -> None:
    def some(seed: int, direction: Direction) -> list[str]:
        return [text(seed, direction, position) for position in range(40)]

    assert some(1, "in") == some(1, "in")
    assert some(1, "in") != some(2, "in")
    assert some(1, "in") != some(1, "out")


def test_people_write_in_several_scripts() -> None:
    letters = {letter for position in range(200) for letter in text(1, "in", position)}
    assert all(letters & set(script) for script in ("etaoin", "नमकर", "امل", "আমর"))
