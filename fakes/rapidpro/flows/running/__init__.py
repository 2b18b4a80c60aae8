"""Between the engine and the store: the workspace's flows, its rows as the engine sees them, webhook calls."""
