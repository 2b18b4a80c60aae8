"""Contacts: their types, and filling them into documents (lineage)."""
