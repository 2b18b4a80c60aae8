"""The workspace, the contact and the session that the engine works on, as plain data."""
