"""Conversation files: what a person texts and what has to happen, in YAML or Gherkin, read into frozen data."""
