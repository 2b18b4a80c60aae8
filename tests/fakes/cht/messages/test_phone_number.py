"""Phone numbers are written as CHT's own function wrote them."""

from __future__ import annotations

import pytest

from fakes.cht.messages.phone_number import normalize
from tests.fakes.cht.recorded_traffic import Entry, equal, recordings


@pytest.mark.parametrize("entry", recordings("phone_number"))
def test_a_number_is_normalised_or_refused_as_it_was(entry: Entry) -> None:
    found = normalize(entry["given"]["settings"], entry["given"]["phone"])
    assert equal(entry["result"], found), found
