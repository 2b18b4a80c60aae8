"""`drift --cht` beside each release of CHT: it names the release, and finds differences only where there are some."""

from __future__ import annotations

import pytest

from conformance.drift.cht import RELEASE, check_cht
from conformance.services.neighbours import CHT_ADMIN, CHT_GATEWAY
from fakes.cht.releases.table import RELEASES
from fakes.serving.transport import WSGIAdapter
from tests.fakes.cht.client import URL, client


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("account", [CHT_GATEWAY, CHT_ADMIN], ids=["gateway", "administrator"])
def test_no_release_differs_in_what_is_asked(release: str, account: tuple[str, str]) -> None:
    found = check_cht(client(release=release).session, URL, *account)
    assert found.differences == ()
    other = (f"its version is {release}.0, recorded was {RELEASE}",)
    assert found.notes == (() if release == RELEASE else other)


def test_a_cht_that_answers_otherwise_is_found() -> None:
    made = client(release="5.2")
    starting = client({"server": "starting"})
    made.session.mount(f"{URL}/api/info", WSGIAdapter(starting.cht))
    found = check_cht(made.session, URL, *CHT_GATEWAY)
    assert {place for one in found.differences for place in one.seen_at} == {"version of the package"}
