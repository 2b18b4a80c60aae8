"""What happened in a world, as plain data, and how it is collected."""
