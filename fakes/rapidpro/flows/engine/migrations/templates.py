"""Rewriting the expressions of all templates of a flow.

Source: goflow flows/definition/migrations/templates.go, excellent/refactor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.flows.engine.migrations.definition import Json, languages, nodes, objects, text, translated
from fakes.rapidpro.flows.engine.migrations.definition import translate as set_translation
from fakes.rapidpro.flows.expressions.scanner import scan

Rewrite = Callable[[str], str]

PLACES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "add_contact_groups": ("groups[].name_match",),
    "add_contact_urn": ("path",),
    "add_input_labels": ("labels[].name_match",),
    "call_classifier": ("input",),
    "call_webhook": ("body", "headers{}", "url"),
    "open_ticket": ("assignee.email", "body"),
    "play_audio": ("audio_url",),
    "remove_contact_groups": ("groups[].name_match",),
    "say_msg": ("text",),
    "send_broadcast": (
        "attachments", "contact_query", "groups[].name_match", "legacy_vars", "quick_replies", "text",
    ),
    "send_email": ("addresses", "body", "subject"),
    "send_msg": (
        "attachments", "quick_replies", "template_variables", "templating.components[].params",
        "templating.variables", "text",
    ),
    "set_contact_field": ("value",),
    "set_contact_language": ("language",),
    "set_contact_name": ("name",),
    "set_contact_timezone": ("timezone",),
    "set_run_result": ("value",),
    "start_session": ("contact_query", "groups[].name_match", "legacy_vars"),
})  # fmt: skip
"""Where the templates of each action are: `[]` each object of a list, `{}` each value of an object."""
_ROUTER = ("operand", "cases[].arguments")


def rewrite_templates(flow: Json, rewrite: Rewrite) -> None:
    """Rewrite every template and its translations."""
    for node in nodes(flow):
        for action in objects(node.get("actions")):
            for place in PLACES.get(text(action, "type"), ()):
                _rewrite_at(flow, action, place, rewrite)
        if isinstance(node.get("router"), dict):
            for place in _ROUTER:
                _rewrite_at(flow, node["router"], place, rewrite)


def _rewrite_at(flow: Json, container: Json, place: str, rewrite: Rewrite) -> None:
    name, _, rest = place.partition(".")
    if rest:
        inner = container.get(name.removesuffix("[]"))
        for one in objects(inner) if name.endswith("[]") else objects([inner]):
            _rewrite_at(flow, one, rest, rewrite)
        return
    name = name.removesuffix("{}")
    uuid = container.get("uuid")
    if isinstance(uuid, str):
        for language in languages(flow):
            found = translated(language, uuid, name)
            if found is not None:
                set_translation(language, uuid, name, [rewrite(one) for one in found])
    if name in container:
        container[name] = _rewritten(container[name], rewrite)


def _rewritten(value: Any, rewrite: Rewrite) -> Any:
    if isinstance(value, str):
        return rewrite(value)
    if isinstance(value, list):
        return [rewrite(one) if isinstance(one, str) else one for one in value]
    if isinstance(value, dict):
        return {key: rewrite(one) if isinstance(one, str) else one for key, one in value.items()}
    return value


def rewrite_expressions(template: str, top_level: str, rewrite: Rewrite) -> str:
    """The template with each expression rewritten: those in `@( )`, and identifiers that begin with that name."""

    def rewritten(kind: str, part: str) -> str:
        if kind == "expression":
            return f"@({rewrite(part)})"
        return f"@{rewrite(part)}" if kind == "identifier" else part

    return "".join(rewritten(kind, part) for kind, part in scan(template, (top_level,), as_written=True))
