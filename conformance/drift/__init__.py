"""Comparing a live RapidPro or CHT with the recordings: safe, read-only, with few requests."""
