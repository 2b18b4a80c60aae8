"""The two generations of RapidPro's flow engine."""

from __future__ import annotations

from typing import Literal

Generation = Literal["9", "new"]
"""`9`: goflow before spec 14. `new`: spec 14 and later. Which version runs which engine: see `habits`."""
