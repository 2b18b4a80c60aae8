"""Migrations of specification 13. Source: goflow flows/definition/migrations/13.x.go."""

from __future__ import annotations

from typing import Any

from fakes.rapidpro.flows.engine.migrations.definition import (
    Json,
    actions,
    drop_translation,
    languages,
    objects,
    routers,
    text,
    translate,
    translated,
)
from fakes.rapidpro.flows.engine.migrations.templates import rewrite_expressions, rewrite_templates
from fakes.rapidpro.flows.expressions.rewriting import cut_lookups, rename_name

MAX_NAME = 64
MAX_CATEGORY = 36
_TEMPLATING = "00000000-0000-4000-8000-000000000000"
"""The UUID that templating without one gets; it only has to be valid."""


def to_13_1(flow: Json) -> None:
    """Templating objects get a UUID."""
    for action in actions(flow, "send_msg"):
        if isinstance(action.get("templating"), dict):
            action["templating"]["uuid"] = _TEMPLATING


def to_13_2(flow: Json) -> None:
    """The language `base`, and any other that is no code, becomes `und`."""
    if len(text(flow, "language")) != 3:
        flow["language"] = "und"
        if isinstance(flow.get("localization"), dict):
            flow["localization"].pop("und", None)


def to_13_3(flow: Json) -> None:
    """`@webhook` becomes `@webhook.json`."""

    def renamed(template: str) -> str:
        return rewrite_expressions(template, "webhook", lambda one: rename_name(one, "webhook", "webhook.json"))

    rewrite_templates(flow, renamed)


def to_13_4(flow: Json) -> None:
    """The variables of a template become the parameters of its body component."""
    for action in actions(flow, "send_msg"):
        templating = action.get("templating")
        if not isinstance(templating, dict):
            continue
        old, body = text(templating, "uuid"), f"body of {text(action, 'uuid')}"
        templating["components"] = [{"uuid": body, "name": "body", "params": templating.get("variables") or []}]
        for language in languages(flow):
            found = translated(language, old, "variables")
            if found is not None:
                translate(language, body, "params", found)
                drop_translation(language, old, "variables")
        templating.pop("uuid", None)
        templating.pop("variables", None)


def to_13_5(flow: Json) -> None:
    """The parameters of all components become one list, `template_variables`."""
    for action in actions(flow, "send_msg"):
        templating = action.get("templating")
        if not isinstance(templating, dict):
            continue
        parts = [(text(one, "uuid"), _texts(one.get("params"))) for one in objects(templating.get("components"))]
        for language in languages(flow):
            _merge_parameters(language, text(action, "uuid"), parts)
        action["template"] = templating.get("template")
        action["template_variables"] = [one for _, texts in parts for one in texts]
        del action["templating"]


def _merge_parameters(language: Json, action_uuid: str, parts: list[tuple[str, list[str]]]) -> None:
    if not any(translated(language, uuid, "params") is not None for uuid, _ in parts):
        return
    merged: list[str] = []
    for uuid, texts in parts:
        found = translated(language, uuid, "params")
        merged += texts if found is None else found
        drop_translation(language, uuid, "params")
    translate(language, action_uuid, "template_variables", merged)


def _texts(values: Any) -> list[str]:
    return [one if isinstance(one, str) else "" for one in values] if isinstance(values, list) else []


def to_13_6(flow: Json) -> None:
    """Names of results and categories are cut."""
    for action in actions(flow, "set_run_result"):
        _cut(action, "name", MAX_NAME)
        _cut(action, "category", MAX_CATEGORY)
    for router in routers(flow):
        _cut(router, "result_name", MAX_NAME)
        for category in objects(router.get("categories")):
            _cut(category, "name", MAX_CATEGORY)


def _cut(values: Json, name: str, most: int) -> None:
    found = text(values, name)
    if len(found.encode("utf-8", "replace")) > most:
        values[name] = found[:most].strip()


def to_13_6_1(flow: Json) -> None:
    """Lookups of results are cut like the names."""

    def shortened(template: str) -> str:
        return rewrite_expressions(template, "results", lambda one: cut_lookups(one, "results", MAX_NAME))

    rewrite_templates(flow, shortened)
