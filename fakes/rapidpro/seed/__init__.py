"""What a fake RapidPro starts with: the built-in seed, and reading one that is given."""
