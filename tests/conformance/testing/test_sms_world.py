"""The world of other people's tests: what it shows, and what it answers to wrong use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conformance.testing.sms_world import SmsWorld
from conformance.testing.start import WorldOptions, start, start_world
from conformance.verdicts import HarnessBroken, SubjectFailed
from tests.conformance.testing.small_relay import HOOK, SmallRelay

AMINA = "+250788123001"


@pytest.fixture
def world() -> Iterator[SmsWorld]:
    with start_world() as started:
        yield started


@pytest.fixture
def relay(world: SmsWorld) -> SmallRelay:
    made = SmallRelay(world)
    world.rapidpro.webhook(HOOK, made)
    world.every(60, made.poll)
    return made


@pytest.mark.usefixtures("relay")
def test_a_text_of_cht_reaches_its_phone_and_its_state_comes_back(world: SmsWorld) -> None:
    world.cht.text_due(AMINA, "Come on Monday")
    world.eventually(lambda: world.cht.state(AMINA) == "delivered", "CHT knows that the text was delivered")
    assert world.phone(AMINA).received == ["Come on Monday"]
    world.judge()


def test_the_reference_relay_stands_in_for_a_relay(world: SmsWorld) -> None:
    world.use_reference_relay(poll_seconds=30)
    world.cht.text_due(AMINA, "Come on Monday")
    assert world.phone(AMINA).send("TEMP 38.5").accepted
    world.pass_time(600)
    assert world.phone(AMINA).received == ["Come on Monday"]
    world.judge()


def test_the_reference_relay_is_gone_in_the_next_world() -> None:
    started = start(WorldOptions())
    first = started.world()
    first.use_reference_relay()
    second = started.world()
    second.cht.text_due(AMINA, "Come on Monday")
    second.pass_time(600)
    assert second.exchanges() == []
    started.close()


@pytest.mark.usefixtures("relay")
def test_a_reminder_becomes_due(world: SmsWorld) -> None:
    world.cht.reminder_due(AMINA, "Visit today")
    world.pass_time(600)
    assert world.phone(AMINA).received == ["Visit today"]


@pytest.mark.usefixtures("relay")
def test_a_text_of_a_person_becomes_a_report(world: SmsWorld) -> None:
    phone = world.phone(AMINA)
    assert phone.send("TEMP 38.5").accepted
    assert [report.text for report in world.cht.reports(AMINA)] == ["TEMP 38.5"]
    assert phone.sent == ["TEMP 38.5"]


def test_a_webhook_that_refuses_is_shown_with_its_answer(world: SmsWorld) -> None:
    world.rapidpro.webhook(HOOK, SmallRelay(world), token="another token")
    delivery = world.phone(AMINA).send("TEMP 38.5")
    assert (delivery.accepted, delivery.status) == (False, 401)
    assert "another token" not in str(world.exchanges())
    assert world.violations() == []  # who refuses a text has not lost it


def test_without_a_webhook_a_text_stays_in_rapidpro(world: SmsWorld) -> None:
    delivery = world.phone(AMINA).send("TEMP 38.5")
    assert not delivery.accepted
    assert "no webhook" in delivery.error
    assert [row["text"] for row in world.rapidpro.messages()] == ["TEMP 38.5"]


def test_a_text_that_nobody_fetches_is_lost(world: SmsWorld) -> None:
    world.cht.text_due(AMINA, "Come on Monday")
    with pytest.raises(SubjectFailed, match="lost"):
        world.judge()


@pytest.mark.usefixtures("relay")
def test_a_redelivered_text_is_one_report_for_the_checks(world: SmsWorld) -> None:
    phone = world.phone(AMINA)
    phone.send("TEMP 38.5")
    assert phone.send_again().accepted
    world.judge()


def test_a_fault_is_met_and_shown(world: SmsWorld) -> None:
    world.fault({"service": "rapidpro", "effect": "refuse", "with": {"status": 503}})
    assert [fault["effect"] for fault in world.unused_faults()] == ["refuse"]
    answer = world.session().get(f"{world.rapidpro.url}/api/v2/workspace.json", timeout=5)
    assert answer.status_code == 503
    assert world.unused_faults() == []
    assert "503" in world.log()
    assert "fault refuse" in world.log()


def test_a_preset_is_planned_by_its_name(world: SmsWorld) -> None:
    world.fault("throttled")
    assert world.faults()
    world.clear_faults()
    assert world.faults() == []


def test_faults_that_no_request_meets_are_told_when_judging(world: SmsWorld) -> None:
    world.fault("throttled")
    with pytest.raises(HarnessBroken, match="planned faults were never used, so nothing was tested"):
        world.judge()


@pytest.mark.usefixtures("relay")
def test_judging_waits_for_a_fault_to_be_met(world: SmsWorld) -> None:
    world.fault({"service": "cht", "effect": "delay", "with": {"seconds": 1}, "skip": 2})
    world.judge()
    assert "fault delay" in world.log(last=1000)


def test_what_a_condition_waited_for_is_told_with_the_last_exchanges(world: SmsWorld) -> None:
    world.session().get(f"{world.cht.url}/api/info", timeout=5)
    with pytest.raises(AssertionError, match=r"within 60 seconds: the moon is full\n.*/api/info"):
        world.eventually(lambda: False, "the moon is full", within=60)


def test_each_world_of_the_same_fakes_starts_over() -> None:
    started = start(WorldOptions())
    first = started.world()
    first.rapidpro.webhook(HOOK, SmallRelay(first))
    first.phone(AMINA).send("TEMP 38.5")
    second = started.world()
    second.rapidpro.webhook(HOOK)
    assert second.exchanges() == []
    assert second.cht.reports(AMINA) == []
    assert second.phone(AMINA).send("TEMP 39").status == 0, "the app of the first world still answers"


@pytest.mark.parametrize("clock", ["system", "virtual"])
def test_the_same_test_runs_with_processes(clock: Any) -> None:
    with start_world(mode="processes", clock=clock) as world:
        relay = SmallRelay(world)
        world.cht.text_due(AMINA, "Come on Monday")
        relay.poll()
        world.eventually(lambda: world.phone(AMINA).received == ["Come on Monday"], within=30)
        relay.poll()
        assert world.cht.state(AMINA) == "delivered"
        assert world.violations() == []


def test_a_profile_is_the_version_that_answers() -> None:
    assert fields_of_a_broadcast("6.4") != fields_of_a_broadcast("26")


def fields_of_a_broadcast(profile: str) -> set[str]:
    with start_world(profile=profile) as world:
        url = f"{world.rapidpro.url}/api/v2/broadcasts.json"
        headers = {"Authorization": f"Token {world.rapidpro.token}"}
        body = {"urns": [f"tel:{AMINA}"], "text": "Hello"}
        return set(world.session().post(url, json=body, headers=headers, timeout=5).json())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"mode": "proces"}, "mode: expected one of in-process, processes, got 'proces'"),
        ({"profile": "9.9"}, "profile: expected one of 6.4, .*, got '9.9'"),
        ({"cht_release": "1"}, "cht_release: expected one of .*, got '1'"),
        ({"clock": "sundial"}, "clock: expected virtual or system, got 'sundial'"),
        ({"clock": "system"}, "in process time is virtual"),
        ({"seed": "x"}, "seed: expected a whole number, got 'x'"),
        ({"seed": True}, "seed: expected a whole number, got True"),
    ],
)
def test_wrong_options_are_refused_with_a_sentence(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence), start_world(**options):
        pass


@pytest.mark.parametrize("number", ["", "0788123001", "250788123001", "+250 788", "tel:+250788123001", "+0788123001"])
def test_a_number_that_is_not_international_is_refused(world: SmsWorld, number: str) -> None:
    for use in (world.phone, lambda one: world.cht.text_due(one, "Hello"), world.cht.texts, world.cht.reports):
        with pytest.raises(ValueError, match="international form"):
            use(number)


def test_wrong_use_is_refused_with_a_sentence(world: SmsWorld) -> None:
    phone = world.phone(AMINA)
    for use, error, sentence in (
        (lambda: world.pass_time(-1), ValueError, "a number from 0 to 316224000, got -1"),
        (lambda: world.pass_time(float("nan")), ValueError, "got nan"),
        (lambda: world.pass_time(float("inf")), ValueError, "got inf"),
        (lambda: world.eventually(lambda: False, within=float("inf")), ValueError, "got inf"),
        (lambda: world.eventually(lambda: False, within=float("nan")), ValueError, "got nan"),
        (lambda: world.every(0, phone.send_again), ValueError, "more than 0"),
        (lambda: world.every(-1, phone.send_again), ValueError, "got -1"),
        (lambda: phone.send(""), ValueError, "empty text"),
        (phone.send_again, ValueError, "send"),
        (lambda: world.cht.state(AMINA), ValueError, "expected one text"),
        (lambda: world.exchanges(service="whatsapp"), ValueError, "expected rapidpro, cht"),
        (lambda: world.fault("thunder"), HarnessBroken, "throttled"),
        (lambda: world.fault({"effect": "thunder"}), HarnessBroken, "lose_reply"),
        (lambda: world.rapidpro.webhook("relay"), HarnessBroken, "http://"),
        (lambda: world.rapidpro.rates(v3="1/hour"), HarnessBroken, "unknown scope"),
        (lambda: world.cht.run("everything"), HarnessBroken, "schedules"),
    ):
        with pytest.raises(error, match=sentence):
            use()


def test_in_real_time_no_clock_is_advanced_and_no_app_is_served() -> None:
    with start_world(mode="processes") as world:
        with pytest.raises(HarnessBroken, match="real time"):
            world.pass_time(1)
        with pytest.raises(HarnessBroken, match="real time"):
            world.every(1, print)
        with pytest.raises(HarnessBroken, match="serve the app there"):
            world.rapidpro.webhook(HOOK, SmallRelay(world))
