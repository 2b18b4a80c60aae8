"""Regular expressions, by the RE2 library: the engine's dialect, in time linear in the length of the text.

Case is ignored and `^` `$` match at lines. There are no back-references and no look-arounds.
Source: goflow excellent/functions/builtin.go RegexMatch, flows/routers/cases/tests.go HasPattern (Go's regexp).
"""

from __future__ import annotations

import re
from typing import Any

from fakes.rapidpro.flows.expressions.environment import Env
from fakes.rapidpro.flows.expressions.values import ExpressionError

MAX_PATTERN = 10_000
"""Characters; no template of a flow can be longer."""
MAX_MEMORY = 4 * 1024 * 1024
"""Bytes that one compiled pattern may take."""
STEPS_PER_UNIT = 20
"""A step is one instruction of a pattern on one byte; this many cost as much as one produced character."""
COMPILE_STEPS = 50
"""Compiling costs this many steps per instruction."""
TOO_LARGE = 100_000
"""Units that a too large pattern costs, since finding that out takes time."""
_ONE_BYTE = re.compile(r"(?:[^\\]|\\[^C])*\\C", re.DOTALL)
"""The library's escape for a single byte, which the engine does not have."""


def search(pattern: str, text: str, env: Env, complaint: str = "invalid regular expression") -> tuple[str, ...] | None:
    """The first match in the text and its groups (those that took no part are empty); None when there is no match.

    ExpressionError with `complaint` for an invalid or too large pattern; TooComplex if the budget is used up.
    """
    compiled = _compiled(pattern, env, complaint)
    subject = _utf8(text)
    env.budget.spend(compiled.programsize * (len(subject) + COMPILE_STEPS) // STEPS_PER_UNIT)
    match = compiled.search(subject)
    if match is None:
        return None
    return tuple(group.decode("utf-8", "replace") for group in (match.group(), *match.groups(b"")))


def _compiled(pattern: str, env: Env, complaint: str) -> Any:
    import re2  # slow to import, and most flows have no patterns

    if len(pattern) > MAX_PATTERN or _ONE_BYTE.match(pattern):
        raise ExpressionError(complaint)
    options = re2.Options()
    options.max_mem = MAX_MEMORY
    options.log_errors = False
    try:
        return re2.compile(b"(?mi)" + _utf8(pattern), options)
    except re2.error as error:
        env.budget.spend(TOO_LARGE if "too large" in str(error) else len(pattern))
        raise ExpressionError(complaint) from None


def _utf8(text: str) -> bytes:
    """As UTF-8; halves of surrogate pairs, which JSON can hold, become U+FFFD as they do for the engine."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
