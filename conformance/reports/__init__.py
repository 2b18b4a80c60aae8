"""The reports of runs: of one subject, or of several side by side; as JSON and on a terminal."""
