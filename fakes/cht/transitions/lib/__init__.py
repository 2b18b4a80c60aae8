"""What transitions share: the change they work on, which of them run, schedules, short ids, validations."""
