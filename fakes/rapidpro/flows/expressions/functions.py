"""All functions by name."""

from __future__ import annotations

from functools import cache

from fakes.rapidpro.flows.expressions.functions_date import DATE_FUNCTIONS
from fakes.rapidpro.flows.expressions.functions_number import NUMBER_FUNCTIONS
from fakes.rapidpro.flows.expressions.functions_router import TEST_FUNCTIONS
from fakes.rapidpro.flows.expressions.functions_structure import STRUCTURE_FUNCTIONS
from fakes.rapidpro.flows.expressions.functions_text import TEXT_FUNCTIONS
from fakes.rapidpro.flows.expressions.functions_urn import URN_FUNCTIONS
from fakes.rapidpro.flows.expressions.signature import FunctionSpec, built_in
from fakes.rapidpro.flows.expressions.values import Function
from fakes.rapidpro.versions.generation import Generation

NEW_ONLY = frozenset({"slice", "prompt"})


@cache
def lookup(name: str, generation: Generation) -> Function | None:
    """The built-in function of that (lower case) name, if the engine has it."""
    if generation == "9" and name in NEW_ONLY:
        return None
    families: tuple[dict[str, FunctionSpec], ...] = (
        dict(TEXT_FUNCTIONS), dict(NUMBER_FUNCTIONS), dict(DATE_FUNCTIONS), dict(STRUCTURE_FUNCTIONS),
        dict(URN_FUNCTIONS), dict(TEST_FUNCTIONS),
    )  # fmt: skip
    for family in families:
        if name in family:
            return built_in(name, family[name])
    return None
