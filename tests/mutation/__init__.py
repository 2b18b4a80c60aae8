"""Mutation testing: mutmut changes the decisions one by one, and the unit tests must notice (docs/mutants.md)."""
