"""Seeds of a fake CHT: loading a seed, sending its earlier requests, ready-made settings."""
