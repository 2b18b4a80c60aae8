"""The refusal of a flow or of an input."""

from __future__ import annotations


class Refused(ValueError):
    """A flow that the engine does not read; the text says why, and where."""


class NotAccepted(ValueError):
    """An input that a session does not accept; the session stays as it is."""
