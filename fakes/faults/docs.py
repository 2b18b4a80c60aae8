"""The generated part of docs/faults.md: the tables of fields, effects and presets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from fakes.faults.effect import Effect, Option
from fakes.faults.effects import EFFECTS
from fakes.faults.fault import FIELDS
from fakes.faults.presets import PRESETS, Preset

ACTS = {"never": "no", "before": "yes, first", "after": "yes, then"}


def updated(text: str) -> str:
    """`text` with everything between its markers `<!-- begin NAME -->` and `<!-- end NAME -->` generated again.

    Raises ValueError if a pair of markers is missing.
    """
    for name, lines in (("fields", _fields()), ("effects", _effects()), ("presets", _presets())):
        text = _with_section(text, name, lines)
    return text


def _with_section(text: str, name: str, lines: Iterator[str]) -> str:
    section = f"<!-- begin {name} -->\n\n" + "\n".join(lines) + f"\n\n<!-- end {name} -->"
    pattern = rf"<!-- begin {name} -->.*?<!-- end {name} -->"
    text, count = re.subn(pattern, lambda _: section, text, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"expected one pair of markers `begin {name}` and `end {name}`, found {count}")
    return text


def _fields() -> Iterator[str]:
    yield "| field | default | meaning |"
    yield "|---|---|---|"
    for name, option in FIELDS.items():
        default = "required" if option.required else f"`{json.dumps(option.default)}`"
        yield f"| `{name}` | {default} | {option.about}{_limits(option)} |"


def _effects() -> Iterator[str]:
    yield "| effect | service acts? | what it does | options (`with`) |"
    yield "|---|---|---|---|"
    for effect in EFFECTS.values():
        lasting = " Lasting: `times` is null by default." if effect.lasting else ""
        yield f"| `{effect.name}` | {ACTS[effect.acts]} | {effect.about}{lasting} | {_options(effect)} |"


def _options(effect: Effect) -> str:
    return "<br>".join(
        f"`{name}`: {option.about}{_limits(option)}"
        + (", required" if option.required else f", default `{json.dumps(option.default)}`")
        for name, option in effect.options.items()
    )


def _limits(option: Option) -> str:
    return f" ({option.expected()})" if option.choices or option.at_least is not None else ""


def _presets() -> Iterator[str]:
    yield "| preset | what happens | expands to |"
    yield "|---|---|---|"
    for name, preset in PRESETS.items():
        yield f"| `{name}` | {preset.about} | {'<br>'.join(_expansion(preset))} |"


def _expansion(preset: Preset) -> Iterator[str]:
    for fault in preset.faults:
        yield f"`{json.dumps(_plain(fault))}`"
    if preset.channel:
        yield f"channel `{json.dumps(_plain(preset.channel))}`"


def _plain(value: Mapping[str, object]) -> dict[str, object]:
    return {key: _plain(item) if isinstance(item, Mapping) else item for key, item in value.items()}
