"""The fields of every action that a flow may hold.

Source: the structures in goflow flows/actions; lengths are checked by `new` only.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fakes.rapidpro.flows.engine.checks import Field
from fakes.rapidpro.versions.engines import EngineRules

ANYWHERE = frozenset({"messaging", "messaging_background", "messaging_offline", "voice"})
ONLINE = frozenset({"messaging", "messaging_background", "voice"})
INTERACTIVE = frozenset({"messaging", "messaging_offline", "voice"})
VOICE = frozenset({"voice"})

_UUID = Field("uuid", needed=True, check="uuid")
_NAME = Field("name", most=64)
_REFERENCE = (_UUID, _NAME)
_VARIABLE = (Field("uuid", check="uuid"), _NAME, Field("name_match", most=1000))
_GROUPS = Field("groups", "objects", needed=True, most=100, fields=_VARIABLE, exclusive=True)
_FLOW = Field("flow", "object", needed=True, fields=_REFERENCE)
_RESULT = Field("result_name", check="result_name", most=64)
_BASE = (
    Field("type", needed=True, part="baseAction"),
    Field("uuid", needed=True, check="uuid", part="baseAction"),
)
_MESSAGE = (
    Field("text", needed=True, most=10_000, part="createMsgAction"),
    Field("attachments", "texts", check="attachment", most=10, each_most=8192, part="createMsgAction"),
    Field("quick_replies", "texts", most=10, each_most=1000, part="createMsgAction"),
    Field("template", "object", fields=(_UUID, Field("name", most=512)), part="createMsgAction"),
    Field("template_variables", "texts", most=100, each_most=10_000, part="createMsgAction"),
)
_OTHERS = (
    Field("groups", "objects", most=100, fields=_VARIABLE, exclusive=True, part="otherContactsAction"),
    Field("contacts", "objects", most=100, fields=(_UUID, Field("name", most=128)), part="otherContactsAction"),
    Field("contact_query", most=10_000, part="otherContactsAction"),
    Field("urns", "texts", most=100, part="otherContactsAction"),
    Field("legacy_vars", "texts", most=100, each_most=1000, part="otherContactsAction"),
)
_LABELS = Field("labels", "objects", needed=True, most=100, fields=_VARIABLE, exclusive=True)
_REMOVED = Field("groups", "objects", fields=_VARIABLE, exclusive=True)

SHARED: Mapping[str, tuple[Field, ...]] = MappingProxyType({
    "add_contact_groups": (_GROUPS,),
    "add_contact_urn": (Field("scheme", check="scheme"), Field("path", needed=True, most=1000)),
    "add_input_labels": (_LABELS,),
    "call_classifier": (Field("input", needed=True, most=10_000), Field("result_name", needed=True, most=64)),
    "call_resthook": (Field("resthook", needed=True, most=1000), _RESULT),
    "call_webhook": (
        Field("method", needed=True, check="method"),
        Field("url", needed=True, most=8192),
        Field("headers", "named texts", most=10, each_most=5000),
        Field("body", most=20_000),
        _RESULT,
    ),
    "enter_flow": (_FLOW, Field("terminal", "flag")),
    "open_ticket": (
        Field("topic", "object", fields=_REFERENCE),
        Field("assignee", "object", fields=(Field("uuid", check="uuid"), Field("name", most=320), Field("email"))),
        Field("note", most=10_000),
    ),
    "play_audio": (Field("audio_url", needed=True),),
    "remove_contact_groups": (_REMOVED, Field("all_groups", "flag")),
    "request_optin": (Field("optin", "object", needed=True, fields=_REFERENCE),),
    "say_msg": (Field("text", needed=True), Field("audio_url")),
    "send_broadcast": (*_OTHERS, *_MESSAGE),
    "send_email": (
        Field("addresses", "texts", needed=True, least=1, each_most=1000),
        Field("subject", needed=True, most=1000),
        Field("body", needed=True, most=10_000),
    ),
    "send_msg": _MESSAGE,
    "set_contact_channel": (Field("channel", "object", fields=_REFERENCE),),
    "set_contact_field": (
        Field("field", "object", needed=True, fields=(Field("key", needed=True, most=64), _NAME)),
        Field("value", most=10_000),
    ),
    "set_contact_language": (Field("language", most=1000),),
    "set_contact_name": (Field("name", most=1000),),
    "set_contact_status": (Field("status", check="status"),),
    "set_contact_timezone": (Field("timezone", most=1000),),
    "set_run_result": (
        Field("name", needed=True, check="result_name", most=64),
        Field("value", most=10_000),
        Field("category", check="result_category", most=64),
    ),
    "start_session": (*_OTHERS, _FLOW, Field("exclusions", "any"), Field("create_contact", "flag")),
    "transfer_airtime": (Field("amounts", "any", needed=True),),
})  # fmt: skip

NEW: Mapping[str, tuple[Field, ...]] = MappingProxyType({
    "call_llm": (
        Field("llm", "object", needed=True, fields=_REFERENCE),
        Field("instructions", needed=True, most=10_000),
        Field("input", most=10_000),
        Field("output_local", needed=True, check="local"),
    ),
    "set_run_local": (
        Field("local", needed=True, check="local"),
        Field("value", most=1000),
        Field("operation", needed=True, check="operation"),
    ),
})  # fmt: skip

OLD: Mapping[str, tuple[Field, ...]] = MappingProxyType({
    "call_classifier": (
        Field("classifier", "object", needed=True, fields=_REFERENCE),
        Field("input", needed=True),
        Field("result_name", needed=True),
    ),
    "open_ticket": (
        Field("topic", "object", fields=_REFERENCE),
        Field("body"),
        Field("assignee", "object", fields=(Field("email"), Field("email_match"), Field("name"))),
        Field("result_name", needed=True),
    ),
    "send_msg": (
        *_MESSAGE[:3],
        Field("all_urns", "flag"),
        Field("templating", "object", fields=(
            _UUID,
            Field("template", "object", needed=True, fields=_REFERENCE),
            Field("variables", "texts"),
        )),
        Field("topic"),
    ),
    "transfer_airtime": (Field("amounts", "any", needed=True), Field("result_name", needed=True)),
})  # fmt: skip

_ALLOWED: Mapping[str, frozenset[str]] = MappingProxyType({
    **dict.fromkeys(("say_msg", "play_audio"), VOICE),
    **dict.fromkeys(("add_input_labels",), INTERACTIVE),
    **dict.fromkeys(
        (
            "call_classifier", "call_llm", "call_resthook", "call_webhook", "open_ticket", "request_optin",
            "send_broadcast", "send_email", "set_contact_channel", "start_session", "transfer_airtime",
        ),
        ONLINE,
    ),
})  # fmt: skip


def fields_of(action_type: str, rules: EngineRules) -> tuple[Field, ...] | None:
    """The fields of an action of that type, type and uuid first; None for an unknown type."""
    own = (NEW if rules.is_new else OLD).get(action_type) or SHARED.get(action_type)
    return None if own is None else (*_BASE, *own)


def allowed_in(action_type: str) -> frozenset[str]:
    """The types of flows that may hold the action."""
    return _ALLOWED.get(action_type, ANYWHERE)
