"""`--update`: a YAML file with the expectations that hold. Comments, order and what still fits stay as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.flows.conversations.document import BadFile, read_text
from conformance.flows.conversations.model import DOINGS, Step
from conformance.flows.conversations.yaml_files import dump, load, round_trip
from conformance.flows.judging.as_steps import alike, call_step, redaction_of, reply_step
from conformance.flows.judging.expectations import call_fits, reply_fits
from conformance.flows.judging.result import ConversationResult
from conformance.flows.playing.matching import part_fits, with_stand_ins
from conformance.flows.playing.stretch import Stretch


def update_files(results: Sequence[ConversationResult]) -> list[Path]:
    """Rewrite the files of conversations that failed, each from its first generation. Returns them. BadFile."""
    failed: dict[Path, dict[int, ConversationResult]] = {}
    for one in results:
        if one.outcome == "failed":
            failed.setdefault(one.conversation.path, {}).setdefault(one.conversation.number, one)
    for path, by_number in failed.items():
        if path.suffix == ".feature":
            raise BadFile(f"{path}: only YAML files can be updated: change the sentences by hand")
        text = read_text(path)
        content = load(path, text)
        for number, one in by_number.items():
            _Update(one).apply(content["conversations"][number]["steps"])
        written = dump(round_trip(text), content)
        path.write_text(written, "utf-8", newline="\r\n" if "\r\n" in text else "\n")
    return list(failed)


class _Update:
    """The changes of the steps of one conversation, gathered first and then applied from the end."""

    def __init__(self, result: ConversationResult) -> None:
        self._steps = result.conversation.steps
        self._happened = result.happened
        self._redaction = redaction_of(result.conversation.setting.globals)
        self._judges_calls = any(one.kind == "call" for one in self._steps)
        self._replaced: dict[int, Any] = {}
        self._removed: set[int] = set()
        self._inserted: dict[int, list[dict[str, Any]]] = {}
        """New steps by the number of the step after which they come."""

    def apply(self, steps: Any) -> None:
        starts = [number for number, step in enumerate(self._steps) if step.kind in DOINGS]
        for start, end in zip(starts, [*starts[1:], len(self._steps)], strict=True):
            seen = self._happened.get(start)
            if isinstance(seen, Stretch):
                self._segment(start, end, seen)
        for number in reversed(range(len(self._steps))):
            for new in reversed(self._inserted.get(number, [])):
                steps.insert(number + 1, new)
            if number in self._replaced:
                ((kind, _),) = steps[number].items()
                _replace(steps[number], kind, self._replaced[number])
            if number in self._removed:
                del steps[number]

    def _segment(self, start: int, end: int, seen: Stretch) -> None:
        calls, replies, after = list(seen.calls), list(seen.replies), start
        for number in range(start + 1, end):
            step = self._steps[number]
            if step.kind == "reply":
                self._one(number, step, replies, reply_fits, lambda _, one: reply_step(one))
                after = number
            elif step.kind == "call":
                self._one(number, step, calls, call_fits, lambda wanted, one: call_step(one, wanted, self._redaction))
                after = number
            elif number in self._happened and not _holds(step.value, self._happened[number]):
                self._replaced[number] = _expectations(step.value, self._happened[number])
        if self._judges_calls:
            self._insert(after, "call", [call_step(one, None, self._redaction) for one in calls])
        self._insert(after, "reply", [reply_step(one) for one in replies])

    def _insert(self, after: int, kind: str, values: list[Any]) -> None:
        self._inserted.setdefault(after, []).extend({kind: one} for one in values)

    def _one(self, number: int, step: Step, seen: list[Any], fits: Any, as_step: Any) -> None:
        if step.value is None:
            if seen:
                self._replaced[number] = as_step(None, seen.pop(0))
            return
        if not seen:
            self._removed.add(number)
        elif not fits(step.value, one := seen.pop(0)):
            self._replaced[number] = as_step(step.value, one)


def _replace(step: Any, kind: str, value: Any) -> None:
    """Change a step's value; of mappings only the keys that differ, so that comments within them stay."""
    old = step[kind]
    if isinstance(old, Mapping) and isinstance(value, Mapping):
        for key in [one for one in old if one not in value]:
            del old[key]  # type: ignore[attr-defined] # ruamel's mappings can be changed
        for key, one in value.items():
            if key not in old or not part_fits(old[key], one):
                if key in old:
                    _replace(old, key, one)
                else:
                    old[key] = one  # type: ignore[index]
    else:
        step[kind] = value


def _holds(wanted: Mapping[str, Any], actual: Mapping[str, Any]) -> bool:
    return all(_fits(one, actual[name]) for name, one in wanted.items() if name != "notes") and all(
        any(_fits(each, note) for note in actual["notes"]) for each in wanted.get("notes") or ()
    )


def _fits(wanted: Any, actual: Any) -> bool:
    return (wanted is None and actual is None) or part_fits(wanted, actual)


def _expectations(wanted: Mapping[str, Any], actual: Mapping[str, Any]) -> dict[str, Any]:
    """An `expect` step with what was seen in place of what differs; what is not there is left out."""
    found: dict[str, Any] = {}
    for name, one in wanted.items():
        seen = actual[name]
        if name in ("results", "fields"):
            parts = {key: _part(one[key], seen[key]) for key in one if name == "fields" or seen[key] is not None}
            if parts:
                found[name] = parts
        elif name == "notes":
            found[name] = [each for each in one if any(_fits(each, note) for note in seen)]
        elif name == "reports" and seen is not None and not _fits(one, seen):
            found[name] = with_stand_ins(alike(seen, one))
        elif seen is not None:
            found[name] = one if _fits(one, seen) else with_stand_ins(seen)
    return found or {"status": actual["status"]}


def _part(wanted: Any, seen: Any) -> Any:
    if isinstance(seen, Mapping) and isinstance(wanted, Mapping):
        return {key: one if _fits(one, seen[key]) else with_stand_ins(seen[key]) for key, one in wanted.items()}
    return wanted if _fits(wanted, seen) else with_stand_ins(seen)
