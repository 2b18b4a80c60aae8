"""Which nodes, exits and router cases conversations reached, and a picture of it."""
