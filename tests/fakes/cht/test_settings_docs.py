"""docs/cht-settings.md lists exactly the app settings that the fake supports."""

from __future__ import annotations

import random
import re

import requests

from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.messages.generator import Messages
from fakes.cht.messages.history import History
from fakes.cht.outbound.push import Outbound
from fakes.cht.reports.validation.lookup_functions import RuleFunctions
from fakes.cht.state import State
from fakes.cht.transitions.engine import Transitions
from fakes.cht.transitions.lib.loading import SENTINEL_ONLY, TRANSITIONS
from fakes.cht.transitions.lib.schedules import Schedules
from fakes.cht.transitions.lib.validations import Validations
from fakes.cht.transitions.registration import Registration
from fakes.clock import VirtualClock
from tests.folders import DOCS

PAGE = (DOCS / "cht-settings.md").read_text("utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (yes|no) \| (.*?)\|$", re.MULTILINE)


def state() -> State:
    return State(VirtualClock(), random.Random(1))


def test_the_page_lists_all_transitions_in_their_order() -> None:
    rows = ROW.findall(PAGE)
    here = state()
    supported = Transitions(here, ContactViews(), Outbound(here, requests.Session()), lambda _sentence: None).supported
    assert [name for name, _, _ in rows] == [*TRANSITIONS]
    assert [name for name, yes, _ in rows if yes == "yes"] == [*supported]
    assert [name for name, _, more in rows if more.startswith("`sentinel`")] == [*SENTINEL_ONLY]


def test_the_page_lists_all_triggers() -> None:
    here, views = state(), ContactViews()
    messages = Messages(here, History())
    schedules, checks = Schedules(here, messages, print), Validations(here, views, messages)
    triggers = Registration(here, views, messages, schedules, checks, print).triggers
    paragraph = PAGE.partition("Triggers of `registration`")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"`(\w+)`", paragraph)) == sorted(triggers)


def test_the_page_lists_all_functions_of_rules() -> None:
    table = PAGE.partition("| function |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    listed = [name.lower() for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(listed) == sorted(RuleFunctions(state(), ContactViews()).functions)
