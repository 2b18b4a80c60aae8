"""Relays that know only the first page of what RapidPro or CHT has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from tests.broken.pieces import Between, Defect, answer, body_of, is_gateway, with_body
from tests.broken.relays import Broken, caught_by


def is_listing(method: str, url: str) -> bool:
    """Whether a call lists messages or broadcasts."""
    return method == "GET" and url.partition("?")[0].endswith(("/messages.json", "/broadcasts.json"))


class NeverFollowsNext(Between):
    """Takes the first page of each listing for all of it."""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        if not is_listing(method, url) or not response.ok:
            return response
        return answer(response, body={**response.json(), "next": None})


class LooksAtTheNewestBroadcastsOnly(Between):
    """Looks for a lost text on the first page of broadcasts."""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        if method != "GET" or not url.endswith("/broadcasts.json") or not response.ok:
            return response
        return answer(response, body={**response.json(), "next": None})


class KnowsTheNewestOnly(Between):
    """Looks for everything among the newest 250 of its kind."""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        if not is_listing(method, url) or not response.ok:
            return response
        newest = super().call(method, url, {**options, "params": None}).json()["results"]
        body = response.json()
        return answer(response, body={**body, "results": [row for row in body["results"] if row in newest]})


class FollowsForEver(Between):
    """Reads each listing to its end, however many pages that takes."""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        if not is_listing(method, url):
            return response
        rows: list[Any] = []
        while response.ok and (body := response.json()).get("next"):
            rows += body["results"]
            response = super().call("GET", body["next"], {**options, "params": None})
        if not response.ok:
            return response
        return answer(response, body={**response.json(), "results": rows + response.json()["results"]})


class HandsOverTheFirst(Between):
    """Hands over to CHT only the first texts of a request, and forgets the rest."""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        body = body_of(options) if is_gateway(url) else {}
        if len(body.get("messages") or []) > 25:
            options = with_body(options, {**body, "messages": body["messages"][:25]})
        return super().call(method, url, options)


class ReportsTheFirst(Between):
    """Reports to CHT only the first states of a request, and forgets the rest."""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        body = body_of(options) if is_gateway(url) else {}
        if len(body.get("updates") or []) > 25:
            options = with_body(options, {**body, "updates": body["updates"][:25]})
        return super().call(method, url, options)


def relays_with_pages() -> Mapping[str, Broken]:
    """All of them by name."""
    return {
        "follows pages for ever": caught_by(Defect(FollowsForEver), "OPS-7"),
        "never follows next": caught_by(Defect(NeverFollowsNext), "OUT-9"),
        "looks at the newest broadcasts only": caught_by(Defect(LooksAtTheNewestBroadcastsOnly), "OUT-9"),
        "knows the newest 250 only": caught_by(Defect(KnowsTheNewestOnly), "STATE-1"),
        "reports the first 25 states only": caught_by(Defect(ReportsTheFirst), "STATE-1"),
        "hands over the first 25 texts only": caught_by(Defect(HandsOverTheFirst), "IN-6"),
    }
