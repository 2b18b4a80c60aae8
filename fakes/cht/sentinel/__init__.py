"""Sentinel, CHT's second process: transitions over every change, due scheduled tasks, the outbound queue."""
