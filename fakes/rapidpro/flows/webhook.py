"""The settings of the catch-all flow with a webhook. CHT's documentation for the body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from fakes.rapidpro import settings
from fakes.rapidpro.settings import expect

PARTS = ("id", "from", "content")
FAILURE_REPLY = "We could not process your message. Please send it again later."


@dataclass(frozen=True, slots=True)
class Webhook:
    """What the catch-all flow does with a text."""

    url: str | None = None
    """Where the text is posted to, expressions allowed. None: there is no such flow, texts stay in the inbox."""
    token: str | None = None
    """Sent as `Authorization: Token ...`. None: no such header."""
    accept: bool = True
    """Whether the flow sets `Accept: application/json`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers, expressions allowed; they take precedence over the ones above."""
    omit: tuple[str, ...] = ()
    """Parts of the body to leave out: id, from, content."""
    body: str | None = None
    """Another body, expressions allowed. None: the documented one."""
    reply_on_failure: str | None = FAILURE_REPLY
    """What the flow replies to the sender when the call failed, expressions allowed. None: nothing."""
    retry: bool = False
    """Whether the flow calls again in the same run if there was no connection or the status was 500 or above."""

    def as_json(self) -> dict[str, Any]:
        """The JSON form, as PUT accepts it."""
        return {**asdict(self), "headers": dict(self.headers), "omit": list(self.omit)}

    def body_template(self) -> str:
        """The expression that makes the body."""
        if self.body is not None:
            return self.body
        values = {"id": "run.uuid", "from": 'replace(urns.tel, "tel:+", "+")', "content": "input.text"}
        pairs = ", ".join(f'"{part}", {values[part]}' for part in PARTS if part not in self.omit)
        return f"@(json(object({pairs})))"

    def all_headers(self) -> dict[str, str]:
        """The headers that the flow sets, as templates; the token is none."""
        own = {name.lower() for name in self.headers}
        usual = {
            "Accept": "application/json" if self.accept else None,
            "Authorization": None if self.token is None else "Token " + self.token.replace("@", "@@"),
            "Content-Type": "application/json",
        }
        kept = {name: one for name, one in usual.items() if one is not None and name.lower() not in own}
        return {**kept, **self.headers}


def changed(webhook: Webhook, values: Any) -> Webhook:
    """The settings with these values; those not named stay. Raises BadSetting."""
    return settings.changed(webhook, values, "webhook", _checked)


def _checked(key: str, value: Any) -> Any:
    if key in ("accept", "retry"):
        return expect(isinstance(value, bool), key, "true or false", value)
    if key == "headers":
        good = isinstance(value, Mapping) and all(
            isinstance(k, str) and isinstance(v, str) and "\n" not in k + v and "\r" not in k + v
            for k, v in value.items()
        )
        return dict(expect(good, key, "an object of texts", value))
    if key == "omit":
        good = isinstance(value, list | tuple) and all(part in PARTS for part in value)
        return tuple(expect(good, key, f"a list of any of {', '.join(PARTS)}", value))
    if key == "url":
        good = value is None or (isinstance(value, str) and value.startswith(("http://", "https://")))
        return expect(good, key, "an address that begins with http:// or https://, or null", value)
    return expect(value is None or isinstance(value, str), key, "a text or null", value)
