"""Makes matplotlib's SVG fit for a page: words for a screen reader, classes instead of colours, no style in elements.

A page's policy may forbid inline styles, and its colours change with light and dark. So each property becomes an
attribute, and each known colour a class besides; what does not know the style sheet sees the colours for light paper.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import NamedTuple

from conformance.plots.colours import ALL, PAPER, style_sheet

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
DROPPED = ("metadata", "style")
CLASSES = {colour.light: colour.name for colour in ALL}
REFERENCE = re.compile(r"url\(#(.+?)\)")
FONT_SIZE = re.compile(r"\d+(\.\d+)?px")
FAMILY = "system-ui, sans-serif"
SCHEMES = ":root { color-scheme: light dark; }"


class Words(NamedTuple):
    """What a plot is called. `name` distinguishes it from others on a page; `about` says in sentences what it shows."""

    name: str
    title: str
    about: str


def inline(drawing: str, words: Words) -> str:
    """An element for a page, as wide as there is room."""
    root = _cleaned(drawing, words)
    return _written(root)


def standalone(drawing: str, words: Words) -> str:
    """A file of its own: with its style sheet, and with paper, since nobody knows on what it will be shown."""
    root = _cleaned(drawing, words)
    _, _, width, height = root.attrib["viewBox"].split()
    paper = {"width": width, "height": height, "fill": PAPER.light, "class": f"fill-{PAPER.name}"}
    root.insert(2, ET.Element("rect", paper))
    style = ET.Element("style")
    style.text = f"{SCHEMES}\n{style_sheet()}\n"
    root.insert(2, style)
    root.attrib |= {"xmlns": SVG[1:-1], "width": f"{width}pt", "height": f"{height}pt"}
    return f'<?xml version="1.0" encoding="utf-8"?>\n{_written(root)}\n'


def _written(root: ET.Element) -> str:
    return ET.tostring(root, encoding="unicode")


def _cleaned(drawing: str, words: Words) -> ET.Element:
    root = ET.fromstring(drawing)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in DROPPED:
                parent.remove(child)
    used = set(_references(root))
    for element in root.iter():
        element.tag = element.tag.removeprefix(SVG)
        element.attrib = dict(_attributes(element, used))
    title, about = ET.Element("title", id=f"{words.name}-title"), ET.Element("desc", id=f"{words.name}-about")
    title.text, about.text = words.title, words.about
    root[0:0] = [title, about]
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-labelledby": title.attrib["id"],
        "aria-describedby": about.attrib["id"],
        "font-family": FAMILY,
        "stroke-linejoin": "round",
    }
    return root


def _references(root: ET.Element) -> Iterator[str]:
    for element in root.iter():
        for name, value in element.attrib.items():
            yield from [value[1:]] if name == HREF else REFERENCE.findall(value)


def _attributes(element: ET.Element, used: set[str]) -> Iterator[tuple[str, str]]:
    """The attributes of an element; its style as attributes, its colours as classes too."""
    properties = {}
    for name, value in element.attrib.items():
        if name == "style":
            properties = dict(_properties(value))
        elif name == HREF:
            yield "href", value
        elif name != "id" or value in used:
            yield name, value
    yield from properties.items()
    classes = [f"{use}-{CLASSES[properties[use]]}" for use in ("fill", "stroke") if properties.get(use) in CLASSES]
    if classes:
        yield "class", " ".join(classes)


def _properties(style: str) -> Iterator[tuple[str, str]]:
    for one in style.split(";"):
        name, _, value = (part.strip() for part in one.partition(":"))
        if name == "font":
            size = FONT_SIZE.search(value)
            yield "font-size", size[0] if size else "10px"
        elif name and name != "font-family":
            yield name, value
