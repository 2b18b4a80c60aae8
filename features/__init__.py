"""What a relay must do, in the language of people and texts."""
