"""What happened in a world, as plain data: how it is collected, and how it is summarised for people."""
