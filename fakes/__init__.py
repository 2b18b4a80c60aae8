"""Stand-ins for everything around a relay: RapidPro, CHT, and time.

State lives in memory and dies with the process. Nothing here imports the relay or the conformance suite.
"""
