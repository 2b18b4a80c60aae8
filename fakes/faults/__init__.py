"""Faults: planned misbehaviour of a service. Each is data plus one small function that wraps the service."""

from fakes.faults.errors import FaultError
from fakes.faults.fault import Fault
from fakes.faults.faulty import Faulty
from fakes.faults.match import Match
from fakes.faults.plan import Plan
from fakes.faults.presets import PRESETS, parse_faults

__all__ = ["PRESETS", "Fault", "FaultError", "Faulty", "Match", "Plan", "parse_faults"]
