"""`python -m fakes flow`: whole conversations with exported flows, as JSON jobs."""
