"""One resource of the API as a row of the table in `routes`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fakes.rapidpro.api.http.context import Context
from fakes.rapidpro.api.http.wire import Call

Handler = Callable[[Call, Context], Any]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One resource.

    `own_permission`: what it takes to use it does not hang on the method, so wrong methods are found out late, and
    OPTIONS is answered. `exclusive`: parameters of which only one may be given. `words`: parameters that the database
    compares as they are, but for NUL, which it does not take. `takes`: what OPTIONS tells of the fields of a POST.
    """

    name: str
    methods: Mapping[str, Handler]
    scope: str = "v2"
    own_permission: bool = False
    exclusive: tuple[str, ...] = ()
    text_parameters: tuple[str, ...] = ()
    post_fields: Mapping[str, Any] | None = None

    @property
    def single(self) -> bool:
        """One thing is shown, no list."""
        return self.own_permission and "GET" in self.methods

    @property
    def allow(self) -> str:
        """The Allow header, which promises more than is kept; HEAD is there where GET is."""
        return ", ".join((*self.methods, *(("HEAD",) if "GET" in self.methods else ()), "OPTIONS"))
