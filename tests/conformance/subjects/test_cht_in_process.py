"""CHT itself as the relay: crashes, freezes and faults, and its capabilities."""

from __future__ import annotations

import re
from typing import Any

import pytest

from conformance.services.endpoints import BROADCASTS, LOOK_UP, SEND
from conformance.services.in_process import InProcessFakes
from conformance.subjects.base import Capability, CrashPoint, Killable
from conformance.subjects.built_in import POLL_SECONDS, UnknownSubject, built_in, named
from conformance.subjects.cht_in_process import ChtAsRelay
from conformance.subjects.cht_variants import CHT_VARIANTS, FLOW_STARTS, INCOMING, MISSPELT
from conformance.verdicts import HarnessBroken, SubjectFailed, Untestable
from conformance.world.timing import VirtualTiming
from conformance.world.world import World

GATEWAYS = ("cht-5.2", "cht-5.1", "cht-4.21", "cht-4.17", "cht-4.13", "cht-4.4", "cht-3.11")
SUBJECTS = ["reference", *GATEWAYS, "outbound-push"]


def opened(name: str, profile: str = "6.4") -> tuple[World, ChtAsRelay]:
    one = named(name)
    fakes = InProcessFakes(profile, 1, cht_release=one.cht_release)
    subject = one.make(fakes, POLL_SECONDS)
    assert isinstance(subject, ChtAsRelay)
    subject.start(fakes.neighbours)
    return World(fakes, subject, VirtualTiming()), subject


def arrived(world: World, name: str = "Amina") -> int:
    return len(world.received(world.people[name]))


def send(world: World) -> None:
    world.cht_sends([(world.people["Amina"], "hello")])


@pytest.mark.parametrize("name", CHT_VARIANTS)
def test_texts_go_in_and_out_without_a_relay(name: str) -> None:
    world, _ = opened(name)
    seen = world.person_texts(world.people["Yusuf"], "I am well")
    assert seen["webhook"]["status"] == 200
    send(world)
    world.pass_time(600)
    assert (arrived(world), len(world.reports(world.people["Yusuf"]))) == (1, 1)


@pytest.mark.parametrize("name", GATEWAYS)
def test_a_gateway_ends_with_the_right_state(name: str) -> None:
    world, _ = opened(name)
    send(world)
    world.judge()
    assert world.task(world.people["Amina"]).state == "delivered"


@pytest.mark.parametrize("name", GATEWAYS)
def test_only_the_oldest_release_is_called_at_the_misspelt_path(name: str) -> None:
    assert opened(name)[1].webhook_url().endswith(MISSPELT if name == "cht-3.11" else INCOMING)


@pytest.mark.parametrize("name", GATEWAYS)
def test_beside_current_rapidpro_releases_before_4_14_send_each_text_every_minute(name: str) -> None:
    world, _ = opened(name, profile="26")
    send(world)
    world.pass_time(630)
    assert arrived(world) == (10 if name in ("cht-3.11", "cht-4.4", "cht-4.13") else 1)


@pytest.mark.parametrize("name", CHT_VARIANTS)
def test_while_it_is_dead_connections_are_refused_and_nothing_is_sent(name: str) -> None:
    world, subject = opened(name)
    subject.kill()
    seen = world.person_texts(world.people["Yusuf"], "I am well")
    send(world)
    world.pass_time(7200)
    assert seen["webhook"]["status"] == 0
    assert (arrived(world), subject.running()) == (0, False)
    subject.restart()
    world.pass_time(600)
    assert arrived(world) == 1


@pytest.mark.parametrize("name", CHT_VARIANTS)
@pytest.mark.parametrize("point", [CrashPoint.TEXT_TAKEN, CrashPoint.REPORT_STORED])
def test_killed_over_a_text_it_has_the_text_and_the_caller_does_not_know(name: str, point: CrashPoint) -> None:
    world, subject = opened(name)
    subject.crash_at(point, down=60)
    seen = world.person_texts(world.people["Yusuf"], "I am well")
    assert (seen["webhook"]["status"], subject.running()) == (0, False)
    world.pass_time(61)
    assert subject.running()
    assert len(world.reports(world.people["Yusuf"])) == 1


def test_a_refused_text_is_not_the_moment_at_which_it_took_one() -> None:
    world, subject = opened("cht-5.2")
    world.configure_webhook(omit=["content"])
    subject.crash_at(CrashPoint.TEXT_TAKEN)
    world.person_texts(world.people["Yusuf"], "I am well")
    assert subject.running()


@pytest.mark.parametrize("name", CHT_VARIANTS)
def test_killed_after_rapidpro_accepted_a_text_it_sends_it_again(name: str) -> None:
    """outgoing_rapidpro/crash-midway"""
    world, subject = opened(name)
    subject.crash_at(CrashPoint.BROADCAST_ACCEPTED, down=30)
    send(world)
    world.pass_time(1200)
    assert (subject.kills, arrived(world)) == (1, 2)


