"""`relay-harness fault`: plan faults in running fakes, list them, and remove them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from conformance.cli.options.running_fakes import RunningFakes, show, with_fakes, with_json
from conformance.cli.options.types import Finite
from fakes.faults.effects import EFFECTS
from fakes.faults.fault import SERVICES
from fakes.faults.presets import PRESETS

FOR_EVER = "forever"
MATCHED = ("method", "path", "token", "to", "text")


@click.group("fault")
def fault_command() -> None:
    """Plan, list and remove faults in running fakes."""


@fault_command.command("list")
@with_fakes
@with_json
def list_(fakes: RunningFakes, as_json: bool) -> None:
    """Show the planned faults and how often each was used."""
    found = fakes.faults()
    show({"faults": found}, "\n".join(map(line_of, found)) or "no faults are planned", as_json)


@fault_command.command("add")
@click.argument("preset", required=False)
@click.option("--effect", help="What goes wrong; `relay-harness fault effects` lists all effects.")
@click.option(
    "--with", "effect_options", multiple=True, metavar="NAME=VALUE", help="An option of the effect. May be repeated."
)
@click.option("--service", type=click.Choice(SERVICES), help="Who misbehaves. Default: both, or as the preset says.")
@click.option("--method", help="Only requests with this method.")
@click.option("--path", help="Only requests for this path; `*` stands for any text.")
@click.option("--token", help="Only requests with this token (RapidPro) or this user:password in base64 (CHT).")
@click.option("--to", help="Only requests that contain this phone number.")
@click.option("--text", help="Only requests that contain this in the text of an SMS.")
@click.option("--times", callback=lambda _context, _option, value: times_of(value), metavar=f"N|{FOR_EVER}",
              help="Affect this many requests. Default: 1, or forever for lasting effects.")  # fmt: skip
@click.option("--skip", type=int, help="First let this many matching requests through.")
@click.option("--share", type=Finite(), help="Affect this share of the matching requests, from 0 to 1.")
@click.option("--from-seconds", type=Finite(), help="Begin after this many seconds.")
@click.option("--for-seconds", type=Finite(), help="End by itself after this many seconds.")
@click.option("--seed", type=int, help="The seed of the random choice for --share.")
@with_fakes
@with_json
def add(fakes: RunningFakes, as_json: bool, preset: str | None, effect_options: Sequence[str], **options: Any) -> None:
    """Plan a fault. Give a PRESET such as `throttled`, or describe it by options; these can also change a preset."""
    added = fakes.plan_fault(fault_of(preset, effect_options, options))
    show(added, "\n".join(lines_of(added)), as_json)


@fault_command.command("clear")
@click.argument("number", metavar="[ID]", type=int, required=False)
@with_fakes
@with_json
def clear(fakes: RunningFakes, number: int | None, as_json: bool) -> None:
    """Remove a fault or all faults. Without ID, the channel settings that presets changed are restored, too."""
    removed = fakes.delete("/faults" if number is None else f"/faults/{number}")
    plural = "" if removed["removed"] == 1 else "s"
    show(removed, f"{removed['removed']} fault{plural} removed", as_json)


@fault_command.command("presets")
@with_json
def presets(as_json: bool) -> None:
    """List the presets: common faults by name."""
    _show_named({name: preset.about for name, preset in PRESETS.items()}, as_json)


@fault_command.command("effects")
@with_json
def effects(as_json: bool) -> None:
    """List the effects, each with the options that --with takes."""
    _show_named({name: effect.about + _options_of(name) for name, effect in EFFECTS.items()}, as_json)


def times_of(value: str | None) -> int | str | None:
    """A number, `forever`, or None without a value. click.BadParameter for anything else."""
    if value is None or value == FOR_EVER:
        return value
    try:
        return int(value)
    except ValueError:
        raise click.BadParameter(f"expected a number or {FOR_EVER}, got {value!r}") from None


def fault_of(preset: str | None, effect_options: Sequence[str], options: Mapping[str, Any]) -> dict[str, Any]:
    """The fault in the form of the control API. click.UsageError for options that do not go together."""
    chosen = {name: value for name, value in options.items() if value is not None}
    if (preset is None) == ("effect" not in chosen):
        raise click.UsageError(
            "say what goes wrong: a preset (`relay-harness fault presets` lists them) or --effect (`relay-harness "
            "fault effects`), one of the two"
        )
    match = {name: chosen.pop(name) for name in MATCHED if name in chosen}
    if chosen.get("times") == FOR_EVER:
        chosen["times"] = None
    with_ = dict(_option(word, preset or chosen["effect"]) for word in effect_options)
    return {
        **({"preset": preset} if preset is not None else {}),
        **chosen,
        **({"with": with_} if with_ else {}),
        **({"match": match} if match else {}),
    }


def _option(word: str, name: str) -> tuple[str, Any]:
    """Parses NAME=VALUE. The value is read as JSON if possible, except for options that are text."""
    key, equals, value = word.partition("=")
    if not equals or not key:
        raise click.UsageError(f"--with: expected NAME=VALUE such as retry_after=30, got {word!r}")
    if _kinds(name, key) & {"text", "path"}:
        return key, value
    try:
        return key, json.loads(value, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return key, value


def _kinds(name: str, key: str) -> set[str]:
    used = [fault["effect"] for fault in PRESETS[name].faults] if name in PRESETS else [name]
    found = (EFFECTS[one].options.get(key) for one in used if one in EFFECTS)
    return {str(option.kind) for option in found if option is not None}


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _options_of(name: str) -> str:
    options = EFFECTS[name].options
    words = (f"{key}{'' if option.required else f'={json.dumps(option.default)}'}" for key, option in options.items())
    return f" Options: {', '.join(words)}." if options else ""


def _show_named(about: Mapping[str, str], as_json: bool) -> None:
    width = max(map(len, about))
    show(dict(about), "\n".join(f"{name:{width}}  {sentence}" for name, sentence in about.items()), as_json)


def lines_of(added: Mapping[str, Any]) -> Iterator[str]:
    """The planned faults and the changed channel, for people."""
    yield from map(line_of, added["faults"])
    if added.get("channel"):
        yield f"channel  {json.dumps(added['channel'])}"


def line_of(fault: Mapping[str, Any]) -> str:
    """One planned fault on a line: number, effect, service, which requests, when, how often."""
    words = [f"{fault['id']:>3}  {fault['effect']}"]
    words += [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in fault["with"].items()]
    words.append(f"of {fault['service'] or 'both services'}")
    words += [f"{key} {value}" for key, value in fault["match"].items()]
    words += [f"skip {fault['skip']}"] if fault["skip"] else []
    words += [f"share {fault['share']:g} (seed {fault['seed']})"] if fault["share"] < 1 else []
    words += [f"from {fault['from_seconds']:g} s on"] if fault["from_seconds"] else []
    words += [f"for {fault['for_seconds']:g} s"] if fault["for_seconds"] is not None else []
    left = "no limit" if fault["remaining"] is None else f"{fault['remaining']} left"
    return f"{' '.join(words)}: used {fault['used']} times, {left}"
