"""What a relay must do, in terms of people and texts."""
