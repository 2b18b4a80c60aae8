"""A plan as a plot in SVG, by matplotlib: docs/planning.md says why. It is imported only when a plot is asked for."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from conformance.planning.question import MINUTE
from conformance.planning.terminal import BEST, clock, heading, plan_end
from conformance.verdicts import HarnessBroken

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from conformance.planning.result import Plan

NEEDS = "a plot needs matplotlib, which is not installed: pip install 'matplotlib>=3.10,<4', or leave out --svg"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""For the subjects in turn: colours that colour-blind people can tell apart (Okabe and Ito)."""
DOWN = {"rapidpro": "#bbbbbb", "cht": "#ddd8a8"}
"""For outages, by service."""
TICKS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440, 4320)
"""Minutes between two times on the axis."""
MOST_TICKS = 10
SIZE = (9.0, 5.0)
"""Inches."""
BAND = 0.03
"""The height of the band of one subject's throttled time, as a share of the plot."""


def check_plots() -> None:
    """HarnessBroken with what to install if there is no matplotlib: to be found out before a long run."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise HarnessBroken(NEEDS) from None


def as_svg(plan: Plan) -> str:
    """Texts out over time: a line for the best possible and for each subject, outages and throttled time as bands.

    Equal plans give equal bytes.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": "plan", "svg.fonttype": "none"}):
        figure = Figure(figsize=SIZE, layout="constrained")
        _draw(figure.add_subplot(), plan)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def _draw(axes: Axes, plan: Plan) -> None:
    end = plan_end(plan)
    for outage in plan.question.outages:
        axes.axvspan(outage.begins, outage.ends, color=DOWN[outage.service], alpha=0.5, label=f"{outage.service} down")
    axes.step([0, *plan.best], range(len(plan.best) + 1), where="post", color="black", linestyle="--", label=BEST)
    for place, one in enumerate(plan.planned):
        colour = COLOURS[place % len(COLOURS)]
        axes.step([0, *one.out, end], [*range(len(one.out) + 1), len(one.out)], where="post", color=colour,
                  label=one.subject)  # fmt: skip
        for number, (begins, ends) in enumerate(one.throttled):
            label = None if number else f"{one.subject} throttled"
            axes.axvspan(begins, ends, place * BAND, (place + 1) * BAND, color=colour, alpha=0.4, label=label)
    if plan.question.by is not None:
        axes.axvline(plan.question.by, color="#999999", linestyle=":", label=f"by {clock(plan, plan.question.by)}")
    moments = ticks(end, plan.question.start)
    axes.set_xticks(moments, [clock(plan, moment) for moment in moments])
    axes.set_xlim(0, end)
    axes.set_ylim(0, plan.question.texts * 1.05)
    axes.set_ylabel("texts out")
    axes.set_title(heading(plan), fontsize="small", wrap=True)
    axes.legend(fontsize="small")


def ticks(end: float, start: int) -> list[float]:
    """The moments on the axis, in seconds after `start`: full hours or parts of hours of the day, at most ten or so."""
    step = next((one for one in TICKS if end / MINUTE / one <= MOST_TICKS), TICKS[-1]) * MINUTE
    return [float(moment) for moment in range(-start % step, int(end) + 1, step)]
