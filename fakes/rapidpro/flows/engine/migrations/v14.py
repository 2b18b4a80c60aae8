"""Migrations of specification 14. Source: goflow flows/definition/migrations/14.x.go."""

from __future__ import annotations

from collections.abc import Iterator

from fakes.rapidpro.flows.engine.migrations.definition import (
    Json,
    actions,
    drop_translation,
    languages,
    objects,
    routers,
    splits,
    text,
    translate,
    translated,
)

WEBHOOKS = ("call_webhook", "call_resthook")
MAX_EXPIRES = 20_160
MAX_VOICE_EXPIRES = 15
MAX_REPLIES = 10
_LOCALS = (("open_ticket", "_new_ticket"), ("transfer_airtime", "_new_transfer"))
_ONE_ARGUMENT = frozenset({
    "has_only_text", "has_phrase", "has_only_phrase", "has_any_word", "has_all_words", "has_beginning", "has_pattern",
})  # fmt: skip


def to_14_0(flow: Json) -> None:
    """Expiries are limited, categories without a name are called Match."""
    expires = flow.get("expire_after_minutes")
    if isinstance(expires, int) and not isinstance(expires, bool):
        most = {"messaging": MAX_EXPIRES, "voice": MAX_VOICE_EXPIRES}.get(text(flow, "type"), 0)
        flow["expire_after_minutes"] = min(expires, most)
    for router in routers(flow):
        for category in objects(router.get("categories")):
            if not text(category, "name"):
                category["name"] = "Match"


def to_14_1(flow: Json) -> None:
    """Webhook nodes split on the status instead of the category of the result; at most ten quick replies."""
    for _, router in splits(flow, *WEBHOOKS):
        case = _first_case(router)
        if text(router, "operand").startswith("@results.") and case is not None:
            _split_on_status(router, case)
    for action in actions(flow, "send_msg", "send_broadcast"):
        if isinstance(action.get("quick_replies"), list):
            action["quick_replies"] = action["quick_replies"][:MAX_REPLIES]


def _first_case(router: Json) -> Json | None:
    cases = router.get("cases")
    first = cases[0] if isinstance(cases, list) and cases else None
    return first if isinstance(first, dict) else None


def _split_on_status(router: Json, case: Json) -> None:
    case["type"], case["arguments"] = "has_number_between", ["200", "299"]
    router["operand"], router["cases"] = "@webhook.status", [case]


def to_14_2(flow: Json) -> None:
    """A ticket's body is its note; translations into languages that are no codes go."""
    for action in actions(flow, "open_ticket"):
        if text(action, "body"):
            action["note"] = action.pop("body")
    localization = flow.get("localization")
    if isinstance(localization, dict):
        for language in [one for one in localization if len(one.encode()) != 3]:
            del localization[language]


def to_14_3(flow: Json) -> None:
    """Ticket and airtime nodes split on a local variable instead of the result."""
    for kind, local in _LOCALS:
        for action, router in splits(flow, kind):
            case = _first_case(router)
            if not text(router, "operand").startswith("@results.") or case is None:
                continue
            case["type"], case["arguments"] = "has_text", []
            router["operand"], router["cases"] = f"@locals.{local}", [case]
            router["result_name"] = action.pop("result_name", None)


def _text_cases(flow: Json) -> Iterator[Json]:
    for router in routers(flow):
        if text(router, "type") == "switch":
            yield from (one for one in objects(router.get("cases")) if text(one, "type") in _ONE_ARGUMENT)


def to_14_3_1(flow: Json) -> None:
    """Tests that take one argument and have more get them joined."""
    for case in _text_cases(flow):
        found = case.get("arguments")
        if isinstance(found, list) and len(found) > 1:
            case["arguments"] = [" ".join(one if isinstance(one, str) else "" for one in found)]
        for language in languages(flow):
            texts = translated(language, case.get("uuid"), "arguments") or []
            if len(texts) > 1:
                translate(language, text(case, "uuid"), "arguments", [" ".join(texts)])


def to_14_4(flow: Json) -> None:
    """Messages no longer go to all URNs."""
    for action in actions(flow, "send_msg"):
        action.pop("all_urns", None)


def to_14_4_1(flow: Json) -> None:
    """All webhook nodes split on the status, whatever they split on before."""
    for _, router in splits(flow, *WEBHOOKS):
        cases, first = objects(router.get("cases")), _first_case(router)
        if first is None:
            continue
        _split_on_status(router, first)
        for language in languages(flow):
            for case in cases:
                drop_translation(language, text(case, "uuid"), "arguments")


def to_14_4_2(flow: Json) -> None:
    """A call that was not made counts as status 0."""
    for _, router in splits(flow, *WEBHOOKS):
        if router.get("operand") == "@webhook.status":
            router["operand"] = "@(default(webhook.status, 0))"