@pytest.mark.parametrize("name", GATEWAYS)
@pytest.mark.parametrize("point", [CrashPoint.STATES_ASKED, CrashPoint.STATES_TOLD])
def test_killed_while_states_are_on_their_way_a_gateway_loses_none(name: str, point: CrashPoint) -> None:
    world, subject = opened(name)
    subject.crash_at(point, down=30)
    send(world)
    world.judge()
    assert (subject.kills, world.task(world.people["Amina"]).state) == (1, "delivered")


def test_a_cancelled_crash_does_not_happen() -> None:
    world, subject = opened("cht-5.2")
    subject.crash_at(CrashPoint.STATES_TOLD)
    subject.cancel_crash()
    send(world)
    world.pass_time(600)
    assert subject.kills == 0


@pytest.mark.parametrize("name", CHT_VARIANTS)
def test_a_frozen_one_sends_nothing_until_it_thaws(name: str) -> None:
    world, subject = opened(name)
    subject.freeze(3600)
    send(world)
    world.pass_time(3500)
    assert arrived(world) == 0
    world.pass_time(700)
    assert arrived(world) == 1


def test_unfrozen_early_it_continues_at_once_and_later_freezes_hold() -> None:
    world, subject = opened("cht-5.2")
    subject.freeze(3600)
    subject.freeze(0)
    subject.freeze(7200)
    send(world)
    world.pass_time(3700)
    assert arrived(world) == 0, "the thaw of the first freeze ends no later one"


@pytest.mark.parametrize("name", CHT_VARIANTS)
def test_trouble_of_chts_gateway_api_is_untestable(name: str) -> None:
    world, _ = opened(name)
    with pytest.raises(Untestable, match="the subject itself"):
        world.fault({"service": "cht", "effect": "refuse", "with": {"status": 500}})


def test_faults_of_sending_are_adapted_to_a_push() -> None:
    adapt_fault = CHT_VARIANTS["outbound-push"].adapt_fault
    assert adapt_fault({"service": "rapidpro", "effect": "reset", "match": SEND})["match"]["path"] == FLOW_STARTS
    assert adapt_fault({"preset": "lost-reply", "times": 3})["match"] == {"method": "POST", "path": FLOW_STARTS}
    assert adapt_fault({"preset": "throttled"}) == {"preset": "throttled"}, "this one affects every request"
    assert CHT_VARIANTS["cht-5.2"].adapt_fault({"preset": "lost-reply"}) == {"preset": "lost-reply"}
    assert CHT_VARIANTS["cht-5.2"].send_path == BROADCASTS


@pytest.mark.parametrize("fault", [{"preset": "unknown-status"}, {"service": "rapidpro", "match": LOOK_UP}])
def test_faults_of_looking_up_cannot_affect_a_push(fault: dict[str, Any]) -> None:
    with pytest.raises(Untestable, match="never asks"):
        CHT_VARIANTS["outbound-push"].adapt_fault(fault)


@pytest.mark.parametrize("name", CHT_VARIANTS)
def test_a_moment_that_never_comes_is_untestable(name: str) -> None:
    world, _ = opened(name)
    with pytest.raises(Untestable, match="CHT handed out a text"):
        world.kill_when(CrashPoint.TEXT_HANDED_OUT)


def test_all_can_be_killed_and_only_gateways_report_states() -> None:
    assert all(isinstance(opened(name)[1], Killable) for name in CHT_VARIANTS)
    assert {name for name in CHT_VARIANTS if Capability.STATES in named(name).capabilities} == set(GATEWAYS)
    assert not any(Capability.CHT_OUTSIDE in named(name).capabilities for name in CHT_VARIANTS)


def test_a_push_skips_the_check_of_states_and_says_so() -> None:
    assert named("outbound-push").skipped_checks == {"state_wrong"}
    world, _ = opened("outbound-push")
    send(world)
    world.judge()
    assert world.task(world.people["Amina"]).state == "pending"


def test_whoever_fails_before_a_planned_fault_has_failed_and_not_the_harness() -> None:
    world, _ = opened("cht-3.11", profile="26")
    world.fault({"service": "rapidpro", "effect": "reset", "match": LOOK_UP})
    send(world)
    with pytest.raises(SubjectFailed, match="duplicated again and again"):
        world.await_faults()


def test_a_subject_is_started_before_it_is_used() -> None:
    fakes = InProcessFakes("26", 1)
    with pytest.raises(HarnessBroken, match="call start"):
        ChtAsRelay(fakes, CHT_VARIANTS["cht-5.2"], "cht-5.2").webhook_token()


def test_an_unknown_name_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UnknownSubject, match=re.escape(", ".join(SUBJECTS))):
        named("cht-9")
    assert list(built_in()) == SUBJECTS


def test_the_same_world_gives_the_same_history() -> None:
    def run() -> object:
        world, subject = opened("cht-5.2", "26")
        subject.crash_at(CrashPoint.BROADCAST_ACCEPTED, down=30)
        send(world)
        world.pass_time(1200)
        return world.history()

    assert run() == run()
