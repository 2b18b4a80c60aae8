"""Short ids that people can type: five digits with a check digit at the end (cht-core `lib/ids.js`)."""

from __future__ import annotations

from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.state import State

SHORTEST = 5
TRIES = 200


def free_id(state: State, views: ContactViews) -> str:
    """An unused id; one digit longer if the ids of one length run out."""
    length = SHORTEST
    with state.lock:
        while True:
            for _ in range(TRIES):
                digits = "".join(str(state.rng.randrange(10)) for _ in range(length - 1))
                code = with_check_digit(digits)
                if views.is_free(code):
                    return code
            length += 1


def with_check_digit(digits: str) -> str:
    """`1234` becomes `12348`; two swapped digits give another check digit."""
    total = sum(int(digit) * (len(digits) + 1 - place) for place, digit in enumerate(digits))
    return digits + str(total % 11 % 10)
