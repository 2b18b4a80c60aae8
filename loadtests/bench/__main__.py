"""`python -m loadtests.bench NAME`: one benchmark, its figures printed as lines or, with `--json`, as one document."""

from __future__ import annotations

import importlib
import json

import click

BENCHES = {
    "fakes": ("loadtests.bench.exchange", "the stateful exchange against the fake RapidPro"),
    "stores": ("loadtests.bench.stores", "the same operations with 1,000 and with 100,000 rows in the store"),
    "gateway": ("loadtests.bench.gateway", "100 messages, and 100 updates, in one request to the fake CHT"),
    "numbers": ("loadtests.bench.numbers", "whether a number is ever stored without its country code"),
    "flows": ("loadtests.bench.flows", "1,000 texts through the recommended flow, and where the time goes"),
    "long_run": ("loadtests.bench.long_run", "fakes that run for weeks: memory and speed stay what they were"),
    "relay": ("loadtests.bench.relay", "the reference relay between both fakes, over sockets"),
}


@click.command()
@click.argument("name", type=click.Choice(list(BENCHES)))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def main(name: str, as_json: bool) -> None:
    """Run one benchmark.

    fakes: the stateful exchange; stores: 1,000 against 100,000; gateway: large requests to /api/sms;
    numbers: country codes in thousands of worlds; flows: texts through an exported flow;
    long_run: memory and speed over many exchanges (LONG_RUN=1000000); relay: texts per second through the reference
    relay.
    """
    figures = importlib.import_module(BENCHES[name][0]).measure()
    if as_json:
        click.echo(json.dumps(figures))
        return
    for key, value in figures.items():
        click.echo(f"{key:32} {value}")


if __name__ == "__main__":
    main()
