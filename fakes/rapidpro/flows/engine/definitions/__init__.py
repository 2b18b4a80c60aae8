"""Flow definitions: read into frozen data with every refusal of the engine, and written again."""

from __future__ import annotations

from fakes.rapidpro.flows.engine.definitions.model import Action, Case, Category, Exit, Flow, Node, Router, Wait
from fakes.rapidpro.flows.engine.definitions.reading import read_flow
from fakes.rapidpro.flows.engine.definitions.writing import flow_json
from fakes.rapidpro.flows.engine.refused import Refused

__all__ = [
    "Action", "Case", "Category", "Exit", "Flow", "Node", "Refused", "Router", "Wait", "flow_json", "read_flow",
]  # fmt: skip
