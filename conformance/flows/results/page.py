"""The results of conversations as one HTML page: pictures of the flows, what was never reached, and all conversations.

The page is self-contained: no script, and a policy that loads nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from conformance.flows.coverage.items import Coverage
from conformance.flows.coverage.picture import mermaid, picture_of, positions_in, svg
from conformance.flows.judging.running import Results
from conformance.flows.results.terminal import total


@dataclass(frozen=True, slots=True)
class Drawing:
    """A flow: its name, its picture, and the same as Mermaid text."""

    name: str
    svg: Markup
    mermaid: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """An export with its coverage."""

    name: str
    coverage: Coverage
    drawings: tuple[Drawing, ...]


def page(results: Results) -> str:
    """The page."""
    environment = Environment(
        loader=PackageLoader("conformance.flows.results", "."), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    files = [
        (str(path), list(found))
        for path, found in groupby(results.conversations, key=lambda one: one.conversation.path)
    ]
    return environment.get_template("page.html.jinja").render(
        total=total(results), chapters=list(_chapters(results)), files=files, notes=results.notes
    )


def _chapters(results: Results) -> Iterator[Chapter]:
    for path, export in results.exports.items():
        coverage = results.coverage(path)
        drawings = []
        for flow in coverage.flows:
            picture = picture_of(flow, coverage.counts)
            drawn = svg(picture, positions_in(export.flows[flow.uuid], flow))
            drawings.append(Drawing(flow.name, Markup(drawn), mermaid(picture)))  # ElementTree escapes all texts
        yield Chapter(str(export.path), coverage, tuple(drawings))
