"""Options shared by several commands: the subject, running fakes, and the types of values."""
