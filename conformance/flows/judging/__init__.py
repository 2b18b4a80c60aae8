"""Judging conversations: what was expected, what was seen, and where they differ."""
