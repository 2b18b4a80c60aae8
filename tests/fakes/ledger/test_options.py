"""The options of commands say the same as the bounds that they set, there and back."""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from fakes.ledger import Keeping
from fakes.ledger.options import IN_CONTAINER, USUAL, arguments, keeping, ledger_options

KEEPINGS = st.builds(
    Keeping,
    memory=st.integers(0, 10**6),
    older=st.sampled_from(["spool", "drop"]),
    spool_mib=st.integers(1, 10**6),
    body=st.integers(0, 10**9),
)


def parsed(*words: str) -> tuple[int, Any]:
    found: list[Keeping] = []

    @click.command()
    @ledger_options
    def command(**options: Any) -> None:
        found.append(keeping(options))
        assert not options

    done = CliRunner().invoke(command, words)
    return done.exit_code, found[0] if found else done.stderr


@given(KEEPINGS)
def test_arguments_are_read_as_the_bounds_that_they_were_made_of(bounds: Keeping) -> None:
    assert parsed(*arguments(bounds)) == (0, bounds)


def test_without_options_the_bounds_are_those_of_ci() -> None:
    assert list(arguments(USUAL)) == []
    assert parsed() == (0, USUAL)
    assert IN_CONTAINER.body < USUAL.body


@pytest.mark.parametrize(
    "words",
    [("--ledger-memory", "-1"), ("--ledger-older", "shred"), ("--ledger-spool", "0"), ("--ledger-body", "1 MiB")],
)
def test_a_bound_that_makes_no_sense_is_refused(words: tuple[str, str]) -> None:
    status, sentence = parsed(*words)
    assert status == 2
    assert words[0] in sentence
