"""CHT's part of the control API: seed, background passes, timers, documents, tasks, settings."""
