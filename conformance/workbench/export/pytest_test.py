"""A session as a test with pytest, with the public fixtures of docs/pytest-plugin.md; it runs as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pprint import pformat
from typing import Any
from urllib.parse import quote

from conformance.testing.callers_world import NUMBER
from conformance.workbench.session.actions import CONTROL, Action
from conformance.workbench.session.session import Session
from fakes.clock import parse_moment

WIDTH = 100
INDENT = "    "
LONG = 3600.0
FEW_POLLS = 2000
"""In a session longer than an hour the relay polls at most so often: it is a test that people run again and again."""
ACCOUNTS = {
    "{cht_admin}": "auth=sms_world.cht.admin",
    "{cht_gateway}": "auth=(sms_world.cht.user, sms_world.cht.password)",
    "{relay_token}": 'headers={"Authorization": f"Token {sms_world.rapidpro.token}"}',
}
FILLED = '''
def filled(sms_world, content):
    """The content with the addresses and tokens of this world in place of their names."""
    relay, words = sms_world.rapidpro, json.dumps(content)
    values = {
        "{rapidpro}": relay.url, "{cht}": sms_world.cht.url, "{relay}": RELAY, "{rapidpro_token}": relay.token,
        "{incoming_token}": relay.webhook_token, "{cht_password}": sms_world.cht.password,
    }
    for name, value in values.items():
        words = words.replace(name, value)
    return json.loads(words)

'''
HEAD = '''"""What was done in a session of the workbench, and what came of it.

Run it with pytest where cht-rapidpro-harness is installed. The fixture `relay` is the reference relay: put your own in
its place, as docs/pytest-plugin.md shows.
"""

{imports}import pytest

RELAY = "http://reference-relay.test/api/v2/sms/rapidpro/incoming-messages"
{helper}

@pytest.fixture
def relay(sms_world):
    sms_world.use_reference_relay(poll_seconds={poll:g})


@pytest.mark.sms_world(profile={profile!r}, cht_release={release!r}, seed={seed})
@pytest.mark.usefixtures("relay")
def test_session(sms_world):
'''


class NotAsTest(Exception):
    """No test can be made of this session; the text says why."""


def pytest_test(session: Session) -> str:
    """The source of the test. NotAsTest if nothing was done."""
    steps = list(_steps(session))
    if not steps:
        raise NotAsTest("nothing was done in this session yet: there is nothing to test")
    lasted = (session.ended - session.began).total_seconds()
    poll = session.poll_seconds if lasted <= LONG else max(session.poll_seconds, 60.0, lasted / FEW_POLLS)
    body = "\n".join(f"{INDENT}{line}" if line else "" for step in steps for line in step.split("\n"))
    needs_names = "filled(sms_world, " in body
    imports = [
        *(["import json"] if needs_names else []),
        *(["from datetime import timedelta"] if "timedelta(" in body else []),
    ]
    head = HEAD.format(
        imports="".join(f"{one}\n" for one in imports) + ("\n" if imports else ""),
        helper=FILLED if needs_names else "",
        poll=poll,
        profile=session.profile,
        release=session.cht_release,
        seed=session.seed,
    )
    return f"{head}{body}\n"


def _steps(session: Session) -> Iterator[str]:
    now = session.began
    acted = [one for one in session.actions if not one.path.startswith("/clock") or one.to != CONTROL]
    if not acted:
        return
    for action in acted:
        if action.at > now:
            yield f"sms_world.pass_time({(action.at - now).total_seconds():g})"
        now = max(now, action.at)
        yield _step(action, now)
    if session.ended > now:
        yield f"sms_world.pass_time({(session.ended - now).total_seconds():g})"
    yield "sms_world.clear_faults()"
    yield "sms_world.judge()"
    for number, text, *_ in (session.outcome or {}).get("arrivals", []):
        yield f"assert {text!r} in sms_world.phone({number!r}).received"


def _step(action: Action, now: datetime) -> str:
    if action.to != CONTROL:
        return _request(action)
    content = json.loads(action.body) if action.body else {}
    words = action.path.strip("/").split("/")
    is_text = action.method == "POST" and words[:2] == ["rapidpro", "phones"] and words[-1] == "texts"
    if is_text and isinstance(content, dict) and NUMBER.fullmatch(words[2]):
        phone = f"sms_world.phone({words[2]!r})"
        if content.get("again") is True:
            return f"{phone}.send_again()"
        if isinstance(content.get("text"), str) and not content.get("again"):
            return f"{phone}.send({content['text']!r})"
    path = action.path + (f"?{action.query}" if action.query else "")
    if action.method == "DELETE":
        return f"sms_world.control.delete({path!r})"
    return f"sms_world.control.{action.method.lower()}({path!r}, {_content(content, now)})"


def _content(content: Any, now: datetime) -> str:
    """The content as Python; a time in `due` as so long from then on, because a test begins at another time."""
    due = content.get("due") if isinstance(content, dict) else None
    try:
        later = (parse_moment(due) - now).total_seconds() if isinstance(due, str) else None
    except ValueError:
        later = None
    if later is None or not isinstance(content, dict):
        return _literal(content)
    others = _literal({name: value for name, value in content.items() if name != "due"})
    return f'{{**{others}, "due": (sms_world.now() + timedelta(seconds={later:g})).isoformat()}}'


def _literal(content: Any) -> str:
    """Python for this content. Lines that follow the first are indented as the step is."""
    shown = pformat(content, width=WIDTH, sort_dicts=False)
    return f"filled(sms_world, {shown})" if any(name in shown for name in _names()) else shown


def _names() -> tuple[str, ...]:
    return ("{rapidpro}", "{cht}", "{relay}", "{rapidpro_token}", "{incoming_token}", "{cht_password}")


def _request(action: Action) -> str:
    """A request to a fake itself, as an HTTP client of this world."""
    given: Mapping[str, Any] = action.as_json()
    url = f"sms_world.{action.to}.url + {quote(action.path) + (f'?{action.query}' if action.query else '')!r}"
    body = f", json={_literal(given['json'])}" if "json" in given else f", data={action.body!r}" if action.body else ""
    account = ACCOUNTS.get(action.headers.get("authorization", ""))
    return f"sms_world.session().request({action.method!r}, {url}{body}{f', {account}' if account else ''})"
