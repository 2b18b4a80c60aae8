"""A fake CHT and plain HTTP clients of it, without sockets."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from fakes.cht.service import Cht
from fakes.clock import VirtualClock
from fakes.serving.transport import WSGIAdapter

URL = "http://cht.test"
ADMIN = ("admin", "pass")
GATEWAY = ("gateway", "gateway-pass")


@dataclass
class Client:
    """A `requests` session in front of a fake CHT; `user` makes the calls."""

    cht: Cht
    clock: VirtualClock
    session: requests.Session
    user: tuple[str, str] | None = ADMIN

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        options.setdefault("auth", self.user)
        return self.session.request(method, URL + path, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.call("POST", path, **options)

    def put(self, path: str, **options: Any) -> requests.Response:
        return self.call("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return self.call("DELETE", path, **options)


def client(
    given: Mapping[str, Any] | None = None, user: tuple[str, str] | None = ADMIN, *, release: str = "5.2"
) -> Client:
    """A client of a fake CHT with the seed `given`, or with the built-in one."""
    clock = VirtualClock()
    cht = Cht(clock, session=requests.Session(), rng=random.Random(1), release=release)
    if given is not None:
        cht.seed(given)
    session = requests.Session()
    session.trust_env = False
    session.mount(URL, WSGIAdapter(cht))
    return Client(cht, clock, session, user)
