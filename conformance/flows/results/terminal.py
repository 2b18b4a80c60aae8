"""The results of conversations for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from conformance.flows.judging.result import ConversationResult
from conformance.flows.judging.running import Results


def lines(results: Results) -> Iterator[str]:
    """One line for each conversation, and of those that did not pass what was expected and what was seen."""
    for path, of_file in groupby(results.conversations, key=lambda one: one.conversation.path):
        yield f"{path}"
        for _, same in groupby(of_file, key=lambda one: one.conversation.number):
            yield from _conversation(list(same))
    yield from results.notes
    yield total(results)


def total(results: Results) -> str:
    """How many passed."""
    outcomes = [one.outcome for one in results.conversations]
    counts = [f"{outcomes.count(one)} {one}" for one in ("passed", "failed", "broken") if one in outcomes]
    seconds = sum(one.seconds for one in results.conversations)
    return f"{', '.join(counts) or 'no conversations'} in {seconds * 1000:.0f} ms"


def _conversation(results: list[ConversationResult]) -> Iterator[str]:
    for outcome, same in groupby(results, key=lambda one: one.outcome):
        group = list(same)
        yield f"  {outcome:7} {group[0].conversation.name} (generation {', '.join(one.generation for one in group)})"
        for one in group if outcome != "passed" else ():
            yield from details(one)


def details(one: ConversationResult) -> Iterator[str]:
    """Expected and seen conversation, and each difference with its line in the file."""
    if one.lines:
        yield f"          generation {one.generation}: - expected, + seen"
    for line in one.lines:
        yield f"          {line.written()}"
    for problem in one.problems:
        yield f"          {one.conversation.path}:{problem.line}: {problem.text}"
