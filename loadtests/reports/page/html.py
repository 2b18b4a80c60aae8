"""The page of a load run, in the look of the other reports: verdict, figures, plots, tables."""

from __future__ import annotations

from importlib.resources import files

from markupsafe import Markup

from conformance.plots.colours import style_sheet
from conformance.plots.drawing import has_matplotlib
from conformance.reports.page.html import SYMBOLS
from conformance.reports.page.rendering import rendered
from loadtests.reports.model import Chart, shown
from loadtests.reports.page.plots import plot
from loadtests.reports.report import LoadReport

NO_PLOTS = (
    "There are no plots, since matplotlib is not installed: pip install 'matplotlib>=3.10,<4'. "
    "The table over time has all their numbers."
)


def page(report: LoadReport) -> str:
    """The whole page. Without matplotlib it has all tables, and says what is missing."""
    own = files("loadtests.reports.page")
    return rendered(
        own.joinpath("load.html.jinja").read_text("utf-8"),
        style="\n".join((own.joinpath("load.css").read_text("utf-8").strip(), style_sheet())),
        report=report,
        run=report.run,
        symbols=SYMBOLS,
        shown=shown,
        charts=[(chart, _drawn(chart, report)) for chart in report.timeline.charts],
        no_plots="" if has_matplotlib() else NO_PLOTS,
    )


def _drawn(chart: Chart, report: LoadReport) -> Markup | None:
    """The plot as an element; None where there is nothing to be drawn, or nothing to draw it with."""
    empty = all(value is None for one in chart.series for value in one.values)
    return None if empty or not has_matplotlib() else Markup(plot(chart, report.timeline))
