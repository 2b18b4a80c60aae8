"""Running a session: the loop over nodes, routing, starting and resuming."""
