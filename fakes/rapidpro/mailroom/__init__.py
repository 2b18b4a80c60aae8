"""Mailroom: turns broadcasts, flow starts and incoming texts into messages.

`courier` sends messages to phones; `flows` holds what a flow does.
"""
