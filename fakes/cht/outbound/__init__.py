"""Outbound push: mapping a document to a payload, sending it to another service, the queue of failed pushes."""
