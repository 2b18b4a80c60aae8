"""Paths through a flow: waits, loops, nodes that no path leads to, posts that follow one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.flows.bundle import CATCH_ALL
from conformance.flows.checking.finding import Hit, Rule, Severity
from conformance.flows.checking.graph import all_exits
from conformance.flows.checking.posts import Post, posts_in
from conformance.flows.checking.reading import Reading, read
from fakes.rapidpro.flows.engine.definitions import Exit, Node
from fakes.rapidpro.flows.engine.result_keys import key_of

PAUSES = frozenset({"enter_flow"})
"""Actions that may wait for the person inside."""
COUNTING = frozenset({"set_run_result", "set_run_local", "set_contact_field"})


def is_wait(node: Node) -> bool:
    """Whether the run stops here for a text."""
    return node.router is not None and node.router.wait is not None


def one_id_for_many(reading: Reading) -> Iterator[Hit]:
    """Several texts of one run are posted with the run's UUID as id."""
    posts = [one for one in posts_in(reading) if _has_run_id(one)]
    for post in posts:
        before = [one for one in posts if _over_wait(reading, one.node, post.node)]
        others = [one for one in posts if _follows(reading, one, post) and _is_another(one, post)]
        if any(one.action.uuid == post.action.uuid for one in before):
            yield Hit("this call is made again after a wait, and the id is @run.uuid each time", post.node, post.action)
        elif before or others:
            yield Hit("an earlier call of the run had the same id, @run.uuid", post.node, post.action)


def retried(reading: Reading) -> Iterator[Hit]:
    """A post is repeated in the same stretch."""
    posts = [one for one in posts_in(reading) if _has_run_id(one)]
    for post in posts:
        again = any(_follows(reading, one, post) and not _is_another(one, post) for one in posts)
        if again and not _takes_400(reading, post):
            yield Hit("a call before this one, in the same run, may have been stored", post.node, post.action)


def _follows(reading: Reading, first: Post, second: Post) -> bool:
    """Whether the second call can be made after the first one without a wait between them."""
    if first.node is second.node:
        actions = [one.uuid for one in first.node.actions]
        if actions.index(first.action.uuid) < actions.index(second.action.uuid):
            return True
    return second.node.uuid in reading.graph.behind(first.node, _exits_but_of_waits)


def _is_another(first: Post, second: Post) -> bool:
    """Whether the same endpoint gets another body."""
    return first.url == second.url and first.action.text("body").strip() != second.action.text("body").strip()


def _takes_400(reading: Reading, post: Post) -> bool:
    """Whether a split behind the call asks for the status 400."""
    behind = reading.graph.behind(post.node, _exits_but_of_waits)
    key = key_of(post.action.text("result_name"))
    for node in (reading.graph.nodes[uuid] for uuid in behind | {post.node.uuid}):
        if node.router is not None and any("400" in case.arguments for case in node.router.cases):
            mentions = reading.mentions_of(node.router.operand)
            if any(one.path[0] == "webhook" or one.path[:2] == ("results", key) for one in mentions):
                return True
    return False


def _exits_but_of_waits(node: Node) -> Iterable[Exit]:
    return () if is_wait(node) else all_exits(node)


def _has_run_id(post: Post) -> bool:
    return any(mention.path == ("run", "uuid") for value in post.value("id") for mention in value.mentions)


def _over_wait(reading: Reading, first: Node, second: Node) -> bool:
    """Whether a way leads from one node to the other over a wait; that of the second node itself comes after it."""
    graph = reading.graph
    waits = [graph.nodes[uuid] for uuid in graph.behind(first) | {first.uuid} if is_wait(graph.nodes[uuid])]
    return any(second.uuid in graph.behind(one) for one in waits)


def swallowed(reading: Reading) -> Iterator[Hit]:
    """What is sent to a wait does not reach CHT."""
    posts = {one.node.uuid for one in posts_in(reading)}
    reached = reading.graph.from_entry()
    found = [
        node
        for node in reading.flow.nodes
        if is_wait(node)
        and node.uuid in reached
        and not posts & reading.graph.reachable(_behind_other(reading, node), _exits_but_of_waits)
    ]
    if found and _brings_texts(reading):
        for node in found:
            yield Hit("a text that is no answer to the question ends here", node)


