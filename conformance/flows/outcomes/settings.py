"""The values of globals with which a flow reaches an endpoint."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from conformance.flows.checking.expressions import mentions_in
from conformance.flows.checking.posts import Post, posts_in
from conformance.flows.checking.reading import Reading
from conformance.flows.outcomes.endpoints import BASIC, PATHS, Endpoint

_LEADING = re.compile(r"@(?:\(\s*globals\.(\w+)\s*\)|globals\.(\w+))([^@]*)\Z", re.IGNORECASE)


def fitting_globals(reading: Reading, endpoint: Endpoint) -> dict[str, str]:
    """A value for each global that stands for an address or a secret; "" for all others."""
    found = {mention.path[1]: "" for _, mention in reading.mentions() if mention.path[0] == "globals"
             and len(mention.path) > 1}  # fmt: skip
    for post in posts_in(reading):
        found.update(_address(post, endpoint))
        found.update(_secret(post, reading, endpoint))
    return {**found, **(reading.globals or {})}


def written_token(reading: Reading) -> str:
    """The token that is written in the flow itself; "" if it comes from a global."""
    for post in posts_in(reading):
        value = post.headers.get("authorization", "")
        if value.startswith("Token ") and "@" not in value:
            return value.removeprefix("Token ").strip()
    return ""


def _address(post: Post, endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    match = _LEADING.match(post.action.text("url").strip())
    if match is not None:
        path, rest = PATHS[post.endpoint], match[3]
        yield (match[1] or match[2]).lower(), endpoint.base + (path.removesuffix(rest) if rest else path)


def _secret(post: Post, reading: Reading, endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    headers: Mapping[str, str] = post.action.values.get("headers") or {}
    written = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
    names = [one.path[1] for one in mentions_in(written, reading.generation) if one.starts("globals")]
    secret, scheme = (endpoint.secret, "Token ") if post.endpoint == "messages" else (BASIC, "Basic ")
    for name in names[:1]:
        yield name, secret if " " in written.strip() else scheme + secret
