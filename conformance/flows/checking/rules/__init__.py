"""The rules of `flow check`, by what they look at."""
