"""`relay-harness flow check`: what an export needs, and what in it will surprise."""
