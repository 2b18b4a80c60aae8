"""The evidence of a scenario: its steps, and what happened in order of time between phones, RapidPro, relay and CHT."""
