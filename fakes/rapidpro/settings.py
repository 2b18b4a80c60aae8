"""Settings that the control API changes: an object names those that change, all others stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

Settings = TypeVar("Settings", bound=Any)
MAX_SHOWN = 60


class BadSetting(ValueError):
    """A setting that does not exist or cannot have that value; the text lists what is possible."""


def changed(current: Settings, values: Any, name: str, check: Callable[[str, Any], Any]) -> Settings:
    """A copy of a dataclass of settings with these values, each as `check` of its name and value returns it.

    `name` is what the messages call the settings. Raises BadSetting.
    """
    known = [one.name for one in fields(current)]
    if not isinstance(values, Mapping):
        raise BadSetting(f"{name} must be an object with any of {', '.join(known)}; got {shown(values)}")
    unknown = [str(key) for key in values if key not in known]
    if unknown:
        raise BadSetting(f"unknown {name} setting {unknown[0]!r}: possible are {', '.join(known)}")
    return replace(current, **{key: check(key, value) for key, value in values.items()})


def expect(good: bool, name: str, expected: str, value: Any) -> Any:
    """The value if it is good. Raises BadSetting."""
    if not good:
        raise BadSetting(f"{name} must be {expected}; got {shown(value)}")
    return value


def shown(value: Any) -> str:
    """A value as messages show it: cut if it is long."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."
