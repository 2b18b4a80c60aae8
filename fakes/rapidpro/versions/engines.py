"""The two generations of the flow engine as data: specifications, limits, and words that differ.

`9` is goflow v0.198.0 (RapidPro up to 9.3), `new` is goflow v0.293.0 (RapidPro 10 and later, textit.com).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fakes.rapidpro.versions.generation import Generation

Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class EngineRules:
    """What one generation does differently. The defaults are those of `new`."""

    generation: Generation = "new"
    spec: Version = (14, 4, 2)
    """The newest flow specification it reads; older ones are migrated to it."""
    newest_major: int = 14
    """The highest major version it accepts."""
    max_steps: int = 250
    """Nodes that one stretch may enter."""
    max_runs: int | None = 500
    """Runs that one session may have."""
    max_stretches: int | None = 500
    """Waits that one session may have."""
    checks_limits: bool = True
    """A definition whose texts or lists are too long is refused."""
    uuid_versions: str = "any"
    """Which UUIDs a definition may hold: "any" or "4" (and then lower case only)."""
    uuid_words: str = "must be a valid UUID"
    max_answer: int = 256 * 1024
    """Bytes of a webhook's answer; a longer one is not read."""
    max_request: int | None = 256 * 1024
    """Bytes of a webhook's request; a longer one is not sent."""
    max_url: int = 8192
    """Characters of a webhook's address."""
    repeats_gets: bool = False
    """Failed GET calls are tried three times."""
    max_name: int | None = 128
    """Characters of a contact's name."""
    background_in_messaging: bool = True
    """A messaging flow may enter a background flow."""
    capital_errors: bool = True
    """Errors begin with a capital, and each failing expression is an error of its own."""
    notes_router_errors: bool = True
    """An operand or a test that fails is noted; `9` keeps such errors to itself."""
    checks_attachments: bool = True
    """An attachment has to be `type:url`."""
    all_urns: bool = False
    """A message may go to all URNs of a contact."""

    @property
    def is_new(self) -> bool:
        """Whether this is the newer generation."""
        return self.generation == "new"

    def words(self, text: str) -> str:
        """An error's text, which is given with a capital, as this generation writes it."""
        return text if self.capital_errors else text[:1].lower() + text[1:]


ENGINES: Mapping[Generation, EngineRules] = MappingProxyType({
    "new": EngineRules(),
    "9": EngineRules(
        generation="9", spec=(13, 2, 0), newest_major=13, max_steps=200, max_runs=None, max_stretches=250,
        checks_limits=False, uuid_versions="4", uuid_words="must be a valid UUID4", max_answer=1024 * 1024,
        max_request=None, max_url=2048, repeats_gets=True, max_name=None, background_in_messaging=False,
        capital_errors=False, notes_router_errors=False, checks_attachments=False, all_urns=True,
    ),
})  # fmt: skip
