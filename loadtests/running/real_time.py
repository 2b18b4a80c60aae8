"""A shape in real time, over sockets: Locust sends, the subject works by itself, and the ledger has everything."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from conformance.history.model import IncomingText, Outcome
from conformance.running.worlds import Worlds
from conformance.services.processes import RealTimeServices
from conformance.subjects.base import Capability
from conformance.verdicts import HarnessBroken, Verdict
from conformance.world.world import World
from loadtests.driving.driver import Driver
from loadtests.driving.work import DUE, SENDERS, Sent, Work
from loadtests.results import RequestSample, Watched
from loadtests.running.bulk import Reminders
from loadtests.running.counts import Progress, over_http
from loadtests.running.growth import growth
from loadtests.running.job import Course, Job
from loadtests.running.preparing import plan_outages, prepare
from loadtests.running.ramp import Steps
from loadtests.running.settling import RealPassing, settle
from loadtests.running.watching import Watch
from loadtests.shapes.arrivals import arrivals
from loadtests.shapes.model import Shape

LOOK_EVERY = 0.5
"""Seconds between two looks while texts are sent."""
SPARE_SECONDS = 60.0
"""So much later than intended everything must have been sent."""


def run_in_real_time(job: Job, worlds: Worlds) -> Course:
    """Run the shape in a world of `worlds`. SubjectFailed if the subject ends, HarnessBroken if Locust does."""
    verdict = Verdict.BROKEN
    try:
        worlds.begin()
        world = worlds.open()
        try:
            course = RealRun(job, world, worlds.profile).run()
            verdict = Verdict.PASSED
            return course
        finally:
            worlds.close(world, verdict)
    finally:
        worlds.end()


class RealRun:
    """One run in one world."""

    def __init__(self, job: Job, world: World, profile: str) -> None:
        self._job, self._world, self._profile = job, world, profile
        shape, subject, services = job.shape, world.subject, world.services
        self._work = Work(
            shape=shape.as_json(), seed=job.seed, control=services.control.url, cht=services.cht_url,
            cht_admin=services.cht_admin, webhook=subject.webhook_url(), token=subject.webhook_token(),
            run=str(uuid4()),
        )  # fmt: skip
        bulk = [one for one in arrivals(shape, job.seed) if one.bulk]
        self._reminders = Reminders(world, shape, self._work, bulk)
        self._progress = Progress(over_http(services), states=not services.others_write)
        self._progress.due = len(bulk)
        self._late: float | None = None
        """Seconds after the beginning at which the sending was broken off."""
        self._steps = None if shape.ramp is None else Steps(shape.ramp, shape.compressed)

    def run(self) -> Course:
        """Send everything, wait until all is done, and tell what happened."""
        job, world = self._job, self._world
        rates = prepare(world, job.shape, job.shape.compressed)
        self._reminders.store()
        with Driver(self._work, job.crew, job.say, reports=job.reports) as driver:
            began = driver.start()
            bands = plan_outages(world, job.shape, began, job.shape.compressed)
            watch = Watch(self._progress, driver, self._pids(), time.monotonic, lambda: datetime.now(UTC))
            self._send(driver, watch, began)
            sent, reports = driver.sent, driver.reports
        ended_sending = datetime.now(UTC)
        late = () if self._late is None else too_slow(sent, job.shape, self._late, max(1, job.crew.workers))
        broken = [one.broken for one in sent if one.broken]
        if broken:
            raise HarnessBroken(f"{len(broken)} of {len(sent)} texts could not be sent: {broken[0]}")
        accepted = self._take(sent, began)
        self._progress.due = self._reminders.made + sum(one.who == "cht" and one.ok for one in sent)
        job.say("all is sent; waiting until everything is done")
        passing = RealPassing(world, time.monotonic, time.sleep)
        settled = settle(world, self._progress, accepted, self._progress.due, passing, job.patience)
        requests = [*samples(sent, began), *self._reminders.samples]
        steps = () if self._steps is None else self._steps.sentences(settled.history, watch.looks)
        return Course(
            time="real", subject=world.subject.name, profile=self._profile, settled=settled,
            states=Capability.STATES in world.subject.capabilities, skipped_checks=frozenset(world.excused_checks),
            began=began, ended_sending=ended_sending, ended=datetime.now(UTC),
            requests=requests, faults=bands, rates=rates, watched=watch.looks,
            locust=reports, notes=[*steps, *growth(watch.looks, requests)],
            unused_faults=any(not fault["used"] for fault in world.control.faults()), further=late,
            highest_rate=None if self._steps is None else self._steps.highest,
        )  # fmt: skip

    def _pids(self) -> dict[str, int | None]:
        services = self._world.services
        fakes = services.pid if isinstance(services, RealTimeServices) else None
        return {"relay": getattr(self._world.subject, "pid", None), "fakes": fakes}

    def _send(self, driver: Driver, watch: Watch, began: datetime) -> None:
        """Follow Locust until all texts are sent, or the steps of a ramp end it."""
        end = time.monotonic() + self._job.shape.real_seconds() + SPARE_SECONDS
        next_look, stopped, done = 0.0, False, False
        while not done or self._reminders.left:
            self._reminders.due(began)
            done = driver.follow(0.05)
            if done and self._reminders.left:
                time.sleep(0.05)
            if time.monotonic() >= next_look:
                look, next_look = watch.look(self._reminders.made), time.monotonic() + LOOK_EVERY
                self._world.subject.check_alive()
                self._say(look, began)
                if (
                    not stopped
                    and self._steps is not None
                    and self._steps.broken(look, (look.at - began).total_seconds())
                ):
                    stopped = True
                    driver.stop()
            if time.monotonic() > end and not stopped:
                self._late, stopped = self._job.shape.real_seconds() + SPARE_SECONDS, True
                driver.stop()
            elif time.monotonic() > end + SPARE_SECONDS:
                raise HarnessBroken(f"Locust does not end {2 * SPARE_SECONDS:g} s after the last text was to be sent")

    def _say(self, look: Watched, began: datetime) -> None:
        seconds = (look.at - began).total_seconds()
        self._job.say(
            f"{seconds:.0f} s: {look.sent_in} texts in, {look.reports} of them in CHT; "
            f"{look.sent_out} due, {look.on_phones} on phones"
        )

    def _take(self, sent: Sequence[Sent], began: datetime) -> int:
        """Tell the world which texts people sent, for the checks. Returns how many the relay accepted."""
        world = self._world
        for one in sent:
            world.people.of_number(one.number)
            if one.who == "people":
                outcome = Outcome.of_status(one.status)
                world.incoming_texts.append(IncomingText(one.id, one.number, one.text, outcome, one.moment(began)))
        for number in self._reminders.numbers:
            world.people.of_number(number)
        return sum(one.outcome is Outcome.OK for one in world.incoming_texts)


def samples(sent: Sequence[Sent], began: datetime) -> list[RequestSample]:
    """The requests of Locust, as the reports take them."""
    return [RequestSample(one.moment(began), one.name, one.ms, one.ok, driver=one.name == DUE) for one in sent]


def too_slow(sent: Sequence[Sent], shape: Shape, seconds: float, processes: int) -> Sequence[str]:
    """Why not all texts were sent within so many seconds: the relay's answers, if most senders waited for them.

    HarnessBroken if they did not: then the load generator is too slow.
    """
    single = sum(one.total() for one in shape.traffic if one.who == "people" or one.spread != "once")
    missing = f"{single - len(sent)} of {single} texts were not sent {SPARE_SECONDS:g} s after the last was to be sent"
    waited = sum(one.ms - one.lag_ms for one in sent if one.who == "people") / 1000
    if waited < seconds * SENDERS * processes / 2:
        raise HarnessBroken(f"{missing}: the load generator is too slow; try --processes, or fewer --texts")
    return [f"{missing}: {SENDERS * processes} others at a time waited for the relay's answer"]
