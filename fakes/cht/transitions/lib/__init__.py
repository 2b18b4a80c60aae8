"""Shared code of the transitions: the change, loading, schedules, short ids, conditions, validations."""
