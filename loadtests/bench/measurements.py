"""The measurements by name: what each measures, how it is run, and what its figures mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from loadtests.bench import commands, flows, long_run, numbers
from loadtests.bench.peers.mountebank import PACKAGE
from loadtests.bench.relay import through
from loadtests.bench.servers import exchange, watchers
from loadtests.bench.stores import compared, gateway

Rows = Mapping[str, Mapping[str, float]]
"""Figures by the name of their row (a server, a direction, ...) and by their own."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """`about`: what is measured, a phrase. `meaning`: what the figures mean and how they come about, sentences."""

    about: str
    meaning: str
    run: Callable[[Path | None], Rows]
    """Takes the command of mountebank, or None to measure without it."""


MEASUREMENTS: Mapping[str, Measurement] = MappingProxyType(
    {
        "fakes": Measurement(
            "the fake RapidPro as a server, and its peers in turns",
            f"Each of {exchange.CONNECTIONS} connections posts a broadcast and looks up the message of its first one, "
            "again and again. In the fake, as in RapidPro, a broadcast has no message before mailroom has seen it; "
            f"`{exchange.AT_ONCE}` asks for the one just sent, finds none, and so is not to be compared with peers. "
            "The servers share one core and take turns; the client has the other cores. `requests_per_cpu_second` "
            "counts the processor time of the server alone. The fake has ledger, throttle and a fault in its plan; the "
            "Flask app and mountebank's imposter keep the messages, and nothing else. The bare callable answers every "
            "request with `{}`: the cost of the server that the fakes have. mountebank is measured with `--peers`: "
            f"{PACKAGE} of npm, which its maintainers publish since 2025; `mountebank` there is the former author's, "
            "without a release since 2024. It records no requests and writes no log here.",
            lambda mountebank: exchange.measure(mountebank),
        ),
        "relay": Measurement(
            "the reference relay between both fakes, over sockets",
            "Fakes, relay and texter share the machine. Out: from pending in CHT to delivered and told there, also "
            "when RapidPro takes long to answer each send. In: texts to the webhook, so many at a time; "
            "`reached_cht_per_second` counts until the last of them is a report. `cpu_ms_per_text` is the relay's, "
            "which keeps its texts on disk. `all`: what the checks of the suite say of all these texts, and the "
            "relay's memory.",
            lambda _: through.measure(),
        ),
        "suite": Measurement(
            "the conformance suite against the reference relay, in process",
            "`relay-harness conform` from its start to its end.",
            lambda _: commands.measure_suite(),
        ),
        "simulation": Measurement(
            "fault schedules in virtual time",
            "`relay-harness simulate`, one process a core. `runs_per_minute` leaves out the start of the command; "
            "`runs_per_cpu_minute` has it in.",
            lambda _: commands.measure_simulation(),
        ),
        "flows": Measurement(
            "texts through the recommended flow, in process",
            "Each text starts a session, calls the webhook, is answered and is thanked for.",
            lambda _: flows.measure(),
        ),
        "watchers": Measurement(
            "what ten people who watch the workbench's page cost the fakes",
            "The same exchange without and with ten pages in a real Chromium, in turns; only the processor time of the "
            "fakes counts. The client shares its cores with the browser and so sends less beside it: `cpu_ratio` "
            "compares the cost of a request. `watching_percent_of_a_core` is what the watchers took in addition.",
            lambda _: watchers.measure(),
        ),
        "gateway": Measurement(
            "100 messages, and 100 updates, in one request to the fake CHT",
            "CHT's own performance test of this endpoint allows 5 seconds and aims for half a second.",
            lambda _: gateway.measure(),
        ),
        "stores": Measurement(
            "operations of the fakes with few and with many rows in their stores, in process",
            "Microseconds of the quickest of many tries. A ratio near 1: the cost depends on the result alone.",
            lambda _: compared.measure(),
        ),
        "numbers": Measurement(
            "whether a number is ever stored without its country code",
            "No speed: thousands of worlds of the fake CHT get national numbers. Not one may be stored as it came.",
            lambda _: numbers.measure(),
        ),
        "long_run": Measurement(
            "what the fakes keep of a relay's polls",
            "`full`: when the ledger's memory was full for the first time. Speed: in the first and in the last "
            "quarter. The requests leave no state behind; `kib_per_broadcast` is what does. "
            "`python -m loadtests.bench.long_run 1000000` measures more of them.",
            lambda _: long_run.measure(),
        ),
    }
)
