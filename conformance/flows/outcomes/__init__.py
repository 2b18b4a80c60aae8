"""`relay-harness flow outcomes`: every way the endpoint can answer, what the person is told, and what CHT holds."""
