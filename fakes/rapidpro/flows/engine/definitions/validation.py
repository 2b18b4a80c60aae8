"""Checks of a whole flow: unique UUIDs, destinations, categories, tests, limits.

Source: goflow flows/definition/flow.go, node.go, localization.go, flows/routers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from fakes.rapidpro.flows.engine.checks import is_language
from fakes.rapidpro.flows.engine.definitions.action_fields import INTERACTIVE, VOICE, allowed_in
from fakes.rapidpro.flows.engine.definitions.model import Action, Case, Exit, Flow, Node, Router
from fakes.rapidpro.flows.engine.refused import Refused
from fakes.rapidpro.flows.expressions.functions_router import TEST_FUNCTIONS
from fakes.rapidpro.versions.engines import EngineRules

MAX_NODES = 1000
MAX_UI = 262_144
MAX_PARTS = 100
"""Actions or exits of a node, categories or cases of a router."""
MAX_ARGUMENTS = 10
MAX_TRANSLATED = 10_000
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_ANY_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\Z")
MAX_EXPONENT = 100
MAX_AMOUNT = Decimal(10**9)


def validate(flow: Flow, rules: EngineRules) -> None:
    """Refused with the first defect, if there is one."""
    if rules.checks_limits:
        _at_most(len(flow.nodes), MAX_NODES, "flow can't have more than {} nodes (has {})")
    known = {node.uuid for node in flow.nodes}
    seen: set[str] = set()
    for node in flow.nodes:
        _unique(node.uuid, seen, "node UUID {} isn't unique")
        try:
            _check_node(node, flow, known, seen, rules)
        except Refused as error:
            raise Refused(f"invalid node[uuid={node.uuid}]: {error}") from None
    if rules.checks_limits:
        try:
            _check_localization(flow.localization)
        except Refused as error:
            raise Refused(f"invalid localization: {error}") from None


def _at_most(count: int, most: int, words: str) -> None:
    if count > most:
        raise Refused(words.format(most, count))


def _unique(uuid: str, seen: set[str], words: str) -> None:
    if uuid in seen:
        raise Refused(words.format(uuid))
    seen.add(uuid)


def _check_node(node: Node, flow: Flow, known: set[str], seen: set[str], rules: EngineRules) -> None:
    if rules.checks_limits:
        _at_most(len(node.actions), MAX_PARTS, "node can't have more than {} actions (has {})")
        _at_most(len(node.exits), MAX_PARTS, "node can't have more than {} exits (has {})")
    for action in node.actions:
        if flow.type not in allowed_in(action.type):
            raise Refused(f"action type '{action.type}' is not allowed in a flow of type '{flow.type}'")
        _unique(action.uuid, seen, "action UUID {} isn't unique")
        problem = _action_problem(action, rules)
        if problem:
            raise Refused(f"invalid action[uuid={action.uuid}, type={action.type}]: {problem}")
    if node.router is not None:
        try:
            _check_router(node.router, flow, node.exits, rules)
        except Refused as error:
            raise Refused(f"invalid router: {error}") from None
    for exit_ in node.exits:
        _unique(exit_.uuid, seen, "exit UUID {} isn't unique")
        if exit_.destination and exit_.destination not in known:
            raise Refused(f"destination {exit_.destination} of exit[uuid={exit_.uuid}] isn't a known node")


def _action_problem(action: Action, rules: EngineRules) -> str:
    if action.type == "call_webhook":
        bad = [name for name in action.values.get("headers") or {} if not _HEADER_NAME.match(name)]
        return f"header '{bad[0]}' is not a valid HTTP header" if bad else ""
    if action.type == "remove_contact_groups" and action.values.get("all_groups") and action.values.get("groups"):
        return "can't specify specific groups when all_groups=true"
    if action.type == "transfer_airtime" and rules.is_new:
        return _amounts_problem(action.values.get("amounts"))
    return ""


def _amounts_problem(amounts: Any) -> str:
    for currency, amount in amounts.items() if isinstance(amounts, Mapping) else ():
        try:
            number = Decimal(str(amount))
        except InvalidOperation:
            return f"amount for '{currency}' is out of range"
        if not number.is_finite():
            return f"amount for '{currency}' is out of range"
        if number and abs(number.adjusted()) > MAX_EXPONENT:
            return f"amount for '{currency}' is out of range: number value is out of permitted range"
        if not 0 <= number <= MAX_AMOUNT:
            return f"amount for '{currency}' is out of range"
    return ""


def _check_router(router: Router, flow: Flow, exits: tuple[Exit, ...], rules: EngineRules) -> None:
    if rules.checks_limits:
        _at_most(len(router.cases), MAX_PARTS, "can't have more than {} cases (has {})")
    known, ways = {one.uuid for one in router.categories}, {one.uuid for one in exits}
    if router.default_category and router.default_category not in known:
        raise Refused(f"default category {router.default_category} is not a valid category")
    for case in router.cases:
        _check_case(case, known, rules)
    if rules.checks_limits:
        _at_most(len(router.categories), MAX_PARTS, "can't have more than {} categories (has {})")
    wait = router.wait
    if wait is not None and wait.seconds is not None and wait.category_uuid not in known:
        raise Refused(f"timeout category {wait.category_uuid} is not a valid category")
    for category in router.categories:
        if category.exit_uuid and category.exit_uuid not in ways:
            raise Refused(f"category exit {category.exit_uuid} is not a valid exit")
    if wait is not None and flow.type not in (VOICE if wait.type == "dial" else INTERACTIVE):
        raise Refused(f"wait type '{wait.type}' is not allowed in a flow of type '{flow.type}'")


def _check_case(case: Case, known: set[str], rules: EngineRules) -> None:
    new = rules.is_new
    problem = ""
    if case.category_uuid not in known:
        problem = f"{'' if new else 'case '}category {case.category_uuid} is not a valid category"
    elif case.test not in TEST_FUNCTIONS:
        problem = f"{'' if new else 'case test '}{case.test} is not a registered test function"
    elif rules.checks_limits and len(case.arguments) > MAX_ARGUMENTS:
        problem = f"can't have more than {MAX_ARGUMENTS} arguments (has {len(case.arguments)})"
    if problem:
        raise Refused(f"invalid case[uuid={case.uuid}]: {problem}" if new else problem)


def _check_localization(localization: Mapping[str, Any]) -> None:
    for language, items in localization.items():
        if not is_language(language):
            raise Refused(f"invalid language code '{language}'")
        try:
            for uuid, item in (items or {}).items():
                _check_item(uuid, item or {})
        except Refused as error:
            raise Refused(f"invalid translation for '{language}': {error}") from None


def _check_item(uuid: str, item: Mapping[str, Any]) -> None:
    if not _ANY_UUID.match(uuid):
        raise Refused(f"invalid item uuid '{uuid}'")
    try:
        _at_most(len(item), MAX_ARGUMENTS, "can't have more than {} properties (has {})")
        for name, value in item.items():
            if not 0 < len(name) <= 64:
                raise Refused(f"invalid property name '{name if len(name) <= 32 else name[:29] + '...'}'")
            values = value if isinstance(value, list) else [value]
            _at_most(
                len(values), MAX_ARGUMENTS, f"translation for '{name}' can't have more than {{}} values (has {{}})"
            )
            for one in values:
                _check_translation(name, one)
    except Refused as error:
        raise Refused(f"invalid item translation for '{uuid}': {error}") from None


def _check_translation(name: str, value: Any) -> None:
    if isinstance(value, str):
        words = f"translation value for '{name}' can't be longer than {{}} chars (is {{}})"
        _at_most(len(value), MAX_TRANSLATED, words)
    else:
        words = f"translation value for '{name}' can't be larger than {{}} bytes (is {{}})"
        _at_most(len(json.dumps(value)), MAX_TRANSLATED, words)
