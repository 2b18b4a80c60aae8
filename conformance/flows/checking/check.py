"""All rules over all flows of an export, in one generation or both."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from conformance.flows.bundle import Bundle
from conformance.flows.checking.finding import Finding, Hit, Rule, Severity, kind_of
from conformance.flows.checking.reading import Reading, read
from conformance.flows.checking.table import ALWAYS, RULES
from fakes.rapidpro.flows.engine import FlowStore, Refused
from fakes.rapidpro.versions.engines import ENGINES
from fakes.rapidpro.versions.generation import Generation

GENERATIONS: tuple[Generation, ...] = ("new", "9")
_ORDER = {severity: number for number, severity in enumerate(Severity)}


def check(
    bundle: Bundle, generations: Sequence[Generation], known: Mapping[str, str] | None, ignored: Collection[str] = ()
) -> list[Finding]:
    """What the rules find, the worst first. `known`: the values of globals, or None; `ignored`: ids of rules."""
    found: dict[tuple[object, ...], Finding] = {}
    for generation in generations:
        for finding in _in_generation(bundle, generation, known, ignored):
            key = (finding.rule.id, finding.flow, finding.node, finding.action, finding.detail)
            earlier = found.get(key)
            others = () if earlier is None else earlier.generations
            found[key] = replace(finding, generations=(*others, generation))
    return sorted(found.values(), key=lambda one: _ORDER[one.rule.severity])


def generations_for(bundle: Bundle) -> tuple[Generation, ...]:
    """Both, but `new` only for an export of a specification that `9` cannot read."""
    newest = max((_major(one.get("spec_version")) for one in bundle.flows), default=0)
    return GENERATIONS if newest <= ENGINES["9"].newest_major else ("new",)


def _major(version: object) -> int:
    digits = str(version or "").partition(".")[0].lstrip("v")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 6 else 0


def _in_generation(
    bundle: Bundle, generation: Generation, known: Mapping[str, str] | None, ignored: Collection[str]
) -> Iterator[Finding]:
    try:
        flows = FlowStore(bundle.flows, ENGINES[generation])
    except Refused as refusal:
        if "refused" not in ignored:
            yield Finding(RULES[0], bundle.path, "", f"all flows are refused because {refusal}", (generation,))
        return
    for uuid in flows.uuids():
        reading = read(bundle, flows, uuid, known)
        for rule in RULES:
            if rule.id not in ignored and (rule.id in ALWAYS or not reading.refusal):
                yield from (_finding(rule, hit, reading) for hit in _once(rule.find(reading)))


def _once(hits: Iterator[Hit]) -> Iterator[Hit]:
    """Each subject, and each place with its detail, once."""
    seen: set[object] = set()
    for hit in hits:
        node, action = hit.node, hit.action
        key: object = hit.subject or (node and node.uuid, action and action.uuid, hit.detail)
        if key not in seen:
            seen.add(key)
            yield hit


def _finding(rule: Rule, hit: Hit, reading: Reading) -> Finding:
    node, action = hit.node, hit.action
    return Finding(
        rule=rule,
        file=reading.bundle.path,
        flow=reading.bundle.name_of(reading.uuid),
        detail=hit.detail,
        generations=(reading.generation,),
        node="" if node is None else node.uuid,
        kind="" if node is None else kind_of(node),
        action="" if action is None else action.uuid,
        action_type="" if action is None else action.type,
    )
