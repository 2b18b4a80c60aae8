"""Relays that are misled by CHT's login page, to which CHT redirects a client whose password it does not accept.

Such a client ends with status 200 (cht-core `api/src/is-client-human.js`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from tests.broken.pieces import Between, Defect, answer, is_gateway

AS_A_PERSON: Mapping[str, str] = {"Accept": "*/*"}


class TakesLoginPageForSuccess(Between):
    """Follows redirects, prefers no JSON, and takes the page at the end, with status 200, for success."""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if not is_gateway(url):
            return super().call(method, url, options)
        headers = {**(options.get("headers") or {}), **AS_A_PERSON}
        response = super().call(method, url, {**options, "headers": headers, "allow_redirects": True})
        redirected = bool(response.history) and response.status_code == 200
        return answer(response, 200, {"messages": []}) if redirected else response


TAKES_LOGIN_PAGE_FOR_SUCCESS = Defect(TakesLoginPageForSuccess)
