"""Webhook calls: headers, addresses, and what is done when they fail."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from conformance.flows.checking.finding import Hit, Rule, Severity
from conformance.flows.checking.graph import all_exits
from conformance.flows.checking.posts import Endpoint, Post, filled, posts_in
from conformance.flows.checking.reading import Reading
from fakes.rapidpro.flows.engine.definitions import Action, Node, Router
from fakes.rapidpro.flows.engine.result_keys import key_of

SCHEMES: Mapping[Endpoint, str] = MappingProxyType({"messages": "Token ", "gateway": "Basic ", "records": "Basic "})
"""What the Authorization header begins with, by endpoint of CHT."""
ANSWER = frozenset({"status", "headers", "json"})
"""What `@webhook` has in `new`; in `9` it is the JSON of the answer itself."""


def no_content_type(reading: Reading) -> Iterator[Hit]:
    """CHT is not told that the body is JSON."""
    for post in posts_in(reading):
        found = post.headers.get("content-type", "")
        if "@" not in found and found.split(";")[0].strip().lower() != "application/json":
            words = f"Content-Type is {found!r}" if found else "there is no header Content-Type"
            yield Hit(words, post.node, post.action)


def no_authorization(reading: Reading) -> Iterator[Hit]:
    """CHT is not told who calls."""
    for post in posts_in(reading):
        if not post.headers.get("authorization", "").strip() and not _has_user(post):
            yield Hit("there is no header Authorization", post.node, post.action)


def _has_user(post: Post) -> bool:
    """Whether user and password are, or may be, in the address: the engine makes Basic authorization of them."""
    host = post.url.partition("://")[2].split("/")[0]
    return post.endpoint != "messages" and (post.url.startswith("@") or "@" in host)


def wrong_scheme(reading: Reading) -> Iterator[Hit]:
    """The header has another scheme than the endpoint takes."""
    for post in posts_in(reading):
        scheme, found = SCHEMES[post.endpoint], post.headers.get("authorization", "").strip()
        if not found or found.startswith("@"):
            continue
        if not found.startswith(scheme) or not found.removeprefix(scheme).strip():
            shown = found.split("@")[0].split(" ")[0]
            yield Hit(f"Authorization begins with {shown!r}, and this endpoint takes {scheme!r} and a secret",
                      post.node, post.action)  # fmt: skip


def no_accept(reading: Reading) -> Iterator[Hit]:
    """CHT is not told that JSON is expected."""
    for post in posts_in(reading):
        found = post.headers.get("accept", "")
        if "@" not in found and not found.lower().startswith("application/json"):
            words = f"Accept is {found!r}" if found else "there is no header Accept"
            yield Hit(words, post.node, post.action)


def plain_http(reading: Reading) -> Iterator[Hit]:
    """The address is not https."""
    for node, action in reading.actions("call_webhook"):
        url = filled(action.text("url"), reading)
        if url.lower().startswith("http://") and action.text("method") != "GET" and not _is_local(url):
            yield Hit(f"{action.text('method')} to {url.split('?')[0].split('@')[0]}", node, action)


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname if "[" not in url else None
    try:
        return not host or ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or "." not in str(host)


def no_failure_branch(reading: Reading) -> Iterator[Hit]:
    """Nothing differs whether the call failed or not."""
    for node, action in reading.actions("call_webhook"):
        router = node.router
        if router is not None and _reads_call(reading, router, action):
            places = {one.destination for one in all_exits(node)}
            if len(places) == 1:
                yield Hit("success and failure lead to the same place", node, action)
        elif not _asked_later(reading, node, action):
            yield Hit("nothing asks whether the call succeeded", node, action)


def _asked_later(reading: Reading, node: Node, action: Action) -> bool:
    """Whether a router behind the call, or an expression anywhere, looks at what became of it."""
    behind = reading.graph.behind(node) | {node.uuid}
    return any(used.node.uuid in behind and _is_of_call(mention.path, action) for used, mention in reading.mentions())


def _reads_call(reading: Reading, router: Router, action: Action) -> bool:
    if router.wait is not None:
        return False
    return any(_is_of_call(mention.path, action) for mention in reading.mentions_of(router.operand))


def _is_of_call(path: tuple[str, ...], action: Action) -> bool:
    key = key_of(action.text("result_name"))
    return path[0] in ("webhook", "legacy_extra") or bool(key and path[:2] == ("results", key))


def answer_not_read(reading: Reading) -> Iterator[Hit]:
    """Any answer with 2xx counts as success, whatever it says."""
    for post in posts_in(reading):
        key = key_of(post.action.text("result_name"))
        read = any(
            (path[0] == "webhook" and path[1:2] not in ((), ("status",), ("headers",)))
            or path[:3] == ("results", key, "extra")
            for _, mention in reading.mentions() for path in (mention.path,)
        )  # fmt: skip
        if post.endpoint == "messages" and not read:
            yield Hit("nothing looks for `saved` in the answer", post.node, post.action)


def wrong_shape(reading: Reading) -> Iterator[Hit]:
    """`@webhook` is read as the other generation has it."""
    new = reading.generation == "new"
    for used, mention in reading.mentions():
        path = mention.path
        if path[0] == "webhook" and len(path) > 1 and (path[1] in ANSWER) != new:
            words = "has status, headers and json" if new else "is the JSON of the answer itself"
            yield Hit(f"{mention.text} is read, and in {reading.generation} @webhook {words}",
                      used.node, used.action, mention.text)  # fmt: skip


RULES = (
    Rule("no-content-type", "A text is posted without Content-Type: application/json", Severity.ERROR,
         "CHT reads a body only if its type is application/json: it sees no body and answers 400.",
         "Add the header Content-Type: application/json.", no_content_type),
    Rule("no-authorization", "A text is posted without Authorization", Severity.ERROR,
         "CHT answers 403 or 401, and the text is lost.",
         "Add the header Authorization: `Token @globals.NAME` for incoming-messages, Basic for /api/sms and records.",
         no_authorization),
    Rule("wrong-authorization", "The scheme of Authorization is not the endpoint's", Severity.ERROR,
         "CHT compares the scheme exactly (`token` is not `Token`) and answers 403 or 401: the text is lost.",
         "Write `Token `, a blank, and the key for incoming-messages; Basic for /api/sms and records.", wrong_scheme),
    Rule("no-accept", "A text is posted without Accept: application/json", Severity.WARNING,
         "While CHT starts up, it answers 200 with a page to whoever does not ask for JSON: the flow takes that for "
         "success, and the text is lost. The reasons of errors come as plain text that @webhook cannot read.",
         "Add the header Accept: application/json.", no_accept),
    Rule("plain-http", "A call with a body goes to http://", Severity.WARNING,
         "If the server redirects to https, the engine follows with GET and without the body: nothing is delivered, "
         "and a page with 200 behind the redirect counts as success. The secret crosses the network in the clear.",
         "Write https:// in the flow or in the global.", plain_http),
    Rule("no-failure-branch", "Nothing is done when a webhook call fails", Severity.WARNING,
         "When CHT answers 400 or 500, or not at all, nobody is told and nothing is kept.",
         "Split on the result of the call, and tell the person or an administrator on the way of Failure.",
         no_failure_branch),
    Rule("answer-not-read", "The answer to a post is not read", Severity.NOTE,
         "A page with 200 of a proxy, of a login, or behind a redirect counts as success, and the text is lost. CHT "
         "says what it stored: {\"saved\": 1}.",
         "Behind Success split on @(default(results.NAME.extra.saved, 0)) with has_number_eq 1.", answer_not_read),
    Rule("wrong-webhook-shape", "@webhook is read as the other generation has it", Severity.WARNING,
         "The expression fails: a split on it always takes the way of Other or Failure.",
         "For both generations: split on @results.NAME.category of the call in a 13.2 definition, which newer ones "
         "rewrite when they import it.", wrong_shape),
)  # fmt: skip
"""In the order of docs/flow-rules.md."""
