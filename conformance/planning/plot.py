"""A plan as a plot in SVG: what is drawn. `conformance/plots` draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.planning.question import MINUTE
from conformance.planning.terminal import BEST, clock, heading, plan_end, sentences
from conformance.plots.colours import DASHES, DOWN, FAINT, INK, SERIES
from conformance.plots.drawing import has_matplotlib, svg_file, ticks
from conformance.plots.svg import Words
from conformance.verdicts import HarnessBroken

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from conformance.planning.result import Plan, Planned

NEEDS = "a plot needs matplotlib, which is not installed: pip install 'matplotlib>=3.10,<4', or leave out --svg"
BAND = 0.03
"""The height of the band of one subject's throttled time, as a share of the plot."""


def check_plots() -> None:
    """HarnessBroken with what to install if there is no matplotlib: to be found out before a long run."""
    if not has_matplotlib():
        raise HarnessBroken(NEEDS)


def as_svg(plan: Plan) -> str:
    """Texts out over time: a line for the best possible and for each subject, outages and throttled time as bands.

    Equal plans give equal bytes.
    """
    return svg_file(Words("plan", heading(plan), _about(plan)), lambda axes: _draw(axes, plan))


def _about(plan: Plan) -> str:
    courses = [(BEST, plan.best), *((one.subject, one.out) for one in plan.planned)]
    last = "; ".join(f"{name}: {len(out):,} texts, the last at {clock(plan, out[-1])}" for name, out in courses if out)
    return " ".join([f"Texts out over time. {last}.", *(f"{one}." for one in sentences(plan))])


def _draw(axes: Axes, plan: Plan) -> None:
    end = plan_end(plan)
    for outage in plan.question.outages:
        colour = DOWN[outage.service].light
        axes.axvspan(outage.begins, outage.ends, color=colour, alpha=0.5, label=f"{outage.service} down")
    steps = range(len(plan.best) + 1)
    axes.step([0, *plan.best], steps, where="post", color=INK.light, linestyle="--", label=BEST)
    for place, one in enumerate(plan.planned):
        _draw_subject(axes, one, place, end)
    if plan.question.by is not None:
        label = f"by {clock(plan, plan.question.by)}"
        axes.axvline(plan.question.by, color=FAINT.light, linestyle=":", label=label)
    moments = ticks(end, plan.question.start, MINUTE)
    axes.set_xticks(moments, [clock(plan, moment) for moment in moments])
    axes.set_xlim(0, end)
    axes.set_ylim(0, plan.question.texts * 1.05)
    axes.set_ylabel("texts out")
    axes.set_title(heading(plan), fontsize="small", wrap=True)
    axes.legend(fontsize="small")


def _draw_subject(axes: Axes, one: Planned, place: int, end: float) -> None:
    colour, dashes = SERIES[place % len(SERIES)].light, DASHES[place % len(DASHES)]
    axes.step([0, *one.out, end], [*range(len(one.out) + 1), len(one.out)], where="post", color=colour,
              linestyle=dashes, label=one.subject)  # fmt: skip
    for number, (begins, ends) in enumerate(one.throttled):
        label = None if number else f"{one.subject} throttled"
        axes.axvspan(begins, ends, place * BAND, (place + 1) * BAND, color=colour, alpha=0.4, label=label)
