"""Shapes: the traffic of a day as data, read from TOML, and the moments at which each text is sent."""
