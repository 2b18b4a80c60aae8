"""Playing the conversations of files, with the engines that each names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conformance.flows.checking.check import generations_for
from conformance.flows.conversations.model import Conversation
from conformance.flows.conversations.reading import found_files, read_conversations
from conformance.flows.coverage.items import Coverage, coverage_of
from conformance.flows.coverage.watching import Visits
from conformance.flows.judging.judge import play
from conformance.flows.judging.result import ConversationResult, Problem
from conformance.flows.playing.exports import BadExport, Export, read_export
from fakes.rapidpro.flows.engine import FlowStore
from fakes.rapidpro.versions.engines import ENGINES
from fakes.rapidpro.versions.generation import Generation


@dataclass(slots=True)
class Results:
    """All results. `visits`: what was reached, by export; `notes`: what was not played, and why."""

    conversations: list[ConversationResult] = field(default_factory=list)
    exports: dict[Path, Export] = field(default_factory=dict)
    visits: dict[Path, Visits] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def exit_status(self) -> int:
        """0 all passed, 1 one failed, 2 nothing could be judged of one."""
        outcomes = {one.outcome for one in self.conversations}
        return 2 if "broken" in outcomes or not outcomes else 1 if "failed" in outcomes else 0

    def coverage(self, path: Path) -> Coverage:
        """What was reached of an export."""
        export, visits = self.exports[path], self.visits.get(path) or Visits()
        used = [one.generation for one in self.conversations if one.flow_path == path]
        generation: Generation = used[-1] if used else "new"
        store = FlowStore(export.flows.values(), ENGINES[generation])
        flows = {uuid: flow for uuid in export.flows if (flow := store.find(uuid)) is not None}
        return coverage_of(visits, flows, {uuid: export.name_of(uuid) for uuid in export.flows})

    def add(self, result: ConversationResult) -> None:
        """Add the outcome of a conversation."""
        self.conversations.append(result)
        path = result.flow_path
        self.visits.setdefault(path, Visits()).merge(result.visits)


def run_files(paths: Sequence[Path], chosen: Sequence[Generation] = ()) -> Results:
    """Play all conversations. BadFile if a file cannot be read; `chosen` goes before what files say."""
    results = Results()
    for path in found_files(list(paths)):
        for conversation in read_conversations(path):
            for one in _results_of(conversation, results, chosen):
                results.add(one)
    return results


def _results_of(
    conversation: Conversation, results: Results, chosen: Sequence[Generation]
) -> Iterator[ConversationResult]:
    path = conversation.setting.flow.resolve()
    generations = tuple(chosen) or conversation.generations
    try:
        if path not in results.exports:
            results.exports[path] = read_export(conversation.setting.flow)
    except BadExport as error:
        broken = ConversationResult(conversation, generations[0], "broken")
        broken.problems.append(Problem(conversation.line, str(error)))
        yield broken
        return
    export = results.exports[path]
    if not chosen and not conversation.names_generations:
        generations = _readable(export, results, generations)
    for generation in generations:
        yield play(conversation, export, generation)


def _readable(export: Export, results: Results, generations: tuple[Generation, ...]) -> tuple[Generation, ...]:
    """The engines that read the export: if no file names any, one that is too old for it is left out, with a note."""
    able = generations_for(export.bundle)
    for generation in generations:
        note = f"{export.path}: not played with generation {generation}, which does not read so new a specification"
        if generation not in able and note not in results.notes:
            results.notes.append(note)
    return tuple(one for one in generations if one in able)
