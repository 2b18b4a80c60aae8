"""Reading a job. Whatever is missing or wrong is told in a sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fakes.rapidpro.flows.engine import Contact, Workspace
from fakes.rapidpro.flows.engine.state.summary import read_contact, read_summary
from fakes.rapidpro.flows.expressions.environment import DATE_FORMATS
from fakes.rapidpro.flows.jobs.answers import body_of
from fakes.rapidpro.flows.jobs.workspaces import read_workspace
from fakes.rapidpro.versions.engines import ENGINES, EngineRules

MAX_LINE = 100_000_000
MAX_INPUTS = 1000
KEYS = (
    "bundle", "flow", "generation", "clock", "env", "workspace", "languages", "contact", "webhook_answers", "inputs",
)  # fmt: skip
OPTIONAL = ("seed",)
STARTS = ("manual", "msg", "flow_action")


class BadJob(ValueError):
    """A job that cannot be run; the text says what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Job:
    """One conversation: what there is, and what happens to the contact."""

    definitions: list[Any]
    flow: str
    rules: EngineRules
    clock: datetime
    workspace: Workspace
    contact: Contact
    answers: list[Mapping[str, Any]]
    inputs: list[Mapping[str, Any]]
    seed: str


def read_job(line: bytes) -> Job:
    """The job of a line. Raises BadJob."""
    values = _object(line)
    _check_keys(values)
    rules = next((one for name, one in ENGINES.items() if name == values["generation"]), None)
    if rules is None:
        raise BadJob(f'generation must be "new" or "9", got {_shown(values["generation"])}')
    bundle = _typed(values, "bundle", dict, "an object")
    definitions = bundle.get("flows")
    if not isinstance(definitions, list):
        raise BadJob(f"bundle.flows must be a list, got {_shown(definitions)}")
    languages = _typed(values, "languages", list, "a list of texts")
    if not all(isinstance(one, str) for one in languages):
        raise BadJob(f"languages must be a list of texts, got {_shown(languages)}")
    answers = [_answer(one, index) for index, one in enumerate(_typed(values, "webhook_answers", list, "a list"))]
    return Job(
        definitions=definitions,
        flow=_typed(values, "flow", str, "the UUID of a flow"),
        rules=rules,
        clock=_clock(values["clock"]),
        workspace=_workspace(values, bundle, tuple(languages)),
        contact=_contact(_typed(values, "contact", dict, "an object")),
        answers=answers,
        inputs=_inputs(_typed(values, "inputs", list, "a list")),
        seed=str(values.get("seed", 0)),
    )


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_LINE:
        raise BadJob(f"the job has {len(line)} bytes: at most {MAX_LINE} are read")
    try:
        values = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        raise BadJob("the job is not UTF-8") from None
    except RecursionError:
        raise BadJob("the job is nested too deeply") from None
    except ValueError as error:
        raise BadJob(f"the job is not JSON: {error}") from None
    if not isinstance(values, dict):
        raise BadJob(f"a job must be a JSON object, got {_shown(values)}")
    return values


def _check_keys(values: Mapping[str, Any]) -> None:
    missing = [key for key in KEYS if key not in values]
    unknown = [key for key in values if key not in (*KEYS, *OPTIONAL)]
    if missing:
        raise BadJob(f"the job lacks {', '.join(missing)}")
    if unknown:
        raise BadJob(f"unknown key {unknown[0]!r}: expected {', '.join(KEYS)}")


def _typed(values: Mapping[str, Any], key: str, kind: type, words: str) -> Any:
    if not isinstance(values[key], kind):
        raise BadJob(f"{key} must be {words}, got {_shown(values[key])}")
    return values[key]


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _clock(text: Any) -> datetime:
    """The time at the start of a text such as `2026-03-04T05:06:07Z fixed`."""
    try:
        at = datetime.fromisoformat(str(text).split(" ")[0])
    except ValueError:
        raise BadJob(f"clock must be an ISO 8601 time, got {_shown(text)}") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _workspace(values: Mapping[str, Any], bundle: Mapping[str, Any], languages: tuple[str, ...]) -> Workspace:
    env = _typed(values, "env", dict, "an object")
    given = _typed(values, "workspace", dict, "an object")
    try:
        ZoneInfo(env.get("timezone") or "UTC")
    except (KeyError, ValueError, TypeError, OSError):
        raise BadJob(f"env.timezone must be the name of a time zone, got {_shown(env.get('timezone'))}") from None
    if env.get("date_format", "DD-MM-YYYY") not in DATE_FORMATS:
        raise BadJob(f"env.date_format must be one of {', '.join(DATE_FORMATS)}, got {_shown(env['date_format'])}")
    try:
        return read_workspace(given, env, languages, bundle)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadJob(f"workspace is not valid: {_reason(error)}") from None


def _contact(values: Mapping[str, Any]) -> Contact:
    try:
        contact = read_contact(values)
        ZoneInfo(contact.timezone or "UTC")
    except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError, OSError) as error:
        raise BadJob(f"contact is not valid: {_reason(error)}") from None
    return contact


def _reason(error: Exception) -> str:
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)


def _answer(values: Any, index: int) -> Mapping[str, Any]:
    place = f"webhook_answers[{index}]"
    if not isinstance(values, dict):
        raise BadJob(f"{place} must be an object, got {_shown(values)}")
    status, headers = values.get("status"), values.get("headers") or {}
    if not values.get("error") and not (isinstance(status, int) and 100 <= status <= 999):
        raise BadJob(f"{place} must have a status of three digits or an error, got {_shown(status)}")
    if not isinstance(headers, dict) or not all(isinstance(one, str) for one in headers.values()):
        raise BadJob(f"{place}.headers must be an object of texts, got {_shown(headers)}")
    try:
        body_of(values)
    except (ValueError, TypeError) as error:
        raise BadJob(f"{place} is not valid: {error}") from None
    return values


def _inputs(inputs: list[Any]) -> list[Mapping[str, Any]]:
    if not inputs or len(inputs) > MAX_INPUTS:
        raise BadJob(f"inputs must be a list of 1 to {MAX_INPUTS} objects, got {len(inputs)}")
    for index, one in enumerate(inputs):
        if not isinstance(one, dict):
            raise BadJob(f"inputs[{index}] must be an object, got {_shown(one)}")
        attachments = one.get("attachments") or []
        if not isinstance(attachments, list) or not all(isinstance(each, str) for each in attachments):
            raise BadJob(f"inputs[{index}].attachments must be a list of texts, got {_shown(attachments)}")
        if index == 0 and one.get("start") not in STARTS:
            raise BadJob(f"inputs[0].start must be one of {', '.join(STARTS)}, got {_shown(one.get('start'))}")
        if index and not (isinstance(one.get("text"), str) or attachments or one.get("timeout") or one.get("expire")):
            raise BadJob(f"inputs[{index}] must have text, timeout or expire, got {_shown(one)}")
    if inputs[0]["start"] == "flow_action" and not isinstance(inputs[0].get("parent"), dict):
        raise BadJob(f"inputs[0].parent must be an object, got {_shown(inputs[0].get('parent'))}")
    try:
        read_summary(inputs[0].get("parent"))
    except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        raise BadJob(f"inputs[0].parent is not valid: {_reason(error)}") from None
    return inputs
