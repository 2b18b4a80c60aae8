"""Several worlds at a time: processes that play scenarios, and who tells them which."""
