"""What a fake CHT starts with: reading a seed, the requests that came before it, ready-made settings."""
