"""The reports of runs: of one subject, or of several side by side."""
