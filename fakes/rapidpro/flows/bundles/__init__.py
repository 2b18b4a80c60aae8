"""Bundles of flows as RapidPro exports them: reading, triggers, what the flows need, and the flows of a workspace."""
