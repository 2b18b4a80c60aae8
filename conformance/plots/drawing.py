"""Draws a plot with the settings that all plots share. matplotlib is imported only when one is drawn."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from conformance.plots import colours
from conformance.plots.svg import Words, inline, standalone

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (9.0, 5.0)
"""Inches."""
MINUTE = 60
STEPS = (
    1, 2, 5, 10, 15, 20, 30, *(minutes * MINUTE for minutes in (1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720)),
)  # fmt: skip
"""Seconds between two times on an axis, up to a day; beyond, whole days."""
DAY = 1440 * MINUTE
MOST_TICKS = 10


def has_matplotlib() -> bool:
    """Whether plots can be drawn; it costs nothing to ask."""
    return importlib.util.find_spec("matplotlib") is not None


def svg_file(words: Words, draw: Callable[[Axes], None], size: tuple[float, float] = SIZE) -> str:
    """A file of its own, on paper of its own. Equal drawings give equal bytes."""
    return standalone(_drawn(words.name, draw, size), words)


def svg_element(words: Words, draw: Callable[[Axes], None], size: tuple[float, float] = SIZE) -> str:
    """An element for a page that has `colours.style_sheet()`. Equal drawings give equal bytes."""
    return inline(_drawn(words.name, draw, size), words)


def _drawn(name: str, draw: Callable[[Axes], None], size: tuple[float, float]) -> str:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    ink, faint = colours.INK.light, colours.FAINT.light
    settings = rc_context(
        {
            "svg.hashsalt": name,  # plots of one page have no id in common
            "svg.fonttype": "none",
            "text.color": ink,
            "axes.labelcolor": ink,
            "axes.edgecolor": faint,
            "xtick.color": faint,
            "ytick.color": faint,
            "xtick.labelcolor": ink,
            "ytick.labelcolor": ink,
            "legend.frameon": False,
            "text.parse_math": False,  # a dollar in a name is a dollar
        }
    )
    with settings:
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.add_subplot())
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None}, transparent=True)
    return out.getvalue()


def ticks(end: float, start: int = 0, least: int = 1) -> list[float]:
    """The moments on an axis of time, in seconds after its beginning: at most ten or so, at round times of the day.

    `start` is the time of the day at which the axis begins, in seconds; `least` what is between two moments, at least.
    """
    days = int(end / DAY / MOST_TICKS) + 1
    step = next((one for one in STEPS if one >= least and end / one <= MOST_TICKS), days * DAY)
    return [float(moment) for moment in range(-start % step, int(end) + 1, step)]
