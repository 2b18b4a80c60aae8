"""Flows: importing and running them, the built-in one; `expressions` evaluates expressions, `engine` runs sessions."""
