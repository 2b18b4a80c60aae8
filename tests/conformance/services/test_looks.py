"""The harness looks at a fake CHT without leaving a trace, whatever faults are planned; what it changes is recorded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.services.cht_client import ChtClient
from conformance.services.processes import FakeProcesses
from conformance.testing.processes import SeparateFakes


@pytest.mark.parametrize(
    "start", [lambda: FakeProcesses("26", 1), lambda: SeparateFakes("26", "5.2", 1, "virtual")], ids=["world", "test"]
)
def test_only_what_the_harness_changes_is_in_the_ledger(start: Callable[[], FakeProcesses | SeparateFakes]) -> None:
    services = start()
    try:
        cht = ChtClient(services.session, services.cht_url, *services.cht_admin)
        cht.put({"_id": "a", "type": "data_record"})
        services.control.plan_fault({"service": "cht", "effect": "outage"})
        assert "a" in [doc["_id"] for doc in cht.documents()]
        assert [(one["method"], one["path"]) for one in services.control.exchanges()] == [("PUT", "/medic/a")]
        assert "X-Harness-Look" not in str(services.control.exchanges())
        (fault,) = services.control.faults()
        assert fault["used"] == 0
    finally:
        services.close()
