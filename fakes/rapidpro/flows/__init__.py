"""Flows: `engine` runs them, `expressions` evaluates expressions, `jobs` runs whole conversations from lines of JSON.

`bundles` reads and keeps what is imported, `running` connects the engine with the store and with HTTP.
"""
