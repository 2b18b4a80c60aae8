"""Metrics of the fakes, in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from fakes.assembly import Fakes

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

ABOUT_LEDGER = {
    "memory_exchanges": "Exchanges in memory.",
    "memory_body_bytes": "Bytes of their bodies; equal ones count once.",
    "spooled_exchanges": "Exchanges in the temporary file.",
    "spool_bytes": "Bytes of exchanges in that file.",
    "spool_failures_total": "How often that file could not be written or read.",
    "dropped_total": "Exchanges that are not kept any more.",
    "own_looks_total": "Requests by which the harness itself looked at a service; the ledger has none of them.",
}


def as_text(fakes: Fakes) -> str:
    """All metrics; the name of a service is the prefix of its metrics."""
    return "\n".join(_lines(fakes)) + "\n"


def _lines(fakes: Fakes) -> Iterator[str]:
    yield from _metric("fakes_clock_seconds", "gauge", "The clock, in seconds since 1970.", fakes.clock.timestamp())
    yield from _metric("fakes_exchanges_total", "counter", "Exchanges that the ledger has numbered.", fakes.ledger.last)
    yield from _metric("fakes_ledger_length", "gauge", "Exchanges that the ledger holds.", len(fakes.ledger))
    for key, kept in fakes.ledger.figures().items():
        kind = "counter" if key.endswith("_total") else "gauge"
        yield from _metric(f"fakes_ledger_{key}", kind, ABOUT_LEDGER[key], kept)
    yield from _metric("fakes_faults_planned", "gauge", "Faults in the plan.", len(fakes.plan))
    yield "# HELP fakes_fault_used_total Requests that a planned fault has hit."
    yield "# TYPE fakes_fault_used_total counter"
    for planned in fakes.plan:
        yield f'fakes_fault_used_total{{effect="{planned.fault.effect.name}",id="{planned.id}"}} {planned.used}'
    for name, service in fakes.services.items():
        for key, value in sorted(service.metrics().items()):
            kind = "counter" if key.endswith("_total") else "gauge"
            yield from _metric(
                f"{name}_{key}", kind, f"{key.replace('_', ' ').capitalize()} of the fake {name}.", value
            )


def _metric(name: str, kind: str, about: str, value: float) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"
    yield f"{name} {value:.15g}"
