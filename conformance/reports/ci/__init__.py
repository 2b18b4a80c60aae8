"""Reports in the formats that CI systems and other tools read."""
