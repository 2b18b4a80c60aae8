"""docs/cht-settings.md tells what of the app settings is played, neither more nor less."""

from __future__ import annotations

import random
import re

import requests

from fakes.cht.couch.contact_views import Subjects
from fakes.cht.messages.generator import Messages
from fakes.cht.messages.history import History
from fakes.cht.outbound.push import Outbound
from fakes.cht.reports.validation.questions import Questions
from fakes.cht.state import State
from fakes.cht.transitions.engine import Transitions
from fakes.cht.transitions.lib.loading import KNOWN, SENTINEL_ONLY
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
    played = Transitions(here, Subjects(), Outbound(here, requests.Session()), lambda _sentence: None).played
    assert [name for name, _, _ in rows] == [*KNOWN]
    assert [name for name, yes, _ in rows if yes == "yes"] == [*played]
    assert [name for name, _, more in rows if more.startswith("`sentinel`")] == [*SENTINEL_ONLY]


def test_the_page_lists_all_triggers() -> None:
    here, subjects = state(), Subjects()
    messages = Messages(here, History())
    schedules, checks = Schedules(here, messages, print), Validations(here, subjects, messages)
    triggers = Registration(here, subjects, messages, schedules, checks, print).triggers
    paragraph = PAGE.partition("Triggers of `registration`")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"`(\w+)`", paragraph)) == sorted(triggers)


def test_the_page_lists_all_functions_of_rules() -> None:
    table = PAGE.partition("| function |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    listed = [name.lower() for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(listed) == sorted(Questions(state(), Subjects()).functions)
