"""Running the features with a subject: the pytest plugin, the runner, the worlds of scenarios, crash runs."""
