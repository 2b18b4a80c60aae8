"""Webhook calls: one exchange as plain data, and the client that redirects and repeats."""
