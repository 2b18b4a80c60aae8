"""What a run found: per scenario, per requirement, one subject or several side by side."""
