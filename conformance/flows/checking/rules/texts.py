"""What is in the body of a post, and whether expressions mean anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.flows.checking.expressions import top_levels
from conformance.flows.checking.finding import Hit, Rule, Severity
from conformance.flows.checking.graph import all_exits
from conformance.flows.checking.known_names import properties
from conformance.flows.checking.posts import Post, posts_in
from conformance.flows.checking.reading import Reading, results_of
from fakes.rapidpro.flows.engine.definitions import Exit, Node
from fakes.rapidpro.flows.expressions.functions import lookup

PLAIN = frozenset({"json", "object", "array", "text", "default", "if", "trim"})
"""Functions that leave `tel:` where it is, and an empty text empty."""
ABSORBING = frozenset({"default", "if", "is_error", "has_error"})


def tel_prefix(reading: Reading) -> Iterator[Hit]:
    """The number is posted as a URN."""
    for post in posts_in(reading):
        for mention in (one for value in post.value("from") for one in value.mentions):
            is_urn = mention.path in (("contact", "urn"), ("urns", "tel"), ("input", "urn"))
            if is_urn and set(mention.inside) <= PLAIN:
                yield Hit(f"from is {mention.text}, such as tel:+254712345678", post.node, post.action)


def not_escaped(reading: Reading) -> Iterator[Hit]:
    """A text is put between quotes as it is."""
    for post in posts_in(reading):
        for value in post.values:
            typed = [one for one in value.mentions if one.starts("input") or one.starts("results")]
            if value.raw and typed:
                yield Hit(f"{value.key} has {typed[0].text} between quotes", post.node, post.action, post.action.uuid)


def empty_content(reading: Reading) -> Iterator[Hit]:
    """A message without text is posted."""
    for post in posts_in(reading):
        mentions = [one for value in post.value("content") for one in value.mentions]
        bare = any(one.path == ("input", "text") and set(one.inside) <= PLAIN - ABSORBING for one in mentions)
        if bare and _is_reached_without_text(reading, post):
            yield Hit("content is @input.text, which is empty when only a picture was sent", post.node, post.action)


def no_input(reading: Reading) -> Iterator[Hit]:
    """The post can happen without any text having come in."""
    reached = [
        post
        for post in posts_in(reading)
        if post.mentions("input") and _is_reached_without_text(reading, post, over_waits=False)
    ]
    if reached and (reading.uuid in reading.bundle.triggered() or reading.uuid not in _entered(reading)):
        for post in reached:
            yield Hit("a start by hand, by the API or by a campaign reaches this call", post.node, post.action)


def _entered(reading: Reading) -> set[str]:
    """The flows that other flows of the export enter."""
    found: set[str] = set()
    for uuid in reading.flows.uuids():
        flow = reading.flows.find(uuid)
        for node in flow.nodes if flow is not None else ():
            found |= {str((one.values.get("flow") or {}).get("uuid")) for one in node.actions
                      if one.type == "enter_flow"}  # fmt: skip
    return found


def _is_reached_without_text(reading: Reading, post: Post, *, over_waits: bool = True) -> bool:
    """Whether a run comes to the post on ways where no test of the text was met."""

    def chosen(node: Node) -> Iterable[Exit]:
        router = node.router
        if router is not None and router.wait is not None and not over_waits:
            return ()
        asks = router is not None and any(
            mention.path[0] in ("input", "trigger") for mention in reading.mentions_of(router.operand)
        )
        if router is None or not asks:
            return all_exits(node)
        default = router.category(router.default_category)
        return [one for one in node.exits if default is not None and one.uuid == default.exit_uuid]

    return post.node.uuid in reading.graph.from_entry(chosen)


def bad_expression(reading: Reading) -> Iterator[Hit]:
    """An expression does not parse."""
    for used in reading.used:
        if used.expression.problem:
            yield Hit(f"{_short(used.expression.text)}: {used.expression.problem}", used.node, used.action)


def unknown_name(reading: Reading) -> Iterator[Hit]:
    """An expression has a name, property or function that the generation does not know."""
    known, tops = properties(reading.generation), top_levels(reading.generation)
    for used in reading.used:
        for name in sorted(used.expression.functions):
            if lookup(name, reading.flows.rules.generation) is None:
                yield Hit(f"{_short(used.expression.text)}: there is no function {name}", used.node, used.action)
        for mention in used.expression.mentions:
            first, *others = mention.path
            if first not in tops and lookup(first, reading.flows.rules.generation) is None:
                yield Hit(f"{_short(used.expression.text)}: there is no name {first!r}", used.node, used.action)
            elif others and first in known and others[0] not in known[first]:
                yield Hit(f"{_short(used.expression.text)}: {first} has no property {others[0]!r}",
                          used.node, used.action)  # fmt: skip


def result_never_set(reading: Reading) -> Iterator[Hit]:
    """A result is read that nothing saves."""
    children = _children_results(reading)
    for used, mention in reading.mentions():
        path, known = mention.path, reading.results
        if path[:2] == ("run", "results"):
            path = path[1:]
        elif path[:2] == ("child", "results"):
            path, known = path[1:], children if children is not None else frozenset(path[2:3])
        if path[0] == "results" and len(path) > 1 and path[1] not in known:
            yield Hit(f"{mention.text} is read, and nothing saves it", used.node, used.action, mention.text)


def _children_results(reading: Reading) -> frozenset[str] | None:
    """The results of all flows that this one enters; None if one of them is not known."""
    found: frozenset[str] = frozenset()
    for _, action in reading.actions("enter_flow"):
        flow = reading.flows.find(str((action.values.get("flow") or {}).get("uuid")))
        if flow is None:
            return None
        found |= results_of(flow)
    return found


def _short(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= 80 else shown[:77] + "..."


RULES = (
    Rule("tel-prefix", "The number is posted with tel: in front", Severity.WARNING,
         "CHT expects the bare number. What it cannot read as a number is stored as it is: no contact is found, and "
         "replies go to an address that RapidPro refuses.",
         'Write @(replace(contact.urn, "tel:", "")) or @(urn_parts(contact.urn).path).', tel_prefix),
    Rule("body-not-escaped", "A text is put into JSON as it is", Severity.ERROR,
         "A quote, a line break or a backslash in the text breaks the JSON: CHT answers 500, and the text is lost.",
         'Let the engine write the JSON: @(json(object("id", run.uuid, ...))).', not_escaped),
    Rule("empty-content", "A message without text is posted", Severity.WARNING,
         "CHT answers 400 to an empty content; the flow takes the way of Failure for a message that CHT never takes.",
         "Before the call split on @input.text with has_text, and end or answer on Other.", empty_content),
    Rule("no-input", "A start without a message reaches the post", Severity.WARNING,
         "Then @input is null, the whole body is empty, and the call is made all the same: CHT answers 400. The "
         "simulator of the flow editor starts flows in this way.",
         "Before the call split on @input.text with has_text, and end on Other.", no_input),
    Rule("bad-expression", "An expression does not parse", Severity.ERROR,
         "It always fails and writes nothing; a body that is one expression is empty.",
         "Mend the expression; `python -m fakes eval` evaluates expressions.", bad_expression),
    Rule("unknown-name", "An expression has a name or function that does not exist", Severity.ERROR,
         "It always fails and writes nothing; a body that is one expression is empty.",
         "Correct the name; docs of RapidPro list the names and functions of expressions.", unknown_name),
    Rule("result-never-set", "A result is read that nothing saves", Severity.WARNING,
         "The expression fails; a split on it always takes the way of Other.",
         "Save the result under that name before, or correct the name: `Relay Retry` is @results.relay_retry.",
         result_never_set),
)  # fmt: skip
"""In the order of docs/flow-rules.md."""
