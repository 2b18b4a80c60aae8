"""The public names for tests of other people's relays; docs/api.md lists them. Everything else is private.

A name is imported when it is first used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.checks.violation import Violation
    from conformance.history.model import OutgoingText, StoredReport
    from conformance.services.control_client import ControlClient
    from conformance.simulation.results import SearchResult, SeedResult
    from conformance.simulation.search import simulate
    from conformance.testing.cht import FakeCht
    from conformance.testing.conform import Judgement, conform
    from conformance.testing.rapidpro import Delivery, FakeRapidPro, Phone
    from conformance.testing.sms_world import SmsWorld
    from conformance.testing.start import start_world
    from conformance.verdicts import HarnessBroken, SubjectFailed, Verdict
else:
    from cht_rapidpro_harness.ours import imported

    MODULES = {
        "start_world": "conformance.testing.start",
        "SmsWorld": "conformance.testing.sms_world",
        "FakeRapidPro": "conformance.testing.rapidpro",
        "FakeCht": "conformance.testing.cht",
        "Phone": "conformance.testing.rapidpro",
        "Delivery": "conformance.testing.rapidpro",
        "StoredReport": "conformance.history.model",
        "OutgoingText": "conformance.history.model",
        "Violation": "conformance.checks.violation",
        "ControlClient": "conformance.services.control_client",
        "simulate": "conformance.simulation.search",
        "SearchResult": "conformance.simulation.results",
        "SeedResult": "conformance.simulation.results",
        "conform": "conformance.testing.conform",
        "Judgement": "conformance.testing.conform",
        "Verdict": "conformance.verdicts",
        "SubjectFailed": "conformance.verdicts",
        "HarnessBroken": "conformance.verdicts",
    }

    def __getattr__(name: str) -> object:
        if name not in MODULES:
            raise AttributeError(f"module {__name__!r} has no public name {name!r}; there are: {', '.join(__all__)}")
        return getattr(imported(MODULES[name]), name)

    def __dir__() -> list[str]:
        return sorted(__all__)


__all__ = [
    "ControlClient",
    "Delivery",
    "FakeCht",
    "FakeRapidPro",
    "HarnessBroken",
    "Judgement",
    "OutgoingText",
    "Phone",
    "SearchResult",
    "SeedResult",
    "SmsWorld",
    "StoredReport",
    "SubjectFailed",
    "Verdict",
    "Violation",
    "conform",
    "simulate",
    "start_world",
]
