"""Flows: `engine` runs them, `expressions` evaluates expressions, `jobs` runs whole conversations from lines of JSON.

The modules here belong to the built-in catch-all flow: its webhook call, templates, context and results.
"""