def _behind_other(reading: Reading, node: Node) -> list[Node]:
    """The nodes behind the way of a text that no case takes."""
    router = node.router
    assert router is not None
    default = router.category(router.default_category)
    places = [one.destination for one in node.exits if default is not None and one.uuid == default.exit_uuid]
    return [reading.graph.nodes[one] for one in places if one in reading.graph.nodes]


def _brings_texts(reading: Reading) -> bool:
    """Whether any flow of the export brings texts to CHT."""
    others = (read(reading.bundle, reading.flows, uuid, reading.globals) for uuid in reading.flows.uuids())
    return any(not one.refusal and any(posts_in(one)) for one in others)


def endless_wait(reading: Reading) -> Iterator[Hit]:
    """A catch-all flow waits without a timeout."""
    if reading.uuid not in reading.bundle.triggered(CATCH_ALL):
        return
    entry = reading.graph.entry
    for node in reading.flow.nodes:
        first = node is entry and node.uuid not in reading.graph.behind(node)
        if is_wait(node) and node.router and node.router.wait and node.router.wait.seconds is None and not first:
            yield Hit("the wait has no timeout", node)


def expires_before(reading: Reading) -> Iterator[Hit]:
    """The timeout of a wait comes later than the flow's expiry."""
    flow = reading.flow
    for node in flow.nodes:
        wait = node.router.wait if node.router is not None else None
        if wait is None or wait.seconds is None or wait.seconds <= flow.expire_after.total_seconds():
            continue
        minutes = f"{wait.seconds / 60:g}"
        expiry = f"{flow.expire_after.total_seconds() / 60:g}"
        yield Hit(f"the wait times out after {minutes} minutes, and the flow expires after {expiry}", node)


def loop(reading: Reading) -> Iterator[Hit]:
    """A circle without any wait."""

    def passes(node: Node) -> bool:
        return not is_wait(node) and not any(one.type in PAUSES for one in node.actions)

    for circle in reading.graph.circles(passes):
        nodes = [one for one in reading.flow.nodes if one.uuid in circle]
        counts = any(action.type in COUNTING for node in nodes for action in node.actions)
        visits = any(used.node.uuid in circle and mention.path == ("node", "visit_count")
                     for used, mention in reading.mentions())  # fmt: skip
        if not counts and not visits:
            yield Hit(f"{len(nodes)} node{'s' * (len(nodes) > 1)} lead back here without a wait", nodes[0])


def unreachable(reading: Reading) -> Iterator[Hit]:
    """No way leads to a node."""
    reached = reading.graph.from_entry()
    for node in reading.flow.nodes:
        if node.uuid not in reached:
            yield Hit("no way leads here", node)


RULES = (
    Rule("run-uuid-repeated", "Several texts of one run are posted with @run.uuid as id", Severity.ERROR,
         "The UUID is the same for the whole run, over all waits: CHT stores the first text and answers 400 to the "
         "others.",
         "Post each text in a run of its own (a flow without waits), or use @input.uuid as id.", one_id_for_many),
    Rule("retry-with-one-id", "A post is repeated with the same id", Severity.NOTE,
         "If the first call was stored and only its answer was lost, CHT answers 400 to the second: the flow tells the "
         "person that it failed, although CHT has the text.",
         "After a repeated call split on its status, and take 400 for success.", retried),
    Rule("report-swallowed", "A wait swallows reports", Severity.WARNING,
         "While a run waits, the person's next text goes to the wait and not to the catch-all flow: a report that is "
         "sent then does not reach CHT.",
         "On the wait's way of Other post the text, or enter the flow that posts it.", swallowed),
    Rule("wait-without-timeout", "A catch-all flow waits without a timeout", Severity.WARNING,
         "The run holds the person until the flow expires, and takes whatever is sent next for an answer.",
         "Give the wait a timeout, and a short expiry to the flow.", endless_wait),
    Rule("timeout-after-expiry", "A wait's timeout is longer than the flow's expiry", Severity.WARNING,
         "The run expires first: the way of the timeout is never taken.",
         "Make the timeout shorter, or the expiry of the flow longer.", expires_before),
    Rule("loop-without-wait", "Nodes lead back to themselves without a wait", Severity.WARNING,
         "If nothing changes on the way, the run goes round until the engine's limit of steps ends it as failed; with "
         "a webhook in it the endpoint is called each time.",
         "Put a wait into the loop, or count the rounds and leave.", loop),
    Rule("unreachable-node", "No way leads to a node", Severity.WARNING, "It never runs.",
         "Connect it, or remove it.", unreachable),
)  # fmt: skip
"""In the order of docs/flow-rules.md."""
