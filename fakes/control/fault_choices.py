"""What can be planned as a fault: presets and effects, from the data of the command line and of docs/faults.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify

from fakes.faults.effect import Option
from fakes.faults.effects import EFFECTS
from fakes.faults.fault import FIELDS
from fakes.faults.presets import PRESETS


def fault_choices() -> Blueprint:
    """The routes `/presets` and `/effects`."""
    routes = Blueprint("fault choices", __name__)

    @routes.get("/presets")
    def presets() -> Response:
        """The presets: common faults by name. `channel`: the settings of RapidPro's channel that it changes.

        Answer: {"presets": [{"name", "sentence": what happens, "faults": [fault, ...], "channel": {setting: value}},
        ...]}
        """
        found = [
            {"name": name, "sentence": one.about, "faults": _plain(one.faults), "channel": _plain(one.channel)}
            for name, one in PRESETS.items()
        ]
        return jsonify(presets=found)

    @routes.get("/effects")
    def effects() -> Response:
        """The effects with the options that `with` takes, and the fields that every fault has.

        `acts`: whether the service acts on the request: never, before its reply is spoiled, or after the effect.
        `lasting`: a fault of it hits any number of requests unless `times` says otherwise.

        Answer: {"effects": [{"name", "about", "acts": "never", "before" or "after", "lasting": true or false,
        "options": [{"name", "type": "integer", "number", "text", "boolean", "path" or "any", "default", "about",
        "required": true or false, "choices": [text, ...], "at_least": number or null, "at_most": number or null},
        ...]}, ...], "fields": [as options, ...]}
        """
        found = [
            {
                "name": one.name,
                "about": one.about,
                "acts": one.acts,
                "lasting": one.lasting,
                "options": _options(one.options),
            }
            for one in EFFECTS.values()
        ]
        return jsonify(effects=found, fields=_options(FIELDS))

    return routes


def _options(options: Mapping[str, Option]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "type": one.kind,
            "default": one.default,
            "about": one.about,
            "required": one.required,
            "choices": list(one.choices),
            "at_least": one.at_least,
            "at_most": one.at_most,
        }
        for name, one in options.items()
    ]


def _plain(value: Any) -> Any:
    """The value without the read-only mappings that JSON does not know."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
