"""Wrong clocks: the relay's own, whatever it is set to, and RapidPro's, which its responses show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import relay.__main__ as main
from relay import Relay
from relay.http_client import parse_date, steady
from tests.relay import neighbours
from tests.relay.neighbours import START, World, fault_on, lose_response, reply

BROADCASTS = "/api/v2/broadcasts.json"
POLL = 60
DAY, YEAR = 86400, 365 * 86400


class WrongClock:
    """A relay whose clock is wrong: `set_ahead` sets it, `restart` starts the relay again."""

    def __init__(self, world: World, ahead: float = 0.0) -> None:
        self.world, self.ahead = world, timedelta(seconds=ahead)
        self.set_at: list[datetime] = []
        self.relay = self._start()

    def _start(self) -> Relay:
        database = f"sqlite:///{self.world.folder}/relay.db"
        return Relay(neighbours.settings(database=database), now=self._now, session=self.world)

    def _now(self) -> datetime:
        return self.world.now + self.ahead

    def set_ahead(self, seconds: float, *, restart: bool = False) -> None:
        self.set_at.append(self.world.now)
        if restart:
            self.relay.close()
        self.ahead = timedelta(seconds=seconds)
        if restart:
            self.relay = self._start()

    def run(self, seconds: float) -> None:
        """As `World.run`, by the clock of the relay."""
        end = self.world.now + timedelta(seconds=seconds)
        while True:
            due = self.relay.work(self._now()) - self.ahead
            if due > end:
                self.world.now = end
                return
            self.world.now = max(self.world.now, due)


@pytest.fixture
def world() -> World:
    world = World()
    world.dated = True
    return world


def polls(world: World) -> list[datetime]:
    return [time for time, _, path, _ in world.calls if path == "/api/sms"]


def assert_never_late(clock: WrongClock) -> None:
    """CHT is asked at most one poll too late for each time that the clock was set meanwhile."""
    for earlier, later in pairwise([*polls(clock.world), clock.world.now]):
        times_set = sum(earlier <= moment <= later for moment in clock.set_at)
        assert (later - earlier).total_seconds() <= (1 + times_set) * POLL + 1


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("ahead", [DAY, 3600, 40 * DAY, 30 * YEAR])
def test_a_relay_that_starts_with_its_clock_ahead_works_at_once_when_it_is_corrected(
    world: World, ahead: float, restart: bool
) -> None:
    clock = WrongClock(world, ahead)
    clock.run(600)
    clock.set_ahead(0, restart=restart)
    world.add_texts("Visit due")
    clock.run(POLL + 1)
    assert world.sent() == ["Visit due"]
    neighbours.post_text(clock.relay)
    clock.run(1)
    assert len(world.stored) == 1
    assert_never_late(clock)
    clock.relay.close()


UNKNOWN_AT_THE_SENDING = [
    (65561835.0, False, 220.6, False),
    (60.0, False, 120.0, True),
    (0.0, True, 2.0, False),
    (-135058241.0, False, 102.0, True),
    (0.0, True, 58.4, True),
    (-10984288.5, True, 0.0, True),
    (0.0, False, 125.0, False),
    (-126910437.0, False, 399.0, False),
]
"""The relay is restarted, with its clock ahead, before the sending of a text whose response is lost, and after it."""
STEP = st.floats(-60 * YEAR / 12, 60 * YEAR / 12)
STEPS = st.lists(st.tuples(STEP, st.booleans(), st.floats(0, 400), st.booleans()), min_size=1, max_size=8)


@settings(max_examples=25, deadline=None)
@given(first=STEP, steps=STEPS)
@example(first=157_679_999.0, steps=UNKNOWN_AT_THE_SENDING)
def test_whatever_the_clock_is_set_to_nothing_is_late_and_nothing_is_sent_twice(
    first: float, steps: list[tuple[float, bool, float, bool]]
) -> None:
    world = World()
    world.dated = True
    clock = WrongClock(world, first)
    for number, (ahead, restart, seconds, lost) in enumerate(steps):
        if lost:
            world.faults[:] = [fault_on("POST", BROADCASTS, lose_response)]
        world.add_texts(f"Reminder {number}", to=f"+25078812300{number}")
        clock.run(seconds)
        clock.set_ahead(ahead, restart=restart)
    clock.run(1200)
    texts = [f"Reminder {number}" for number in range(len(steps))]
    assert sorted(world.sent()) == texts
    assert set(world.statuses) == set(texts)
    assert_never_late(clock)
    clock.relay.close()


def test_two_relays_whose_clocks_differ_a_little_do_not_drive_each_other_ahead(world: World) -> None:
    first, second = WrongClock(world), WrongClock(world, -4)
    for number in range(100):
        world.add_texts(f"Reminder {number}")
        (first, second)[number % 2].run(1)
    assert (first.relay._clock.offset, second.relay._clock.offset) == (0, 0)
    first.relay.close()
    second.relay.close()


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("ahead", [-40 * DAY, 40 * DAY])
def test_the_state_of_a_text_is_followed_although_the_clock_is_set(world: World, ahead: float, restart: bool) -> None:
    world.add_texts("Visit due")
    clock = WrongClock(world)
    clock.run(600)
    clock.set_ahead(ahead, restart=restart)
    clock.run(600)
    world.set_status("Visit due", "delivered")
    clock.run(7 * 3600)
    assert world.statuses["Visit due"] == ["UNSENT", "DELIVERED"]
    clock.relay.close()


@pytest.mark.parametrize("ahead", [-DAY, 0, 300])
def test_a_wait_that_rapidpro_asked_for_lasts_as_long_whatever_the_clock_is_set_to(world: World, ahead: float) -> None:
    world.faults.append(fault_on("POST", BROADCASTS, reply(429, {}, Retry_After="1800")))
    world.add_texts("Visit due")
    clock = WrongClock(world)
    clock.run(60)
    clock.set_ahead(ahead, restart=True)
    clock.run(3600)
    seconds = (world.send_times()[1] - START).total_seconds()
    assert 1800 - max(ahead, POLL) - 1 <= seconds <= 1800 + POLL
    clock.relay.close()


@pytest.mark.parametrize("ahead", [-2 * 3600, 2 * 3600, 3 * DAY, 400 * DAY])
@pytest.mark.parametrize("answered_before", [False, True])
def test_a_text_with_a_lost_answer_is_found_however_far_the_relays_clock_is_from_rapidpros(
    world: World, ahead: float, answered_before: bool
) -> None:
    clock = WrongClock(world, ahead)
    if answered_before:
        world.add_texts("First")
        clock.run(120)
    world.faults.append(fault_on("POST", BROADCASTS, lose_response))
    world.add_texts("Visit due")
    clock.run(1200)
    assert world.sent().count("Visit due") == 1
    clock.relay.close()


def test_a_text_with_a_lost_answer_is_found_although_rapidpros_clock_is_set_back_before_it(world: World) -> None:
    relay = neighbours.make_relay(world)
    world.add_texts("First")
    world.run(relay, 120)

    def lose_response_after_setting_back(act: Callable[[], Any]) -> Any:
        world.rapidpro_ahead = timedelta(hours=-3)
        return lose_response(act)

    world.faults.append(fault_on("POST", BROADCASTS, lose_response_after_setting_back))
    world.add_texts("Visit due")
    world.run(relay, 1200)
    assert world.sent() == ["First", "Visit due"]
    relay.close()


@pytest.mark.parametrize("created_on", ["2099-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2050-01-01T00:00:00Z"])
@pytest.mark.parametrize("dated", [False, True])
def test_an_absurd_date_from_rapidpro_is_ignored(world: World, created_on: str, dated: bool) -> None:
    def absurd(act: Callable[[], Any]) -> Any:
        return reply(201, {**act().json(), "created_on": created_on})

    world.dated = dated
    world.faults.append(fault_on("POST", BROADCASTS, absurd, lose_response))
    world.add_texts("First", "Second")
    clock = WrongClock(world)
    clock.run(600)
    clock.set_ahead(0, restart=True)
    world.set_status("First", "delivered")
    clock.run(1200)
    assert world.sent() == ["First", "Second"]
    assert world.statuses["First"][-1] == "DELIVERED"
    clock.relay.close()


@pytest.mark.parametrize("value", ["2099-01-01T00:00:00Z", "9999-12-31T23:59:59+00:00", "1970-01-01T00:00:00Z"])
def test_a_date_outside_reason_is_no_date(value: str) -> None:
    assert parse_date(value, datetime.fromisoformat) is None


def test_while_the_process_runs_steps_of_the_machines_clock_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    now = main.steady_clock()
    before = now()

    class Stepped(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]  # the machine's clock, a year ahead
            return datetime.now(tz) + timedelta(days=365)  # noqa: TID251 - the real clock is what is tested

    monkeypatch.setattr(main, "datetime", Stepped)
    assert timedelta() <= now() - before < timedelta(seconds=5)
    assert abs(now() - datetime.now(UTC)) < timedelta(seconds=5)  # noqa: TID251
    assert main.steady_clock()() - now() > timedelta(days=364)
    assert steady() <= steady()
