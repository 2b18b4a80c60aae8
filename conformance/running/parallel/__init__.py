"""Several worlds at a time: processes that play scenarios, and the messages between them and the run."""
