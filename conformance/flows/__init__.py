"""Exported RapidPro flows: read from files, and judged."""
