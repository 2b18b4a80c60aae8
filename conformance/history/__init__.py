"""What happened in a world, as plain data: how it is gathered, and how it is shown to people."""
