"""Load runs and shapes for people: the result as text, the list of shapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.flows.conversations.durations import in_words
from loadtests.gates import Figures
from loadtests.results import LoadRun
from loadtests.shapes.model import UNLIMITED, Shape


def summary(run: LoadRun) -> str:
    """The result as text."""
    figures = run.figures
    lines = [
        f"{figures.shape} against {run.subject}: {run.verdict} (in {time_of(run)})",
        f"  {figures.texts_in:,} texts in, {figures.texts_out:,} texts out: {figures.lost} lost, "
        f"{figures.duplicated} duplicated, in {in_words(figures.seconds)}",
        f"  texts out: {shown(figures.texts_out_per_second)} a second from the first due to the last on its phone, "
        f"{figures.calls_per_text:.2f} calls to RapidPro a text",
        f"  from pending to phone: p50 {shown(figures.to_phone_p50_s)} s, p95 {shown(figures.to_phone_p95_s)} s",
        *_requests(figures),
        *(f"  {note}" for note in run.notes),
        *(f"  {reason}" for reason in run.reasons),
        f"  again: {run.command}",
    ]
    return "\n".join(lines)


def time_of(run: LoadRun) -> str:
    """Which time it was."""
    if run.time == "virtual":
        return "virtual time"
    if run.compressed > 1:
        return f"real time, {in_words(run.shape.seconds)} compressed into {in_words(run.shape.real_seconds())}"
    return "real time"


def _requests(figures: Figures) -> Iterator[str]:
    driving = f"{figures.driver_requests} more drove the fakes, failed {figures.driver_failures}"
    yield (
        f"  requests that the relay answered: {figures.answered}, failed {figures.failures}; "
        f"p50 {shown(figures.p50_ms)} ms, p95 {shown(figures.p95_ms)} ms, p99 {shown(figures.p99_ms)} ms; {driving}"
        if figures.time == "real"
        else f"  requests that the relay answered: {figures.answered}, failed {figures.failures}; {driving}"
    )


def shown(value: float | None) -> str:
    """A figure, or that there is none."""
    return "no" if value is None else f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def shapes_list(shapes: Iterable[Shape]) -> str:
    """The shapes with what each imitates, how many texts it has and how long it lasts."""
    blocks = []
    for shape in shapes:
        source = [f"  numbers from: {shape.source}"] if shape.source else []
        blocks.append(
            "\n".join([shape.name, f"  {shape.about}", f"  {traffic(shape)}", f"  {duration(shape)}", *source])
        )
    return "\n\n".join(blocks)


def shapes_table(shapes: Iterable[Shape]) -> str:
    """The same as a table in Markdown."""
    rows = [
        f"| `{shape.name}` | {shape.about} | {traffic(shape)} | {duration(shape)} | {shape.source} |"
        for shape in shapes
    ]
    head = ["| shape | what it imitates | traffic | how long | numbers from |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *rows]) + "\n"


def traffic(shape: Shape) -> str:
    """How much traffic there is, and under which quota."""
    if shape.ramp is not None:
        rates = shape.ramp.rates()
        texts = f"{rates[0]:.0f} texts a second each way, {shape.ramp.factor:g} times as many every "
        texts += f"{in_words(shape.ramp.step_seconds)}, at most {rates[-1]:,.0f}"
    else:
        texts = f"{shape.texts_out:,} texts out, {shape.texts_in:,} in"
    quota = {None: "RapidPro's usual quota", UNLIMITED: "no quota"}.get(shape.quota)
    return f"{texts}; {quota or f'{shape.quota:,} requests an hour'}"


def duration(shape: Shape) -> str:
    """How long it lasts, in which time."""
    if shape.time == "virtual":
        return (
            f"{in_words(shape.seconds)} in virtual time; over sockets compressed into {in_words(shape.real_seconds())}"
        )
    compressed = f"{in_words(shape.seconds)} compressed into " if shape.compressed > 1 else ""
    return f"{compressed}{in_words(shape.real_seconds())} in real time"
