"""Africa's Talking as CHT's outgoing service: one form POST for each message, no polling of states afterwards.

Source: cht-core api/src/services/africas-talking.js, read, not recorded. States come with delivery reports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import quote_plus, urlsplit

import requests

from fakes.cht.http_client import JSON, Call, CallFailed, fetch_headers, fetched_body, follow, once, parse
from fakes.cht.javascript import js
from fakes.cht.javascript.inherited import look_up
from fakes.cht.messages.task_state import value_or_null
from fakes.cht.messaging.messaging import StateUpdate
from fakes.cht.state import State

FORM = "application/x-www-form-urlencoded"
STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "100": ("forwarded-by-gateway", "Processed"),
        "101": ("sent", "Sent"),
        "102": ("received-by-gateway", "Queued"),
        "401": ("failed", "RiskHold"),
        "403": ("failed", "InvalidPhoneNumber"),
        "404": ("failed", "UnsupportedNumberType"),
        "406": ("denied", "UserInBlacklist"),
        "407": ("failed", "CouldNotRoute"),
    }
)
"""State and details by the recipient's status code. All others (402, 405, 500 to 502, unknown ones) are retried."""


@dataclass(frozen=True, slots=True)
class Login:
    """The account. `sender` is the sender of the texts; None if `sms.reply_to` is not set."""

    username: str
    key: str
    sender: Any


class AfricasTalkingGateway:
    """Sends messages. `check_running` is called after each call, and raises if the process has stopped meanwhile.

    The URL is fixed, as in CHT. So that no test ever reaches the real service, a call is only made if an adapter is
    mounted on the session for exactly this host; else the call fails.
    """

    def __init__(self, state: State, session: requests.Session, check_running: Callable[[], None]) -> None:
        self._state = state
        self._session = session
        self._check_running = check_running

    def send(self, messages: Iterable[Mapping[str, Any]], headers: Mapping[str, str]) -> list[StateUpdate]:
        """Send messages `{content, to, id}` one after the other. Returns the state updates to be saved afterwards."""
        login = self._login()
        if login is None:
            return []
        updates = [self._send(login, message, headers) for message in messages]
        return [update for update in updates if update is not None]

    def _login(self) -> Login | None:
        """The account; None if user name or key is missing: then nothing is sent."""
        with self._state.lock:
            key = self._state.credentials.get("africastalking.com:outgoing")
            sms = self._state.settings.get("sms")
        sms = sms if isinstance(sms, dict) else {}
        about = sms.get("africas_talking")
        username = about.get("username") if isinstance(about, dict) else None
        if not js.truthy(username) or not key:
            return None
        return Login(js.string(username), key, sms.get("reply_to"))

    def _send(self, login: Login, message: Mapping[str, Any], headers: Mapping[str, str]) -> StateUpdate | None:
        """The state update; None if the next pass must send the message again."""
        try:
            recipient = _recipient(self._post(login, message, headers))
        except CallFailed:
            return None
        finally:
            self._check_running()
        known = look_up(STATES, js.string(recipient.get("statusCode")))
        if known is None:
            return None
        state, details = known if isinstance(known, tuple) else (None, None)  # what is inherited has neither
        return StateUpdate(
            state, uuid=message["id"], gateway_ref=value_or_null(recipient, "messageId"), details=details
        )

    def _post(self, login: Login, message: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
        sandbox = "sandbox." if login.username == "sandbox" else ""
        url = f"https://api.{sandbox}africastalking.com/version1/messaging"
        if not _is_mounted(self._session, url):
            raise CallFailed(f"no adapter is mounted for {url}")
        fields = {"username": login.username, "from": login.sender, "to": message["to"], "message": message["content"]}
        sent = {"apikey": login.key, "accept": JSON, "content-type": FORM, **headers}
        release = self._state.release
        if not release.fetches:
            return _read_any_status(once(self._session, Call("POST", url, sent, _form(fields, leave_out=True))))
        sent |= fetch_headers(release.user_agent(release.gateway_user_agent))
        answer = follow(self._session, Call("POST", url, sent, _form(fields, leave_out=False)))
        body = fetched_body(answer, json_wanted=False)
        return _parsed(body) if release.parses_answers_twice else body


def _is_mounted(session: requests.Session, url: str) -> bool:
    host = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
    return any(prefix.lower().startswith(host) and url.startswith(prefix.lower()) for prefix in session.adapters)


def _form(fields: Mapping[str, Any], *, leave_out: bool) -> bytes:
    """Form encoding. Missing values are left out or, by `fetch`, sent as `undefined`."""
    pairs = [(name, js.string(value)) for name, value in fields.items() if value is not None or not leave_out]
    return "&".join(f"{name}={_quoted(value)}" for name, value in pairs).encode()


def _quoted(text: str) -> str:
    return quote_plus(text, safe="*", errors="replace").replace("~", "%7E")


def _read_any_status(answer: requests.Response) -> Any:
    """The body as the request library gives it, whatever the status and the content type. Raises CallFailed."""
    return _parsed(answer.content.decode("utf-8", "replace"))


def _parsed(body: Any) -> Any:
    """`JSON.parse` of a body; what is parsed already cannot be parsed again. Raises CallFailed."""
    if not isinstance(body, str):
        raise CallFailed("the answer is an object, and no JSON text")
    try:
        return parse(body)
    except ValueError as fault:
        raise CallFailed(f"malformed JSON: {fault}") from None


def _recipient(answer: Any) -> Mapping[str, Any]:
    """The first recipient of a reply; empty if there is none."""
    data = answer.get("SMSMessageData") if isinstance(answer, dict) else None
    recipients = data.get("Recipients") if isinstance(data, dict) else None
    first = recipients[0] if isinstance(recipients, list) and recipients else None
    return first if isinstance(first, dict) else {}
