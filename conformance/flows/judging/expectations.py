"""One expectation against what was seen: texts, calls, and how things stand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.flows.judging.as_steps import alike
from conformance.flows.playing.matching import body_fits, part_fits, request_fits, text_fits
from conformance.flows.playing.person import Person
from conformance.flows.playing.stretch import Reply, WebhookCall
from fakes.rapidpro.flows.engine.result_keys import key_of

MOST_SHOWN = 2000
Difference = tuple[str, str, str]
"""What differs, what was expected, what was seen."""


def reply_fits(wanted: Mapping[str, Any], seen: Reply) -> bool:
    """Whether a text fits a `reply` step."""
    lists = all(
        list(getattr(seen, name)) == wanted[name] for name in ("attachments", "quick_replies") if name in wanted
    )
    reason = wanted.get("unsendable", "") == seen.unsendable
    return lists and reason and text_fits(wanted["text"], seen.text)


def call_fits(wanted: Mapping[str, Any], seen: WebhookCall) -> bool:
    """Whether a call fits a `call` step."""
    headers = {name.lower(): value for name, value in seen.headers.items()}
    return (
        request_fits(wanted["request"], seen.method, seen.url)
        and all(
            name.lower() in headers and text_fits(one, headers[name.lower()])
            for name, one in (wanted.get("headers") or {}).items()
        )
        and ("body" not in wanted or body_fits(wanted["body"], seen.body))
    )


def shown_reply(one: Reply | Mapping[str, Any], _wanted: Any = None) -> str:
    """A text, seen or expected, for people."""
    if isinstance(one, Reply):
        found = one.as_step()
        one = found if isinstance(found, dict) else {"text": found}
    extra = " ".join(f"[{name.replace('_', ' ')}: {_list(one[name])}]" for name in one if name != "text")
    return f"{_matcher(one['text'])} {extra}".rstrip()


def shown_call(one: WebhookCall | Mapping[str, Any], wanted: Mapping[str, Any] | None = None) -> str:
    """A call, seen or expected, for people; of a seen one only what the expectation is about."""
    if isinstance(one, WebhookCall):
        headers = {name.lower(): value for name, value in one.headers.items()}
        names = (wanted or {}).get("headers") or {}
        body = f" {one.body}" if one.body else ""
        extra = "".join(f" {name}: {headers.get(name.lower(), '(absent)')}" for name in names)
        return _cut(f"{one.request}{extra}{body} => {one.status or 'no answer'}")
    extra = "".join(f" {name}: {_matcher(value)}" for name, value in (one.get("headers") or {}).items())
    body = (
        f" {_matcher(one['body']) if isinstance(one['body'], str) else json.dumps(one['body'])}"
        if "body" in one
        else ""
    )
    return _cut(f"{one['request']}{extra}{body}")


def _matcher(wanted: Any) -> str:
    if isinstance(wanted, Mapping) and len(wanted) == 1:
        ((kind, text),) = wanted.items()
        return f"({'a text that contains' if kind == 'contains' else 'a text like'} {text!r})"
    return str(wanted)


def _list(value: Any) -> str:
    return value if isinstance(value, str) else ", ".join(map(str, value))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 3]}..."


def differences(wanted: Mapping[str, Any], person: Person) -> tuple[dict[str, Any], list[Difference]]:
    """How things stand, in the shape of an `expect` step (reports whole), and where it differs from one."""
    actual, found = {}, []
    for name in wanted:
        actual[name] = _actual(name, wanted[name], person)
        found += list(_differences(name, wanted[name], actual[name]))
    return actual, found


def _actual(name: str, wanted: Any, person: Person) -> Any:
    contact = person.contact
    if name == "results":
        known = person.results()
        found = {one: known.get(key_of(one)) for one in wanted}
        return {one: None if pair is None else {"value": pair[0], "category": pair[1]} for one, pair in found.items()}
    if name == "fields":
        return {key: contact.fields[key].text if key in contact.fields else None for key in wanted}
    if name == "reports":
        return person.endpoint.reports()
    return {
        "status": person.status(), "groups": person.groups(), "name": contact.name, "language": contact.language,
        "errors": list(person.errors), "notes": list(person.notes),
    }[name]  # fmt: skip


def _differences(name: str, wanted: Any, actual: Any) -> Iterator[Difference]:
    if name in ("results", "fields"):
        for key, one in wanted.items():
            yield from _in_part(f"{name}.{key}", one, actual[key])
    elif name == "groups":
        if sorted(wanted) != actual:
            yield name, _list(sorted(wanted)) or "none", _list(actual) or "none"
    elif name == "reports" and actual is None:
        yield name, _json(wanted), "no fake CHT: the endpoint is another"
    elif name in ("reports", "errors"):
        good = len(wanted) == len(actual) and all(map(_entry_fits, wanted, actual))
        if not good:
            yield name, _json(wanted), _json(alike(actual, wanted))
    elif name == "notes":
        for one in wanted:
            if not any(text_fits(one, note) for note in actual):
                yield name, _matcher(one), _json(actual)
    elif not text_fits(wanted, actual):
        yield name, _matcher(wanted), actual or "empty"


def _entry_fits(wanted: Any, actual: Any) -> bool:
    return text_fits(wanted, actual) if isinstance(actual, str) else part_fits(wanted, actual)


def _in_part(name: str, wanted: Any, actual: Any) -> Iterator[Difference]:
    """A result or a field."""
    if isinstance(actual, Mapping):
        for part, one in wanted.items():
            if not text_fits(one, actual[part]):
                yield f"{name}.{part}", _matcher(one), actual[part] or "empty"
    elif actual is None or wanted is None:
        if actual is not wanted:
            shown = "set" if wanted is not None and isinstance(wanted, Mapping) else _matcher(wanted)
            yield name, "empty" if wanted is None else shown, "empty" if actual is None else str(actual)
    elif not text_fits(wanted, actual):
        yield name, _matcher(wanted), str(actual)


def _json(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False, default=str))
