"""The routes of a workbench's control API, for the documents; nothing is started."""

from __future__ import annotations

from typing import Any

from conformance.services.control_client import InProcessControlClient
from conformance.services.in_process import InProcessFakes
from conformance.testing.callers_world import CallersWorld
from conformance.workbench.bench import Bench
from conformance.workbench.checks import LiveChecks
from conformance.workbench.export.exporting import Exporter
from conformance.workbench.routes import workbench_routes
from conformance.workbench.session.recorder import Recorder
from conformance.workbench.session.secrets import Names
from conformance.workbench.settings import BenchSettings
from conformance.world.timing import VirtualTiming
from fakes.control.app import control_app
from fakes.control.page import page_blueprint


def routes_of_workbench() -> list[dict[str, Any]]:
    """The routes as `GET /` lists them."""
    services = InProcessFakes("26", 1)
    bench = Bench(lambda: CallersWorld(services, VirtualTiming()), services.parts(), None)
    settings = BenchSettings(profile="26", seed=1, poll_seconds=2, virtual=True, now=services.now())
    names = Names(services, "", services.parts().ledger.redaction)
    exporter = Exporter(bench, Recorder(bench, names), settings)
    checks = LiveChecks(bench, services.clock.timestamp, settings.poll_seconds)
    app = control_app(services.parts(), further=[workbench_routes(checks, exporter), page_blueprint()])
    return list(InProcessControlClient(app, services.parts().ledger).get("/")["routes"])
