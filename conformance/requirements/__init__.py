"""The requirements from `conformance/requirements.toml`, and the known verdicts of the built-in subjects."""
