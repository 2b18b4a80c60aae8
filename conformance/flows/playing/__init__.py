"""Playing conversations: one person, one flow engine, virtual time, and an endpoint that answers as the file says."""
