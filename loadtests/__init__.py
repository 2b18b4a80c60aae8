"""Load tests: people and CHT at the rates of a real day, judged by the same checks as the scenarios."""
