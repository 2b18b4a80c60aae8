"""Shapes from TOML: the built-in ones and a user's own. Whatever is wrong is said with what was expected and what came.

A file has a table for each shape; its keys are those of `shapes.toml`. Durations are in seconds, or texts such as "2h".
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from conformance.flows.conversations.durations import LONGEST, seconds_of
from fakes.rapidpro.courier import channel as channels
from fakes.rapidpro.settings import BadSetting
from loadtests.shapes.model import SERVICES, UNLIMITED, Outage, Ramp, Shape, Traffic

MOST_TEXTS = 1_000_000
"""Each way."""
SHORTEST = 0.1
"""Real seconds of a shape."""
MOST_PEOPLE = 1_000_000
Read = Callable[[Any], Any]


class BadShape(ValueError):
    """A shape cannot be read, or there is none of that name. The message is a sentence for people."""


@cache
def built_in() -> Mapping[str, Shape]:
    """The built-in shapes by name."""
    return MappingProxyType(read(files("loadtests.shapes").joinpath("shapes.toml").read_text("utf-8"), "shapes.toml"))


def read_file(path: Path) -> Mapping[str, Shape]:
    """The shapes in a file, by name."""
    try:
        source = path.read_text("utf-8")
    except OSError as failure:
        raise BadShape(f"{path} cannot be read: {failure.strerror or failure}") from None
    except UnicodeDecodeError as problem:
        raise BadShape(f"{path} is not TOML: {problem}") from None
    return read(source, str(path))


def chosen(name: str | None, path: Path | None) -> Shape:
    """The shape of that name: of the file if there is one, else a built-in one."""
    known = built_in() if path is None else read_file(path)
    if name is None and len(known) == 1:
        return next(iter(known.values()))
    if name is None:
        raise BadShape(f"which shape? expected one of {', '.join(known)}")
    if name not in known:
        raise BadShape(f"unknown load shape {name!r}: expected one of {', '.join(known)}")
    return known[name]


def read(source: str, where: str) -> Mapping[str, Shape]:
    """The shapes in a TOML document; `where` names it in messages."""
    try:
        document = tomllib.loads(source)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise BadShape(f"{where} is not TOML: {problem}") from None
    if not document:
        raise BadShape(f"{where} has no shape: expected a table such as [my_morning] with about and traffic")
    return {name: _shape(name, given, f"{where}: {name}") for name, given in document.items()}


def _shape(name: str, given: Any, where: str) -> Shape:
    if not isinstance(given, Mapping):
        raise BadShape(f"{where}: expected a table with about and traffic, got {given!r}")
    values = _fields(given, where, {
        "about": _text, "source": _text, "time": _one_of("real", "virtual"), "traffic": _list_of(_traffic),
        "in_real_time": _seconds, "quota": _quota, "people": _whole(1, MOST_PEOPLE),
        "outages": _list_of(_outage), "channel": _channel, "in_order": _flag, "ramp": _ramp,
    }, ("about",))  # fmt: skip
    real = values.pop("in_real_time", None)
    if ("traffic" in values) == ("ramp" in values):
        raise BadShape(f"{where}: expected either traffic or ramp, got {'both' if 'ramp' in values else 'neither'}")
    if "ramp" in values:
        values["traffic"] = values["ramp"].traffic()
    shape = Shape(name=name, **values)
    if shape.ramp is not None and shape.time == "virtual":
        raise BadShape(f"{where}: a ramp measures speed, which virtual time does not have: expected time = 'real'")
    if real is not None and real < SHORTEST:
        raise BadShape(f"{where}: in_real_time: expected at least {SHORTEST} seconds, got {real:g}")
    if max(shape.texts_in, shape.texts_out) > MOST_TEXTS:
        texts = f"{shape.texts_out:,} out, {shape.texts_in:,} in"
        raise BadShape(f"{where}: expected at most {MOST_TEXTS:,} texts each way, got {texts}")
    return shape if real is None else shape.within(real)


def _fields(given: Any, where: str, readers: Mapping[str, Read], needed: tuple[str, ...]) -> dict[str, Any]:
    """The values of a table by key, read. BadShape names the key."""
    if not isinstance(given, Mapping):
        raise BadShape(f"{where}: expected a table such as {{ {needed[0]} = ... }}, got {given!r}")
    values = {}
    for key, value in given.items():
        if key not in readers:
            raise BadShape(f"{where}: unknown key {key!r}: expected {', '.join(readers)}")
        try:
            values[key] = readers[key](value)
        except BadShape as problem:
            raise BadShape(f"{where}: {key}{_joined(str(problem))}") from None
    for key in needed:
        if key not in values:
            raise BadShape(f"{where}: the key {key!r} is missing")
    return values


def _joined(problem: str) -> str:
    """How a message follows the key: at once if it goes on with a place in a list or a table."""
    return problem if problem.startswith(("[", ": ")) else f": {problem}"


def _traffic(given: Any) -> Traffic:
    values = _fields(given, "", {
        "who": _one_of("people", "cht"), "texts": _whole(1, MOST_TEXTS), "from": _seconds, "to": _seconds,
        "spread": _one_of("once", "even", "random"), "times": _whole(1, 10_000), "every": _above_zero_seconds,
        "by": _one_of("webhook", "phone"),
    }, ("who", "texts", "from"))  # fmt: skip
    begins, ends = values.pop("from"), values.pop("to", None)
    once = values.get("spread") == "once"
    if once != (ends is None):
        raise BadShape("expected 'to' for texts that are spread, and none for spread = 'once'")
    if ends is not None and ends <= begins:
        raise BadShape(f"expected 'to' after 'from' ({begins:g} s), got {ends:g} s")
    if ("times" in values) != ("every" in values):
        raise BadShape("expected times and every together")
    if "by" in values and values["who"] != "people":
        raise BadShape("'by' is how people's texts come: expected who = 'people'")
    return Traffic(begins=begins, ends=begins if ends is None else ends, **values)


def _outage(given: Any) -> Outage:
    values = _fields(given, "", {"service": _one_of(*SERVICES), "from": _seconds, "to": _seconds},
                     ("service", "from", "to"))  # fmt: skip
    if values["to"] <= values["from"]:
        raise BadShape(f"expected 'to' after 'from' ({values['from']:g} s), got {values['to']:g} s")
    return Outage(values["service"], values["from"], values["to"])


def _ramp(given: Any) -> Ramp:
    readers = {"first": _above(0), "factor": _above(1), "step": _above_zero_seconds, "steps": _whole(1, 100)}
    values = _fields(given, "", readers, tuple(readers))
    ramp = Ramp(values["first"], values["factor"], values["step"], values["steps"])
    try:
        last = ramp.rates()[-1] * ramp.step_seconds
    except OverflowError:
        last = math.inf
    if last > MOST_TEXTS:
        raise BadShape(f"expected at most {MOST_TEXTS:,} texts in the last step, got {last:.3g}")
    return ramp


def _list_of(one: Read) -> Read:
    def read_all(given: Any) -> tuple[Any, ...]:
        if not isinstance(given, list) or not given:
            raise BadShape(f"expected a list of tables that is not empty, got {given!r}")
        found = []
        for place, entry in enumerate(given, 1):
            try:
                found.append(one(entry))
            except BadShape as problem:
                raise BadShape(f"[{place}]: {str(problem).removeprefix(': ')}") from None
        return tuple(found)

    return read_all


def _quota(given: Any) -> int:
    return UNLIMITED if given == "unlimited" else int(_whole(1, MOST_TEXTS)(given))


def _text(given: Any) -> str:
    if not isinstance(given, str) or not given.strip():
        raise BadShape(f"expected a text, got {given!r}")
    return given


def _flag(given: Any) -> bool:
    if not isinstance(given, bool):
        raise BadShape(f"expected true or false, got {given!r}")
    return given


def _channel(given: Any) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise BadShape(f"expected a table such as {{ tps = 10 }}, got {given!r}")
    try:
        channels.changed(channels.Channel(), given)
    except BadSetting as problem:
        raise BadShape(str(problem)) from None
    return given


def _one_of(*words: str) -> Read:
    def read_word(given: Any) -> str:
        if given not in words:
            raise BadShape(f"expected one of {', '.join(words)}, got {given!r}")
        return str(given)

    return read_word


def _whole(least: int, most: int) -> Read:
    def read_number(given: Any) -> int:
        if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
            raise BadShape(f"expected a whole number from {least} to {most}, got {given!r}")
        return given

    return read_number


def _above(least: float) -> Read:
    def read_number(given: Any) -> float:
        if isinstance(given, bool) or not isinstance(given, int | float) or not least < given < math.inf:
            raise BadShape(f"expected a number above {least:g}, got {given!r}")
        return float(given)

    return read_number


def _seconds(given: Any) -> float:
    if isinstance(given, str):
        try:
            return seconds_of(given)
        except ValueError as problem:
            raise BadShape(str(problem)) from None
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= LONGEST:
        raise BadShape(f"expected seconds from 0 to {LONGEST:g} (ten years), or a duration such as '2h', got {given!r}")
    return float(given)


def _above_zero_seconds(given: Any) -> float:
    return float(_above(0)(_seconds(given)))
