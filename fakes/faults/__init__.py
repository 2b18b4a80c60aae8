"""Faults: what a service does wrong on demand, as data plus one small function each, wrapped around the service."""

from fakes.faults.around import Faulty
from fakes.faults.errors import FaultError
from fakes.faults.match import Match
from fakes.faults.model import Fault
from fakes.faults.plan import Plan
from fakes.faults.presets import PRESETS, expand

__all__ = ["PRESETS", "Fault", "FaultError", "Faulty", "Match", "Plan", "expand"]
