"""The refusal of a flow or of an input, and the end of what would take too long."""

from __future__ import annotations


class Refused(ValueError):
    """A flow that the engine does not read; the text says why, and where."""


class NotAccepted(ValueError):
    """An input that a session does not accept; the session stays as it is."""


class TooMuch(RuntimeError):
    """So much happens in one stretch that it is broken off; the text says how much.

    The real engine has no such limit.
    """
