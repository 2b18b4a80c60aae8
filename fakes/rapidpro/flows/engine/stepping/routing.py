"""Choosing the exit of a node. Source: goflow flows/routers."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from fakes.rapidpro.flows.engine.definitions import Case, Router
from fakes.rapidpro.flows.engine.state.session import Run
from fakes.rapidpro.flows.engine.work import results
from fakes.rapidpro.flows.engine.work.languages import texts_of, translation_of
from fakes.rapidpro.flows.engine.work.stretch import Stretch
from fakes.rapidpro.flows.engine.work.templates import environment, value_of
from fakes.rapidpro.flows.expressions.json_text import to_json
from fakes.rapidpro.flows.expressions.values import (
    DateTime,
    ErrorValue,
    ExpressionError,
    ObjectValue,
    TooComplex,
    Value,
    iso_text,
    render,
    truthy,
)

DRAWN_DIGITS = 10**16


def route(router: Router, stretch: Stretch, run: Run) -> str | None:
    """The exit's UUID; None if the router finds no category."""
    if router.type == "random":
        return _draw(router, stretch, run)
    operand = value_of(router.operand, stretch, run)
    given, problem = _text(operand)
    match, category, extra = _first_match(router, operand, stretch, run)
    if not category and router.default_category:
        if problem and stretch.rules.notes_router_errors:
            stretch.raw_error(problem, run)
        match, category = given, router.default_category
    return _take(router, category, stretch, run, match, given, extra) if category else None


def route_timeout(router: Router, stretch: Stretch, run: Run) -> str | None:
    """The exit after a timeout. The value is empty in `new`, the time of the timeout in `9`."""
    category = router.wait.category_uuid if router.wait is not None else ""
    value = "" if stretch.rules.is_new else iso_text(DateTime(stretch.around.at.astimezone(UTC)))
    return _take(router, category, stretch, run, value, "")


def _draw(router: Router, stretch: Stretch, run: Run) -> str | None:
    number = stretch.around.chance.randrange(DRAWN_DIGITS)
    index = number * len(router.categories) // DRAWN_DIGITS
    given = f"0.{number:016d}".rstrip("0").rstrip(".")
    return _take(router, router.categories[index].uuid, stretch, run, str(index), given)


def _text(value: Value) -> tuple[str, str]:
    """A value's text, and why it has none."""
    try:
        return render(value), ""
    except (ExpressionError, TooComplex) as error:
        return "", str(error)


def _first_match(router: Router, operand: Value, stretch: Stretch, run: Run) -> tuple[str, str, str | None]:
    """The text that the first fitting case matched, its category, and its extra as JSON text."""
    for case in router.cases:
        outcome = _try(case, operand, stretch, run)
        if isinstance(outcome, ErrorValue) and stretch.rules.notes_router_errors:
            stretch.raw_error(f"Error calling test {case.test}(...): {outcome.message}", run)
        elif isinstance(outcome, ObjectValue) and truthy(outcome):
            extra = outcome.get("extra")[0]
            match, _ = _text(outcome.get("match")[0])
            return match, case.category_uuid, None if extra is None else to_json(extra)
    return "", "", None


def _try(case: Case, operand: Value, stretch: Stretch, run: Run) -> Value:
    from fakes.rapidpro.flows.expressions.functions import lookup

    templates = texts_of(case.uuid, "arguments", case.arguments, stretch, run)
    if len(templates) != len(case.arguments):
        templates = list(case.arguments)
    arguments: list[Any] = [operand, *(value_of(one, stretch, run) for one in templates)]
    test = lookup(case.test, stretch.rules.generation)
    if test is None:
        return ErrorValue(f"unknown test {case.test}")
    try:
        return test.call(environment(stretch), arguments)
    except (ExpressionError, TooComplex, RecursionError) as error:
        return ErrorValue(str(error))


def _take(
    router: Router, category_uuid: str, stretch: Stretch, run: Run, match: str, given: str, extra: str | None = None
) -> str | None:
    category = router.category(category_uuid)
    if category is None:
        return None
    if router.result_name:
        localized = translation_of(category.uuid, "name", "", stretch, run)
        results.save(
            stretch, run, router.result_name, match, category.name, localized=localized, given=given, extra=extra
        )
    return category.exit_uuid
