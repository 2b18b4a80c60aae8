"""What a relay may ask, and what it does not need."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.checks import judge
from conformance.checks.conduct import needless_call
from conformance.checks.needed import NEEDS, need_of
from conformance.history.model import Call, History
from tests.conformance.checks.test_checks import call

NEEDED = """
rapidpro POST /api/v2/broadcasts.json
rapidpro GET /api/v2/broadcasts.json
rapidpro GET /api/v2/broadcasts
rapidpro GET /api/v2/messages.json
rapidpro POST /api/v2/messages.json
rapidpro POST /api/v2/flow_starts.json
rapidpro HEAD /api/v2/workspace.json
rapidpro GET /api/v2/
cht GET /api/sms
cht POST /api/sms/
cht POST /api/v1/sms
cht POST /API/v2/sms/rapidpro/incoming-messages
cht POST /api/v1/sms/radpidpro/incoming-messages
cht POST /api/v2/records
cht POST /_session
cht POST /medic/login
cht GET /api/info
cht GET /api/deploy-info
cht GET /api/v2/monitoring
cht GET /
"""
NEEDLESS = """
rapidpro GET /api/v2/contacts.json
rapidpro POST /api/v2/contacts.json
rapidpro POST /api/v2/contact_actions.json
rapidpro GET /api/v2/groups.json
rapidpro GET /api/v2/runs.json
rapidpro DELETE /api/v2/broadcasts.json
rapidpro GET /api/v2/broadcasts.json/7
rapidpro GET /api/v3/broadcasts.json
rapidpro GET /api/sms
cht DELETE /api/sms
cht GET /medic/_all_docs
cht PUT /api/v1/settings
cht GET /api/v1/users
cht GET /api/v2/broadcasts.json
"""


def listed(text: str) -> list[Call]:
    rows = (line.split() for line in text.split("\n") if line)
    return [call(5, 200, service=service, method=method, path=path) for service, method, path in rows]


@pytest.mark.parametrize("one", listed(NEEDED), ids=str)
def test_what_a_relay_needs_is_no_violation(one: Call) -> None:
    assert judge(History(calls=(one, one))) == []


@pytest.mark.parametrize("one", listed(NEEDLESS), ids=str)
def test_what_no_relay_needs_is_named_once(one: Call) -> None:
    (found,) = judge(History(calls=(one, one, one)))
    assert found.check == "needless_call"
    assert f"{one.service}: {one.method} {one.path}: no relay needs this" in found.sentence


@pytest.mark.parametrize(
    "token", ["Token [hidden:rapidpro:dashboard]", "Basic admin:[hidden:cht:password of admin]"], ids=str
)
def test_what_others_ask_is_not_the_relays_deed(token: str) -> None:
    calls = tuple(replace(one, headers={"authorization": token}) for one in listed(NEEDLESS))
    assert list(needless_call(History(calls=calls))) == []


def test_what_a_fake_does_not_know_counts_only_where_it_knows_everything() -> None:
    health = call(5, 404, service="cht", method="GET", path="/api/v2/monitoring", unexpected="no route")
    sending = call(5, 405, path="/api/v2/messages.json", unexpected="RapidPro 6.4 has no POST there")
    assert [one.sentence for one in judge(History(calls=(health, sending)))] == [
        "rapidpro: POST /api/v2/messages.json: RapidPro 6.4 has no POST there"
    ]


def test_every_need_has_a_reason_and_is_found_by_itself() -> None:
    assert all(len(need.reason) > 5 for need in NEEDS)
    assert need_of("cht", "POST", "/api/sms") in NEEDS
