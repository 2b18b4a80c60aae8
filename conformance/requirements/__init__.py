"""The requirements, read from `conformance/requirements.toml`, and the known verdicts of the built-in subjects."""
