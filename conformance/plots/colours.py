"""The colours of plots: each has a name, and a value for light and for dark paper.

Series are colours that colour-blind people can tell apart (Okabe and Ito), darker or lighter where the paper asks for
it: at least 3 to 1 (WCAG 2.2, 1.4.11). Text has the colours of the reports' page.
"""

from __future__ import annotations

from typing import NamedTuple


class Colour(NamedTuple):
    """One colour. No two have the same value for light paper: by it they are found in a drawing."""

    name: str
    light: str
    dark: str


PAPER = Colour("paper", "#fffffe", "#15191d")
INK = Colour("ink", "#1a1f24", "#e8ecef")
FAINT = Colour("faint", "#56616b", "#a3afb9")
SERIES = (
    Colour("series-1", "#0072b2", "#56b4e9"),
    Colour("series-2", "#b84700", "#f58a45"),
    Colour("series-3", "#007a58", "#2fc296"),
    Colour("series-4", "#a64d80", "#dd94bb"),
    Colour("series-5", "#2b7fa3", "#9ad5f5"),
    Colour("series-6", "#8f6a00", "#e6b422"),
)
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)))
"""For the series in turn, so that they differ in more than their colour."""
DOWN = {
    "rapidpro": Colour("rapidpro-down", "#bbbbbb", "#59626b"),
    "cht": Colour("cht-down", "#ddd8a8", "#615a2a"),
}
"""Bands for a service that fails, by service."""
OTHER_BAND = Colour("other-band", "#c9d6e8", "#34455c")
"""For bands of anything else."""
ALL = (PAPER, INK, FAINT, *SERIES, *DOWN.values(), OTHER_BAND)


def style_sheet() -> str:
    """CSS that gives every colour of a drawing its value for light or dark paper, whichever `color-scheme` says."""
    return "\n".join(
        f".{use}-{name} {{ {use}: light-dark({light}, {dark}); }}"
        for name, light, dark in ALL
        for use in ("fill", "stroke")
    )
