"""Checking a document by the schema, with errors that people can use."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from conformance.flows.conversations.document import BadFile, Document, shown

NAMES = {"object": "a mapping", "array": "a list", "string": "a text", "integer": "a whole number", "null": "nothing"}


@cache
def schema() -> Mapping[str, Any]:
    """The JSON schema of conversation files."""
    return dict(json.loads(files("conformance.flows.conversations").joinpath("schema.json").read_text("utf-8")))


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def validate(document: Document) -> None:
    """BadFile with the first thing that is wrong, in the order of the file."""
    found = sorted(map(_innermost, _validator().iter_errors(document.content)), key=lambda one: _order(document, one))
    if found:
        raise problem_of(document, found[0])


def _order(document: Document, error: ValidationError) -> tuple[int, int]:
    return document.line(list(error.absolute_path)), -len(error.absolute_path)


def _innermost(error: ValidationError) -> ValidationError:
    """Of several forms that a value may have: what is wrong with the one that it looks like."""
    while error.validator == "oneOf" and error.context:
        forms: dict[Any, list[ValidationError]] = {}
        for one in error.context:
            forms.setdefault(one.relative_schema_path[0], []).append(one)
        alike = [found for found in forms.values() if not any(_is_other_kind(one) for one in found)]
        if len(alike) != 1:
            return error
        error = min(alike[0], key=lambda one: -len(one.relative_path))
    return error


def _is_other_kind(error: ValidationError) -> bool:
    """Whether the value is not of this form at all."""
    if error.relative_path:
        return False
    if error.validator in ("type", "const", "enum"):
        return True
    if error.validator == "oneOf":
        return all(_is_other_kind(one) for one in error.context or ())
    return False


def problem_of(document: Document, error: ValidationError) -> BadFile:
    """The error with its place."""
    where = list(error.absolute_path)
    value: Any = error.instance
    limit: Any = error.validator_value
    if error.validator == "additionalProperties":
        known = list(_schema_of(error).get("properties") or ())
        key = next(one for one in _listed(value) if one not in known)
        return document.problem([*where, key], f"unknown key {key!r}: expected {_or(known)}")
    if error.validator == "required":
        missing = next(one for one in _listed(limit) if one not in value)
        return document.problem(where, f"the key {missing!r} is missing")
    return document.problem(where, f"{_expected(error)}, got {shown(value)}")


def _expected(error: ValidationError) -> str:
    limit: Any = error.validator_value
    about = str(_schema_of(error).get("description") or "").rstrip(".")
    if error.validator == "type":
        return f"expected {_or([NAMES.get(one, one) for one in ([limit] if isinstance(limit, str) else limit)])}"
    if error.validator == "enum":
        return f"expected {_or(limit)}"
    words = {
        "minItems": "expected a list that is not empty", "maxItems": f"expected at most {limit} entries",
        "minProperties": "expected a mapping that is not empty", "maxLength": f"expected at most {limit} characters",
        "minLength": "expected a text that is not empty", "minimum": f"expected at least {limit}",
        "maximum": f"expected at most {limit}", "uniqueItems": "expected no entry twice",
    }  # fmt: skip
    if error.validator == "maxProperties":
        return f"expected {'one key' if limit == 1 else f'at most {limit} keys'}"
    return words.get(str(error.validator)) or f"expected: {about or f'what fits {limit!r}'}"


def _schema_of(error: ValidationError) -> Mapping[str, Any]:
    return error.schema if isinstance(error.schema, Mapping) else {}


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, Mapping | list) else []


def _or(words: Iterable[Any]) -> str:
    return ", ".join(map(str, words))
