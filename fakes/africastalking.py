"""A small fake of Africa's Talking for senders of texts: `POST /version1/messaging`, and delivery reports.

Its formats follow the documentation (developers.africastalking.com, sending bulk SMS) and reports of users; there are
no recordings of it. It supports one recipient per call, since CHT sends no more, and neither costs nor sender ids.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode

from fakes.serving.wsgi import Environ, Reply, StartResponse, read_body

PATH = "/version1/messaging"
BODY_LIMIT = 1024 * 1024
STATUS_NAMES: Mapping[int, str] = MappingProxyType(
    {
        100: "Success",
        101: "Success",
        102: "Success",
        401: "RiskHold",
        402: "InvalidSenderId",
        403: "InvalidPhoneNumber",
        404: "UnsupportedNumberType",
        405: "InsufficientBalance",
        406: "UserInBlacklist",
        407: "CouldNotRoute",
        500: "InternalServerError",
        501: "GatewayError",
        502: "RejectedByGateway",
    }
)
"""The status of a recipient by its status code."""


@dataclass(frozen=True, slots=True)
class Text:
    """An accepted text."""

    id: str
    sender: str | None
    to: str
    message: str


@dataclass
class AfricasTalking:
    """A WSGI app. `codes` maps phone numbers to status codes, 101 for all others; from 400 on, a text is rejected."""

    username: str
    key: str
    codes: dict[str, int] = field(default_factory=dict)
    texts: list[Text] = field(default_factory=list)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return self._answer(environ).to_wsgi(start_response)

    def report(self, text: Text, status: str, reason: str | None = None) -> str:
        """The form body of a delivery report about a text; `status` is for instance `Success` or `Failed`."""
        fields = {"id": text.id, "status": status, "phoneNumber": text.to, "networkCode": "63902"}
        return urlencode(fields | ({"failureReason": reason} if reason else {}))

    def _answer(self, environ: Environ) -> Reply:
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "POST":
            return _plain(404, "The resource could not be found")
        fields = dict(parse_qsl(read_body(environ, BODY_LIMIT).decode("utf-8", "replace"), keep_blank_values=True))
        if environ.get("HTTP_APIKEY") != self.key or fields.get("username") != self.username:
            return _plain(401, "The supplied authentication is invalid")
        missing = [name for name in ("to", "message") if not fields.get(name)]
        if missing:
            return _plain(400, f"Request is missing required form field '{missing[0]}'")
        return _json(201, self._accept(fields))

    def _accept(self, fields: Mapping[str, str]) -> object:
        code = self.codes.get(fields["to"], 101)
        accepted = code < 400
        text = Text(f"ATXid_{len(self.texts) + 1:032x}", fields.get("from"), fields["to"], fields["message"])
        if accepted:
            self.texts.append(text)
        recipient = {
            "statusCode": code,
            "number": text.to,
            "status": STATUS_NAMES[code],
            "cost": "KES 0.8000" if accepted else "0",
            "messageId": text.id if accepted else "None",
        }
        summary = f"Sent to {int(accepted)}/1 Total Cost: {recipient['cost']}"
        return {"SMSMessageData": {"Message": summary, "Recipients": [recipient]}}


def _plain(status: int, text: str) -> Reply:
    return Reply(status, (("Content-Type", "text/plain"),), text.encode())


def _json(status: int, value: object) -> Reply:
    return Reply(status, (("Content-Type", "application/json"),), json.dumps(value).encode())
