"""The actions of flows. Each is a function of the action, the stretch and the run, by the action's type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from fakes.rapidpro.flows.engine.actions import contact, messages, resthooks, runs, services, webhooks
from fakes.rapidpro.flows.engine.definitions import Action
from fakes.rapidpro.flows.engine.state.session import Run
from fakes.rapidpro.flows.engine.work.stretch import Stretch

Execute = Callable[[Action, Stretch, Run], None]

ACTIONS: Mapping[str, Execute] = MappingProxyType(
    {
        "add_contact_groups": contact.add_contact_groups,
        "add_contact_urn": contact.add_contact_urn,
        "add_input_labels": services.add_input_labels,
        "call_classifier": services.call_classifier,
        "call_llm": services.call_llm,
        "call_resthook": resthooks.call_resthook,
        "call_webhook": webhooks.call_webhook,
        "enter_flow": runs.enter_flow,
        "open_ticket": services.open_ticket,
        "remove_contact_groups": contact.remove_contact_groups,
        "request_optin": services.request_optin,
        "send_broadcast": messages.send_broadcast,
        "send_email": services.send_email,
        "send_msg": messages.send_msg,
        "set_contact_channel": contact.set_contact_channel,
        "set_contact_field": contact.set_contact_field,
        "set_contact_language": contact.set_contact_language,
        "set_contact_name": contact.set_contact_name,
        "set_contact_status": contact.set_contact_status,
        "set_contact_timezone": contact.set_contact_timezone,
        "set_run_local": runs.set_run_local,
        "set_run_result": runs.set_run_result,
        "start_session": services.start_session,
        "transfer_airtime": services.transfer_airtime,
    }
)
"""All but `say_msg` and `play_audio`, which only voice flows may hold; those are not started here."""
