"""The charts of a run as SVG: what is drawn. `conformance/plots` draws it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from conformance.plots.colours import DASHES, DOWN, FAINT, INK, OTHER_BAND, SERIES
from conformance.plots.drawing import svg_element, ticks
from conformance.plots.svg import Words
from loadtests.reports.model import Chart, Series, Timeline, elapsed, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (8.0, 2.9)
"""Inches."""
ALPHA = 0.5
"""Of bands: lines are seen through them."""


def plot(chart: Chart, timeline: Timeline) -> str:
    """The chart as an SVG element. Equal charts give equal bytes."""
    bands = "; ".join(f"{one.label} from {elapsed(one.begins)} to {elapsed(one.ends)}" for one in timeline.bands)
    about = f"{chart.about} {chart.summary}" + (f" Bands: {bands}." if bands else "")
    return svg_element(Words(f"plot-{chart.key}", chart.title, about), lambda axes: _draw(axes, chart, timeline), SIZE)


def _draw(axes: Axes, chart: Chart, timeline: Timeline) -> None:
    _draw_bands(axes, timeline)
    for place, one in enumerate(chart.series):
        values = [math.nan if value is None else value for value in one.values]
        colour, dashes = SERIES[place % len(SERIES)].light, DASHES[place % len(DASHES)]
        axes.plot(timeline.moments, values, color=colour, linestyle=dashes, label=_label(one, chart.top))
        for at, value in _alone(timeline, one.values):
            axes.plot([at], [value], color=colour, marker="o", markersize=3)
    if timeline.sending_ended < timeline.end:
        axes.axvline(timeline.sending_ended, color=FAINT.light, linestyle=":", label="all sent")
    moments = ticks(timeline.end)
    axes.set_xticks(moments, [elapsed(moment) for moment in moments])
    axes.set_xlim(0, timeline.end)
    axes.set_ylim(0, chart.top)
    axes.set_ylabel(chart.unit)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0), labelcolor=INK.light)


def _label(one: Series, top: float | None) -> str:
    """The name of a line; of one that goes beyond the plot, also how far."""
    highest = max(filter(None, one.values), default=0.0)
    return one.label if top is None or highest <= top else f"{one.label} (up to {shown(highest)})"


def _draw_bands(axes: Axes, timeline: Timeline) -> None:
    named = set()
    for band in timeline.bands:
        label = None if band.label in named else band.label
        named.add(band.label)
        colour = DOWN.get(band.service, OTHER_BAND).light
        axes.axvspan(band.begins, band.ends, color=colour, alpha=ALPHA, linewidth=0, label=label)


def _alone(timeline: Timeline, values: tuple[float | None, ...]) -> list[tuple[float, float]]:
    """The points that no line would show, since neither neighbour has a value."""
    around = (None, *values, None)
    return [
        (at, value)
        for place, (at, value) in enumerate(zip(timeline.moments, values, strict=True))
        if value is not None and around[place] is None and around[place + 2] is None
    ]
