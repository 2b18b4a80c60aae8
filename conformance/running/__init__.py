"""Running the features with a subject: the pytest plugin, the runner, where worlds come from, crash runs."""
