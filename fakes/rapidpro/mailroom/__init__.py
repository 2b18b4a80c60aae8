"""Mailroom: broadcasts, flow starts and incoming texts become messages.

How a message travels from there to a phone is `courier`; what a flow does is `flows`.
"""
