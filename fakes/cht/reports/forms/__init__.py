"""Parsing reports from texts: the form of a text, and its fields (cht-core `api/src/services/report`)."""
