"""The benchmarks measure what they claim, and fail if the work was not done. No times are asserted."""

from __future__ import annotations

import pytest

from fakes.serving.process import start_fakes
from loadtests.bench import cht_store, exchange, gateway, numbers, relay, stores
from loadtests.bench.__main__ import BENCHES
from loadtests.bench.texter import Texter


def test_large_requests_to_the_gateway_api_are_measured() -> None:
    figures = gateway.measure()
    assert list(figures) == [
        "100_messages_ms_quickest",
        "100_messages_ms_slowest",
        "100_updates_ms_quickest",
        "100_updates_ms_slowest",
    ]
    assert all(figure > 0 for figure in figures.values())


def test_the_stateful_exchange_is_measured_beside_a_bare_server() -> None:
    figures = exchange.measure(seconds=0.6, connections=2)
    assert "share_of_bare" in figures
    assert all(figure > 0 for figure in figures.values())


def test_stores_are_compared_by_operation() -> None:
    figures = stores.measure(few=300, many=600)
    operations = {name.removesuffix("_ratio") for name in figures if name.endswith("_ratio")}
    assert {"cht_hand_out_25", "cht_look_up_and_update", "rapidpro_page", "rapidpro_status_change"} <= operations
    assert all(figure > 0 for figure in figures.values())


def test_texts_through_the_relay_are_measured_in_both_directions_and_judged() -> None:
    figures = relay.measure(seconds=0.3, connections=(1, 4), texts_out=20)
    assert figures["texts"] > 20
    assert [figures[name] for name in ("lost", "twice", "other_violations")] == [0, 0, 0]
    for name in ("in_1_per_second", "in_4_per_second", "in_4_reached_cht_per_second", "out_per_second"):
        assert figures[name] > 0
    assert figures["calls_per_text_out"] >= 1


def test_a_text_that_is_not_accepted_is_an_error() -> None:
    with start_fakes(("cht",)) as addresses, pytest.raises(ValueError, match="a text was answered"):
        Texter(f"{addresses.cht}{relay.WEBHOOK}", "wrong", "run").text(connections=1, seconds=0.1)


def test_an_answer_other_than_200_is_an_error() -> None:
    cht = cht_store.new_cht()
    cht.state.users.clear()
    with pytest.raises(AssertionError, match="expected 200, got 401"):
        cht_store.exchange(cht, {})


def test_each_benchmark_has_its_module() -> None:
    for module, about in BENCHES.values():
        assert about
        assert __import__(module, fromlist=["measure"]).measure


def test_no_number_is_stored_without_its_country_code_however_worlds_are_run() -> None:
    figures = numbers.measure(worlds=50)
    assert len(figures) == 3
    for figure in figures.values():
        stored, _, _, bare, *_ = figure.split()
        assert int(stored) >= 100
        assert bare == "0"


def test_a_number_without_its_country_code_would_be_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "FULL", "+250788200013")
    assert numbers.one_after_the_other(2) == (6, 6)
    assert numbers.at_once(2) == (6, 6)
    stored, bare = numbers.reset_in_use(20)
    assert stored == bare > 0
