"""Cucumber messages: the run as Cucumber's own formatters read it, one JSON object a line."""
