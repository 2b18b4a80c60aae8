"""A flow as a picture of what was reached: as Mermaid text, and as a drawing in SVG."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from conformance.flows.coverage.items import exit_name, name_of
from conformance.flows.coverage.watching import Item
from fakes.rapidpro.flows.engine import Flow

WIDTH, HEIGHT, ACROSS, DOWN, MARGIN = 200, 58, 240, 130, 20
"""Of a node, and between nodes, in pixels."""
LETTERS = 30
"""Characters of one line within a node."""
END = "end"
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A node."""

    uuid: str
    number: int
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """An exit; without a destination it leads to END."""

    source: str
    target: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A flow with how often each part was reached."""

    name: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def picture_of(flow: Flow, counts: Mapping[Item, int]) -> Picture:
    """The picture of a flow."""
    boxes = tuple(
        Box(node.uuid, number, name_of(node), counts.get((flow.uuid, "node", node.uuid), 0))
        for number, node in enumerate(flow.nodes, 1)
    )
    arrows = tuple(
        Arrow(
            node.uuid, one.destination or END, exit_name(node, one.uuid), counts.get((flow.uuid, "exit", one.uuid), 0)
        )
        for node in flow.nodes
        for one in node.exits
    )
    return Picture(flow.name, boxes, arrows)


def mermaid(picture: Picture) -> str:
    """Mermaid text: what was never reached is dashed."""
    names = {box.uuid: f"n{box.number}" for box in picture.boxes} | {END: END}
    lines = ["flowchart TD"]
    lines += [
        f'    {names[box.uuid]}["{box.number}. {_escaped(box.name)}<br/>{_times(box.count)}"]'
        f"{'' if box.count else ':::never'}"
        for box in picture.boxes
    ]
    lines += [f"    {END}((end))"] * any(one.target == END for one in picture.arrows)
    lines += [
        f'    {names[one.source]} {"-->" if one.count else "-.->"}|"{_escaped(one.name)}"| {names[one.target]}'
        for one in picture.arrows
        if one.target in names
    ]
    return "\n".join([*lines, "    classDef never stroke-dasharray: 4 4,fill:#fff1f0"]) + "\n"


def _escaped(text: str) -> str:
    """Text within a Mermaid label: all but letters, digits and a few signs as codes."""
    return "".join(one if one.isalnum() or one in " .,_-/:'" else f"#{ord(one)};" for one in text)


def _times(count: int) -> str:
    return f"{count} times" if count != 1 else "once"


def svg(picture: Picture, positions: Mapping[str, Point] | None = None) -> str:
    """A drawing. `positions`: of the nodes as in the flow editor; without them they are drawn in layers."""
    places = _shifted(positions) if positions else _layers(picture)
    right = max((x for x, _ in places.values()), default=0) + WIDTH + MARGIN
    bottom = max((y for _, y in places.values()), default=0) + HEIGHT + DOWN / 2
    root = ElementTree.Element(
        "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {right:g} {bottom:g}", width=f"{right:g}",
        height=f"{bottom:g}", role="img",
    )  # fmt: skip
    ElementTree.SubElement(root, "title").text = picture.name
    count: dict[str, int] = {}
    for arrow in picture.arrows:
        index = count[arrow.source] = count.get(arrow.source, 0) + 1
        of_source = sum(one.source == arrow.source for one in picture.arrows)
        _draw_arrow(root, arrow, places, index / (of_source + 1), index - 1)
    for box in picture.boxes:
        _draw_box(root, box, places[box.uuid])
    return ElementTree.tostring(root, encoding="unicode")


def positions_in(definition: Mapping[str, Any], flow: Flow) -> dict[str, Point] | None:
    """Where the flow editor shows the nodes; None unless it says so for all."""
    nodes = (definition.get("_ui") or {}).get("nodes") if isinstance(definition.get("_ui"), Mapping) else None
    found: dict[str, Point] = {}
    for node in flow.nodes:
        place: Any = (nodes.get(node.uuid) or {}).get("position") if isinstance(nodes, Mapping) else None
        try:
            found[node.uuid] = (float(place["left"]), float(place["top"]))
        except (TypeError, KeyError, ValueError):
            return None
    return found or None


def _shifted(positions: Mapping[str, Point]) -> dict[str, Point]:
    left, top = min(x for x, _ in positions.values()), min(y for _, y in positions.values())
    return {uuid: (x - left + MARGIN, y - top + MARGIN) for uuid, (x, y) in positions.items()}


def _layers(picture: Picture) -> dict[str, Point]:
    """Each node one layer below the first that leads to it; within a layer in the order of the flow."""
    depth: dict[str, int] = {}
    for box in picture.boxes:
        left = [box.uuid] if box.uuid not in depth else []
        depth.setdefault(box.uuid, 0)
        while left:
            source = left.pop(0)
            for arrow in picture.arrows:
                if arrow.source == source and arrow.target != END and arrow.target not in depth:
                    depth[arrow.target] = depth[source] + 1
                    left.append(arrow.target)
    used: dict[int, int] = {}
    places: dict[str, Point] = {}
    for box in picture.boxes:
        column = used[depth[box.uuid]] = used.get(depth[box.uuid], -1) + 1
        places[box.uuid] = (MARGIN + column * ACROSS, MARGIN + depth[box.uuid] * DOWN)
    return places


def _draw_arrow(root: ElementTree.Element, arrow: Arrow, places: Mapping[str, Point], share: float, index: int) -> None:
    """`share`: how far to the right it leaves its node; `index` among its exits: no name covers another."""
    x, y = places[arrow.source]
    x, y = x + WIDTH * share, y + HEIGHT
    target = places.get(arrow.target)
    to_x, to_y = (x, y + 34) if target is None else (target[0] + WIDTH / 2, target[1])
    kind = "arrow" if arrow.count else "arrow never"
    middle = (y + to_y) / 2
    curve = f"M{x:g},{y:g} C{x:g},{middle + 20:g} {to_x:g},{middle - 20:g} {to_x:g},{to_y:g}"
    ElementTree.SubElement(root, "path", {"class": kind, "d": curve})
    if target is None:
        ElementTree.SubElement(root, "circle", {"class": kind, "cx": f"{to_x:g}", "cy": f"{to_y + 4:g}", "r": "4"})
    label = ElementTree.SubElement(
        root, "text", {"class": kind, "x": f"{x + 4:g}", "y": f"{y + 12 + 11 * (index % 4):g}"}
    )
    label.text = f"{arrow.name} ({arrow.count})"


def _draw_box(root: ElementTree.Element, box: Box, place: Point) -> None:
    x, y = place
    group = ElementTree.SubElement(root, "g", {"class": "box" if box.count else "box never"})
    ElementTree.SubElement(
        group, "rect", x=f"{x:g}", y=f"{y:g}", width=str(WIDTH), height=str(HEIGHT), rx="6"
    )  # fmt: skip
    ElementTree.SubElement(group, "title").text = box.name
    text = f"{box.number}. {box.name}"
    for index, line in enumerate((text[:LETTERS], text[LETTERS : 2 * LETTERS], _times(box.count))):
        ElementTree.SubElement(group, "text", x=f"{x + 8:g}", y=f"{y + 17 + 16 * index:g}").text = line
