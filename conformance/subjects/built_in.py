"""The built-in subjects by name: the reference relay, and variants of CHT Core as its own relay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conformance.services.in_process import InProcessFakes
from conformance.subjects.base import Capability, Subject
from conformance.subjects.cht_in_process import IN_PROCESS, ChtAsRelay
from conformance.subjects.cht_variants import CHT_VARIANTS, ChtVariant
from conformance.subjects.in_process import WEBHOOK, Build, InProcessRelay, reference
from fakes.cht.releases.table import NEWEST

Make = Callable[[InProcessFakes, float], Subject]
"""Makes the subject between these fakes, not started. The number is the seconds between two polls of CHT by a relay."""
REFERENCE = "reference"
POLL_SECONDS = 240.0


class UnknownSubject(ValueError):
    """No built-in subject has this name."""


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """One subject. `cht_release` is the release of the CHT beside it, or of the subject itself."""

    name: str
    about: str
    capabilities: frozenset[Capability]
    make: Make
    cht_release: str = NEWEST
    skipped_checks: frozenset[str] = frozenset()


def relay(build: Build, name: str, about: str = "") -> BuiltIn:
    """A relay with the interface of the reference relay, made by `build`."""

    def make(fakes: InProcessFakes, poll_seconds: float) -> Subject:
        subject = InProcessRelay(fakes.clock, fakes.connect, build, name, poll_seconds, fakes.subject_folder)
        fakes.reach(WEBHOOK, subject)
        return subject

    return BuiltIn(name, about, InProcessRelay.capabilities, make)


def cht(name: str, variant: ChtVariant) -> BuiltIn:
    """CHT as its own relay."""
    return BuiltIn(
        name,
        variant.about,
        variant.capabilities | IN_PROCESS,
        lambda fakes, _poll_seconds: ChtAsRelay(fakes, variant, name),
        variant.release,
        variant.skipped_checks,
    )


def built_in() -> Mapping[str, BuiltIn]:
    """All built-in subjects by name, the reference relay first."""
    reference_relay = relay(reference, REFERENCE, "the reference relay of this project")
    return {REFERENCE: reference_relay, **{name: cht(name, variant) for name, variant in CHT_VARIANTS.items()}}


def named(name: str) -> BuiltIn:
    """The subject of that name. UnknownSubject lists the known names."""
    known = built_in()
    if name not in known:
        raise UnknownSubject(f"unknown built-in subject {name!r}; available: {', '.join(known)}")
    return known[name]
