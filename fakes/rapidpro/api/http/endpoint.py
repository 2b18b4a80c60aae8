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

    `own_permission`: permission does not depend on the method, so wrong methods are refused late and OPTIONS is
    answered. `exclusive`: parameters of which only one may be given. `text_parameters`: those that the database
    compares as text, which must not contain NUL. `post_fields`: how OPTIONS describes the fields of a POST.
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
        """Whether GET returns one object, not a list."""
        return self.own_permission and "GET" in self.methods

    @property
    def allow(self) -> str:
        """The Allow header, which lists more methods than are answered; HEAD comes with GET."""
        return ", ".join((*self.methods, *(("HEAD",) if "GET" in self.methods else ()), "OPTIONS"))
