"""Flows: the webhook call, templates, the context of expressions, results; `expressions` evaluates expressions."""
