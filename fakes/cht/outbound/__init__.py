"""Outbound push: sending what a mapping makes of a document to another service, and the queue of what failed."""
