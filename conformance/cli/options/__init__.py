"""Options that several commands share: which subject, running fakes, and the types of values."""
