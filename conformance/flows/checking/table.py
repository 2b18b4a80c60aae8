"""All rules, in the order of docs/flow-rules.md."""

from __future__ import annotations

from conformance.flows.checking.finding import Rule
from conformance.flows.checking.rules import needs, paths, texts, webhooks

RULES: tuple[Rule, ...] = (*needs.RULES, *webhooks.RULES, *texts.RULES, *paths.RULES)
ALWAYS = frozenset({"refused"})
"""The rules that also look at flows that the engine does not read."""
