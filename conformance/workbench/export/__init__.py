"""The session as a file to take away: a scenario to replay, a test with pytest, a report."""
