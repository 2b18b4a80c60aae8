"""A shape in virtual time: a built-in subject in this process, through the hours or days of the shape in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby

from conformance.planning.question import DAY
from conformance.services.in_process import InProcessFakes
from conformance.subjects.base import Capability
from conformance.subjects.built_in import POLL_SECONDS, BuiltIn
from conformance.subjects.in_process import InProcessRelay
from conformance.world.timing import VirtualTiming
from conformance.world.world import World
from loadtests.driving.work import PHONE
from loadtests.results import RequestSample
from loadtests.running.counts import Progress, in_process
from loadtests.running.job import Course, Job
from loadtests.running.preparing import plan_outages, prepare
from loadtests.running.settling import VirtualPassing, settle
from loadtests.shapes.arrivals import Arrival, arrivals, phone_of
from loadtests.texts import text

USUAL_POLL = 60.0
"""Seconds between two polls of CHT by a relay, as is usual. Through many days it is POLL_SECONDS, to be quicker."""
DUE = "CHT: texts become due"


def run_in_virtual_time(job: Job, one: BuiltIn, profile: str) -> Course:
    """Run the shape against a built-in subject. SubjectFailed if it breaks down."""
    fakes = InProcessFakes(profile, job.seed, cht_release=one.cht_release)
    usual = USUAL_POLL if job.shape.seconds <= DAY else POLL_SECONDS
    subject = one.make(fakes, job.poll_seconds or usual)
    try:
        if isinstance(subject, InProcessRelay):
            subject.most_calls += 10 * (job.shape.texts_in + job.shape.texts_out)
        subject.start(fakes.neighbours)
        world = World(fakes, subject, VirtualTiming())
        rates = prepare(world, job.shape, 1.0)
        began = world.now()
        bands = plan_outages(world, job.shape, began, 1.0)
        progress = Progress(in_process(fakes))
        requests = list(play(world, job, began, progress))
        world.pass_time(max(0.0, job.shape.seconds - (world.now() - began).total_seconds()))
        ended_sending = world.now()
        passing = VirtualPassing(world)
        job.say("waiting until everything is done")
        settled = settle(world, progress, job.shape.texts_in, job.shape.texts_out, passing, job.patience)
        unused = any(not fault["used"] for fault in world.control.faults())
        return Course(
            time="virtual", subject=subject.name, profile=profile, settled=settled,
            states=Capability.STATES in subject.capabilities, skipped_checks=frozenset(subject.skipped_checks),
            began=began, ended_sending=ended_sending, ended=world.now(), requests=requests, faults=bands, rates=rates,
            unused_faults=unused,
        )  # fmt: skip
    finally:
        subject.stop()
        fakes.close()


def play(world: World, job: Job, began: datetime, progress: Progress) -> Iterator[RequestSample]:
    """Let everybody send at their moments; texts of CHT that are due at the same moment come together."""
    shape, told = job.shape, 0.0
    for at, together in groupby(arrivals(shape, job.seed), key=lambda one: one.at):
        world.pass_time(max(0.0, (began + timedelta(seconds=at) - world.now()).total_seconds()))
        if at - told > shape.seconds / 20:
            told = at
            job.say(f"{at / shape.seconds:.0%} of {timedelta(seconds=round(shape.seconds))} of virtual time")
        group = list(together)
        due = [one for one in group if one.who == "cht"]
        if due:
            progress.due += len(due)
            world.cht_sends_each(
                [(world.people.of_number(phone_of(shape, one.position)), words(job, one)) for one in due]
            )
            yield RequestSample(world.now(), DUE, 0.0, ok=True, driver=True)
        for one in group:
            if one.who == "people":
                person = world.people.of_number(phone_of(shape, one.position))
                result = world.person_texts(person, words(job, one))
                status = (result.get("webhook") or {}).get("status") or 0
                yield RequestSample(world.now(), PHONE, 0.0, ok=200 <= status < 300, driver=False)


def words(job: Job, one: Arrival) -> str:
    """The words of a text."""
    return text(job.seed, "in" if one.who == "people" else "out", one.position)
