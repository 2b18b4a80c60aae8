"""Conversation files in YAML. ruamel.yaml reads them, because it keeps lines, comments and order."""

from __future__ import annotations

import io
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from conformance.flows.conversations.document import MAX_DEPTH, MAX_PARTS, BadFile, Document, Where, read_text

_LIST_BELOW_KEY = re.compile(r"^( *)[\w-]+:[ \t]*(?:#.*)?\r?\n(?: *#.*\n)*( *)- ", re.MULTILINE)


def read_yaml(path: Path) -> Document:
    """The document in a file. BadFile."""
    text = read_text(path)
    lines: dict[Where, int] = {(): 1}
    counted = [0]
    content = _plain(load(path, text), (), lines, path, counted)
    return Document(path, content, lines)


def load(path: Path, text: str) -> Any:
    """The document with its comments. BadFile if it is no YAML."""
    try:
        return round_trip(text).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = 1 if mark is None else mark.line + 1
        raise BadFile(f"{path}:{line}: this is not YAML: {error.problem or error.context}") from None
    except (YAMLError, ValueError) as error:
        raise BadFile(f"{path}: this is not YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise BadFile(f"{path}: this is nested too deeply") from None


def round_trip(text: str) -> YAML:
    """A YAML that writes as `text` is written: quotes, and lists below their keys."""
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 4096
    found = _LIST_BELOW_KEY.search(text)
    offset = len(found[2]) - len(found[1]) if found else 2
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    return yaml


def dump(yaml: YAML, content: Any) -> str:
    """The text of a document."""
    out = io.StringIO()
    yaml.dump(content, out)
    return out.getvalue()


def _plain(value: Any, where: Where, lines: dict[Where, int], path: Path, counted: list[int]) -> Any:
    counted[0] += 1
    if counted[0] > MAX_PARTS or len(where) > MAX_DEPTH:
        raise BadFile(f"{path}: expected at most {MAX_PARTS} parts, {MAX_DEPTH} deep: an alias counts each time")
    if isinstance(value, CommentedMap):
        for key in value:
            lines[(*where, str(key))] = value.lc.key(key)[0] + 1 if key in (value.lc.data or ()) else value.lc.line + 1
        return {str(key): _plain(one, (*where, str(key)), lines, path, counted) for key, one in value.items()}
    if isinstance(value, CommentedSeq):
        for index in range(len(value)):
            lines[(*where, index)] = value.lc.item(index)[0] + 1
        return [_plain(one, (*where, index), lines, path, counted) for index, one in enumerate(value)]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    """The plain value of a scalar: ruamel's kinds of texts and numbers, and dates as they are written."""
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, datetime):  # ruamel turns times with a zone into UTC without one
        return value.isoformat() if value.tzinfo is not None else f"{value.isoformat()}Z"
    return value.isoformat() if isinstance(value, date) else str(value)
