"""Fakes of everything around a relay: RapidPro, CHT, and time.

State lives in memory and ends with the process. Nothing here imports the relay or the conformance suite.
"""
