"""Careful relays that are not ours, and deeds of others: nobody is blamed wrongly."""
